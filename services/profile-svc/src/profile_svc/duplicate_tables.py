"""The tables of duplicates: which proposals were turned down, and which records were merged.

In the same metadata as the people, under the same rule: ``person_id`` comes first in every primary key.
"""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from profile_svc.tables import Moment, metadata

# `person_id` is the smaller id of the two.
distinctions = Table(
    "distinctions",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("other_id", Uuid, primary_key=True),
    Column("organisation", Text, primary_key=True),
    Column("acting_user", Text),
    Column("at", Moment, nullable=False),
    Index("distinctions_other", "other_id"),
)

# `person_id` is the record that stayed, `merged_id` the one that became part of it.
merges = Table(
    "merges",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("merge_id", Uuid, primary_key=True),
    Column("merged_id", Uuid, nullable=False),
    # By which an importer knows the one that became part: the next import finds the person all the same.
    Column("external_ref", LargeBinary),
    Column("organisation", Text, nullable=False),
    Column("acting_user", Text, nullable=False),
    Column("merged_at", Moment, nullable=False),
    # Both records as they were, with what was sealed sealed: what undoing wants. Gone once that is not possible any more.
    Column("kept", JSONB(none_as_null=True)),
    Column("undone_at", Moment),
    Column("undone_by", Text),
    Index("merges_merged", "merged_id", unique=True, postgresql_where=text("undone_at IS NULL")),
    Index("merges_reference", "external_ref", postgresql_where=text("undone_at IS NULL AND external_ref IS NOT NULL")),
    Index("merges_undoable", "merged_at", postgresql_where=text("kept IS NOT NULL")),
)
