"""The table of proposals: what somebody wants to let more be seen by, and who confirmed it."""

from sqlalchemy import Boolean, Column, DateTime, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from gateway.tables import metadata

Moment = DateTime(timezone=True)

proposals = Table(
    "proposals",
    metadata,
    Column("proposal_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    # Who proposed it: by which client, and whether the issuer of a token vouches for the acting user.
    Column("organisation", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("acting_user", Text, nullable=False),
    Column("vouched", Boolean, nullable=False),
    Column("decision", Text, nullable=False),
    Column("proposed_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("wanted", JSONB, nullable=False),
    Column("comment", Text),
    Column("idempotency_key", Text),
    # Confirmed, or withdrawn.
    Column("settled_at", Moment),
    Column("settled_by", Text),
    Column("settled_decision", Text),
    Column("outcome", Text),
    UniqueConstraint("organisation", "idempotency_key"),
)
