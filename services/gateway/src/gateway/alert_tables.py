"""The tables of alerts: what organisations did by the hour, what of it was unusual, and who has been told.

Counts, and never a person.
"""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, SmallInteger, Table, Text, UniqueConstraint, Uuid, text

from gateway.tables import metadata

Moment = DateTime(timezone=True)

# How far the ledger has been counted: the leaf of the tree that comes next. One row.
activity_reached = Table(
    "activity_reached",
    metadata,
    Column("one", SmallInteger, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

activity = Table(
    "activity",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("hour", Moment, primary_key=True),
    Column("entries", BigInteger, nullable=False),
    Column("people", BigInteger, nullable=False),
    Column("denied", BigInteger, nullable=False),
    Column("forbidden", BigInteger, nullable=False),
    Column("emergencies", BigInteger, nullable=False),
    # Different people: counted when the hour is over, and for an hour that goes on where it could matter.
    Column("breadth", BigInteger),
    Index("activity_uncounted", "hour", postgresql_where=text("breadth IS NULL")),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("hour", Moment, nullable=False),
    Column("measure", Text, nullable=False),
    Column("measured", BigInteger, nullable=False),
    Column("threshold", BigInteger, nullable=False),
    Column("raised_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", Text),
    Column("acting_user", Text),
    Column("comment", Text),
    # Of the webhook: when it is tried next (never again, where this is empty), how often it was, and when it got through.
    Column("try_at", Moment),
    Column("tries", Integer, nullable=False),
    Column("delivered_at", Moment),
    UniqueConstraint("rule", "organisation", "hour"),
    Index("alerts_to_deliver", "try_at", postgresql_where=text("try_at IS NOT NULL")),
)
