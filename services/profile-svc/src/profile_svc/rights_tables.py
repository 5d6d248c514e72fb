"""The tables of what people ask for themselves: corrections that they propose, restrictions, objections.

In the same metadata as the people, under the same rule: ``person_id`` comes first in every primary key.
"""

from sqlalchemy import Column, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from profile_svc.tables import Moment, metadata

corrections = Table(
    "corrections",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("correction_id", Uuid, primary_key=True),
    Column("attribute", Text, nullable=False),
    # Value and reason, under the person's key.
    Column("sealed", Text, nullable=False),
    Column("proposed_at", Moment, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_at", Moment),
    Column("decided_by", Text),
    Column("sealed_decision", Text),
    Index("corrections_open", "correction_id", postgresql_where=text("state = 'open'")),
)

# The fact ``restricted`` says whether one of them is live.
restrictions = Table(
    "restrictions",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("restriction_id", Uuid, primary_key=True),
    Column("ground", Text, nullable=False),
    Column("sealed", Text),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("until", Moment),
    # That it will end, and why: told to the person before it does (GDPR Art 18(3)).
    Column("announced_at", Moment),
    Column("announced_by", Text),
    Column("sealed_announcement", Text),
    Column("lifted_at", Moment),
    Column("lifted_by", Text),
    Index("restrictions_until", "until", postgresql_where=text("lifted_at IS NULL AND until IS NOT NULL")),
)

# The fact ``objections`` follows from these two.
objections = Table(
    "objections",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("objection_id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text),
    # Whom an objection to everybody meant on that day.
    Column("covers", ARRAY(Text), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    Index("objections_by_purpose", "purpose", "objection_id"),
)

# Never updated: an organisation's newest decision is what holds.
objection_decisions = Table(
    "objection_decisions",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("objection_id", Uuid, primary_key=True),
    Column("decision_id", Uuid, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("decided_at", Moment, nullable=False),
)
