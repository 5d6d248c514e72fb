"""The tables that erasing, forgetting in time and telling people of it need; in the same metadata as the people and the keys.

What is here of people is about those who are still there. Of who was erased there is nothing that could be read.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, Table, Text, Uuid, text

from profile_svc.tables import Moment, TransactionId, key_metadata, metadata

# What the log said of people who have been erased since, sealed under a key of the service: followers who are behind still
# have to learn that somebody is gone, and nothing here says who it was.
erased_changes = Table(
    "erased_changes",
    metadata,
    Column("change_id", Uuid, primary_key=True),
    Column("xid", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("sealed", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("erased_changes_in_order", "xid", "change_id"),
)

# How far the log was cut: its last line that is no more. One row at most.
pruned = Table(
    "pruned",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("xid", TransactionId, nullable=False),
    Column("change_id", Uuid, nullable=False),
)

# Who was told that their record ends, and when that will be.
retention_notices = Table(
    "retention_notices",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("told_at", Moment, nullable=False),
    Column("erased_from", Moment, nullable=False),
    Index("retention_notices_in_time", "erased_from", "person_id"),
)


def _journal_mark(of: MetaData) -> Table:
    """How far the journal of erasures was followed: one row, from the beginning on."""
    return Table(
        "journal_mark",
        of,
        Column("single", Boolean, primary_key=True, server_default=text("true")),
        Column("number", BigInteger, nullable=False),
        Column("mac", Text, nullable=False),
    )


journal_mark = _journal_mark(metadata)
key_journal_mark = _journal_mark(key_metadata)
