"""The tables of sign-ins: codes by which people link one, and whom each linked one stands for."""

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid, text

from gateway.tables import metadata

Moment = DateTime(timezone=True)

# The first step: an organisation has verified who somebody is. A code is used once.
sign_in_codes = Table(
    "sign_in_codes",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("code_id", Uuid, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("organisation", Text, nullable=False),
    Column("acting_user", Text),
    Column("verified_by", Text, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("used_at", Moment),
)

# The second: the person has shown the code with a token of a provider. Of the token's subject a keyed hash is kept.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("sign_in_id", Uuid, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("verified_by", Text, nullable=False),
    Column("linked_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Text),
    # Whom a token speaks for is one person.
    Index("sign_ins_live", "subject", unique=True, postgresql_where=text("ended_at IS NULL")),
)
