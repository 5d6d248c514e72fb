"""The tables of the vocabulary. No table of people, and none that names anybody."""

from sqlalchemy import TIMESTAMP, Boolean, Column, Float, Integer, PrimaryKeyConstraint, Table, Text, func

from matching_svc.tables import metadata

# There are no foreign keys between these: an import checks every reference before it writes, and nothing else writes here.

vocabulary_parts = Table(
    "vocabulary_parts",
    metadata,
    # concepts, relations and labels:<language>: what an import replaces as a whole, if its digest has changed
    Column("part", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("imported_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)

concepts = Table(
    "concepts",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", Text),
    Column("isco", Text),
    Column("reuse", Text),
    Column("regulated", Boolean),
    Column("rarity", Float(53)),
)

concept_labels = Table(
    "concept_labels",
    metadata,
    Column("language", Text, nullable=False),
    Column("place", Integer, nullable=False),  # in the order of the edition: by URI, the preferred label first
    Column("uri", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("language", "place"),
)

concept_relations = Table(
    "concept_relations",
    metadata,
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    PrimaryKeyConstraint("source", "kind", "target"),
)
