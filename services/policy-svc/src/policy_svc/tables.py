"""The database `policy`: the revisions that have decided. The migrations make what stands here."""

from sqlalchemy import Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

rulebook_revisions = Table(
    "rulebook_revisions",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", JSONB, nullable=False),  # the files' texts by path: enough to load the revision again
    Column("first_loaded_at", DateTime(timezone=True), nullable=False),
)
