"""The database `policy`: revisions of the rulebook, and when each began to decide. The migrations make what stands here."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Identity, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

rulebook_revisions = Table(
    "rulebook_revisions",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", JSONB, nullable=False),  # the files' texts by path: enough to load the revision again
    Column("first_loaded_at", DateTime(timezone=True), nullable=False),
)

rulebook_activations = Table(
    "rulebook_activations",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),  # the row with the highest is what decides
    Column("sha256", Text, ForeignKey("rulebook_revisions.sha256"), nullable=False),
    Column("activated_at", DateTime(timezone=True), nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("widened", Boolean, nullable=False),  # it opened something, and somebody said that it may
    Column("comment", Text),
    Column("returns_to", BigInteger, ForeignKey("rulebook_activations.number")),  # a rollback: whose state it restores
)
