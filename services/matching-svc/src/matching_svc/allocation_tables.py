"""Tables of allocations: the jobs, and what each proposes for whom."""

from sqlalchemy import TIMESTAMP, Boolean, Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, func
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB

from matching_svc.tables import metadata

allocations = Table(
    "allocations",
    metadata,
    Column("allocation_id", Text, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column(
        "asked", JSONB, nullable=False
    ),  # opportunities, attributes, conditions and options; whom it is about stands in the other table
    Column("state", Text, nullable=False, server_default="queued"),
    Column("stage", Text, nullable=False, server_default="waiting"),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("result", JSONB),
    Column("runner", Text),
    Column("lease_until", TIMESTAMP(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Unique("organisation", "idempotency_key", name="allocations_once"),
)
Index("allocations_by_state", allocations.c.state, allocations.c.created_at)

allocation_people = Table(
    "allocation_people",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("allocation_id", Text, ForeignKey("allocations.allocation_id", ondelete="CASCADE"), nullable=False),
    Column("party", Integer, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("wishes", JSONB),
    Column("arrived_at", TIMESTAMP(timezone=True)),
    Column("proposal", JSONB),
    Column("confirmed", JSONB),
    PrimaryKeyConstraint("person_id", "allocation_id"),
)
Index("allocation_people_by_allocation", allocation_people.c.allocation_id, allocation_people.c.person_id)
