"""The gateway's tables: clients, the ledger, emergency accesses and their reviews. To all but clients rows are only ever added;
of the ledger's pseudonyms some are forgotten."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
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
    # What stands in the place of a secret: public keys, where they are published, or who else makes the client's tokens.
    Column("jwks", Text),
    Column("jwks_uri", Text),
    Column("issuer", Text),
    # The secret and the keys before, which are good for a while after there are others.
    Column("earlier_secret_hash", LargeBinary),
    Column("earlier_until", DateTime(timezone=True)),
    Column("earlier_jwks", Text),
)

# Names of assertions that were used, as SHA-256, for as long as they could be used again.
client_assertions = Table(
    "client_assertions",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", LargeBinary, primary_key=True),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Index("client_assertions_ended", "ends_at"),
)

# By month of ``at``, as is ``ledger_people``; what comes while a month is missing lies in a partition for the rest.
ledger = Table(
    "ledger",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
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
    Column("salt", Text, nullable=False),
    Index("ledger_at", "at"),
    Index("ledger_decision", "decision"),
)

# The ledger knows people by pseudonyms. Who is erased is forgotten here; what was written of them stays as it was.
ledger_subjects = Table(
    "ledger_subjects",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("subject", Uuid, nullable=False, unique=True, server_default=text("gen_random_uuid()")),
)

ledger_people = Table(
    "ledger_people",
    metadata,
    Column("subject", Uuid, primary_key=True),
    # No foreign key: both tables are filled by one statement, and people may be spread over machines that entries are not on.
    Column("entry_id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("besides", ARRAY(Text)),
    # The emergency access that the entry rests on, as far as this person goes.
    Column("access_id", Uuid),
    Index("ledger_people_entry", "entry_id"),
)

# The tree: leaves in the order in which entries were committed, kept when an entry's month is over; and the complete subtrees
# of every eighth level, so that a proof needs no more than a few hundred hashes.
ledger_leaves = Table(
    "ledger_leaves",
    metadata,
    Column("position", BigInteger, primary_key=True),
    Column("entry_id", Uuid, nullable=False, unique=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)

ledger_nodes = Table(
    "ledger_nodes",
    metadata,
    Column("level", SmallInteger, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

# Signed heads, numbered as they were made; ``peaks`` is what the next one goes on from.
ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("peaks", ARRAY(LargeBinary), nullable=False),
    Column("jws", Text, nullable=False),
    Index("ledger_heads_size", "size"),
)

# Every public key that ever signed a head, so that old heads can be checked for as long as they are kept.
ledger_keys = Table(
    "ledger_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
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
