"""The tables of database ``matching``: opportunities, and the few features of people that the wall lets matching know."""

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

opportunities = Table(
    "opportunities",
    metadata,
    Column("opportunity_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("region", Text),
    Column("state", Text, nullable=False, server_default="open"),
    Column("doc", JSONB, nullable=False),  # a whole NewOpportunity; kind and region stand beside it for the indexes
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("state IN ('open', 'closed')", name="opportunities_state"),
)
Index("opportunities_by_kind", opportunities.c.kind, opportunities.c.state, opportunities.c.opportunity_id)
Index("opportunities_by_owner", opportunities.c.owner, opportunities.c.opportunity_id)
Index("opportunities_by_change", opportunities.c.kind, opportunities.c.updated_at)
Index(
    "opportunities_by_lesson",
    text("(doc -> 'teaches')"),
    postgresql_using="gin",
    postgresql_where=opportunities.c.state == "open",
)

features = Table(
    "features",
    metadata,
    # person_id is pairwise for this service and the purpose: two purposes' features cannot be joined, even here.
    Column("person_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("features", JSONB, nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("person_id", "purpose"),
)
Index("features_by_purpose", features.c.purpose)

feeds = Table(
    "feeds",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("cursor", Text),
    Column("complete", Boolean, nullable=False),  # whether the feed has been read to its end since it began anew
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("organisation", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("resource", Text, ForeignKey("opportunities.opportunity_id", deferrable=True, initially="DEFERRED"), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("organisation", "key"),
)
