"""The tables of merged people: internal ids alone, as everything about ids is the gateway's own."""

from sqlalchemy import BigInteger, Column, Index, SmallInteger, Table, Uuid

from gateway.tables import metadata

merged_people = Table(
    "merged_people",
    metadata,
    Column("part", Uuid, primary_key=True),
    Column("person", Uuid, nullable=False),
    Column("merge", Uuid, nullable=False),
    Index("merged_people_person", "person"),
)

merged_people_version = Table(
    "merged_people_version",
    metadata,
    Column("one", SmallInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
