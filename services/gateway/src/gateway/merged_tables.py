"""The tables of merged people: internal ids alone, as everything about ids is the gateway's own."""

from sqlalchemy import BigInteger, Column, DateTime, Index, SmallInteger, Table, Uuid

from gateway.tables import metadata

merged_people = Table(
    "merged_people",
    metadata,
    Column("part", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("merge", Uuid, nullable=False),
    Index("merged_people_person", "person"),
)

# Merges that are taken back, or were a little while ago.
separated_people = Table(
    "separated_people",
    metadata,
    Column("merge", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("separated_people_at", "at"),
)

merged_people_version = Table(
    "merged_people_version",
    metadata,
    Column("one", SmallInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
