"""Where likely duplicates meet in the blind index, and which proposals an organisation has turned down."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, lateral, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.duplicate_tables import distinctions
from profile_svc.indexing import MEETING
from profile_svc.store.selection import condition
from profile_svc.tables import lookups, persons
from stena.contracts.condition import Residual

MOST_IN_ONE_PLACE: Final = 50
"""Where more people than these meet, meeting says nothing: they are not held against each other, and the work stays linear."""

Pair = tuple[UUID, UUID]


async def people_after(connection: AsyncConnection, rows: Residual, after: UUID | None, most: int) -> Sequence[UUID]:
    """So many people in the order of their ids."""
    wanted = select(persons.c.person_id).where(condition(rows)).order_by(persons.c.person_id).limit(most)
    return list(await connection.scalars(wanted if after is None else wanted.where(persons.c.person_id > after)))


async def meeting(
    connection: AsyncConnection, rows: Residual, people: Sequence[UUID], organisation: str, *, later: bool
) -> Sequence[Pair]:
    """Each of ``people`` with everybody in ``rows`` whom they meet, but for pairs that the organisation knows to be two.

    ``later``: only with those who come after them in the order of ids, so that whoever walks through all meets a pair once.
    """
    mine = lookups.alias("mine")
    there = (
        select(lookups.c.person_id)
        .join(persons, persons.c.person_id == lookups.c.person_id)
        .where(lookups.c.attribute == mine.c.attribute, lookups.c.token == mine.c.token, condition(rows))
        .where(lookups.c.person_id > mine.c.person_id if later else lookups.c.person_id != mine.c.person_id)
        .limit(MOST_IN_ONE_PLACE + 1)
        .correlate(mine)
        .subquery("there")
    )
    counted = lateral(select(there.c.person_id, func.count().over().label("number"))).alias("other")
    wanted = (
        select(mine.c.person_id, counted.c.person_id)
        .join(counted, true())
        .where(mine.c.person_id.in_(people), mine.c.attribute.in_(MEETING), counted.c.number <= MOST_IN_ONE_PLACE)
        .where(~_told_apart(mine.c.person_id, counted.c.person_id, organisation))
        .distinct()
        .order_by(mine.c.person_id, counted.c.person_id)
    )
    return [(one, other) for one, other in await connection.execute(wanted)]


async def tell_apart(connection: AsyncConnection, pair: Pair, organisation: str, acting_user: str | None, at: datetime) -> None:
    """Remember that two records are two people's, for this organisation alone: what it knows is no other's to learn."""
    one, other = sorted(pair)
    row = {"person_id": one, "other_id": other, "organisation": organisation, "acting_user": acting_user, "at": at}
    await connection.execute(insert(distinctions).values(row).on_conflict_do_nothing())


async def are_there(connection: AsyncConnection, rows: Residual, people: Iterable[UUID]) -> bool:
    """Whether ``rows`` holds for each of these; they stay until the transaction ends."""
    wanted = set(people)
    found = select(persons.c.person_id).where(persons.c.person_id.in_(wanted), condition(rows)).with_for_update(read=True)
    return set(await connection.scalars(found)) == wanted


def _told_apart(one: ColumnElement[UUID], other: ColumnElement[UUID], organisation: str) -> ColumnElement[bool]:
    known = distinctions.c
    pairs = or_(and_(known.person_id == one, known.other_id == other), and_(known.person_id == other, known.other_id == one))
    return select(known.person_id).where(known.organisation == organisation, pairs).exists()
