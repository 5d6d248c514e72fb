"""The gateway's tables: clients; and the ledger, emergency accesses and their reviews, to which rows are only ever added."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    # Set for a data subject's own client: the person whom it speaks for.
    Column("person_id", Uuid),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

ledger = Table(
    "ledger",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("decision", Text),
    Column("organisation", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("acting_user", Text),
    Column("purpose", Text, nullable=False),
    Column("case_reference", Text),
    Column("justification", Text),
    Column("operation", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("rulebook", Text),
    Column("rules", ARRAY(Text), nullable=False),
    # What was disclosed of every person of the entry; what was disclosed of one of them besides stands in ledger_people.
    Column("attributes", ARRAY(Text), nullable=False),
    Column("withheld", Integer, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("people", BigInteger, nullable=False),
    Index("ledger_ends", "decision", postgresql_where=text("outcome IN ('done', 'failed', 'incident')")),
    Index("ledger_at", "at"),
)

ledger_people = Table(
    "ledger_people",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    # No foreign key: both tables are filled by one statement, and people may be spread over machines that entries are not on.
    Column("entry_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("besides", ARRAY(Text)),
    # The emergency access that the entry rests on, as far as this person goes.
    Column("access_id", Uuid),
)

emergency_accesses = Table(
    "emergency_accesses",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("access_id", Uuid, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("acting_user", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("justification", Text, nullable=False),
    # A digest of the justification: the same words of the same user open no second access to the same person.
    Column("statement", LargeBinary, nullable=False),
    Column("decision", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("person_id", "organisation", "purpose", "acting_user", "statement"),
    Index("emergency_accesses_in_order", "access_id"),
)

# One row for an access that was reviewed, and none for one that was not.
emergency_reviews = Table(
    "emergency_reviews",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("access_id", Uuid, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("reviewed_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_by", Text, nullable=False),
    Column("acting_user", Text),
    Column("decision", Text, nullable=False),
    Column("idempotency_key", Text),
)
