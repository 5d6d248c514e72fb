"""The gateway's tables: clients, and the ledger, to which rows are only ever added."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text, Uuid, text
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
)
