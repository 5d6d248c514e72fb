"""Which records are part of others, by internal ids. A version goes up with every change, so that looking costs little."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.merged_tables import merged_people, merged_people_version, separated_people
from stena.database import transaction
from stena.statements import spoken, statements

SEPARATING: Final = timedelta(minutes=2)
_VERSION: Final = spoken(select(merged_people_version.c.version))


@dataclass(frozen=True, slots=True)
class Part:
    """``part`` is part of ``person`` since the merge."""

    person: UUID
    part: UUID
    merge: UUID


async def add(engine: AsyncEngine, each: Part) -> None:
    row = insert(merged_people).values(asdict(each))
    async with transaction(engine) as connection:
        await _count_up(connection)
        await connection.execute(row.on_conflict_do_update(index_elements=["part"], set_=asdict(each)))


async def learn(engine: AsyncEngine, each: Part) -> bool:
    """Add what the source tells, and whether that was done: not while that very merge is taken back, which it may not know."""
    row = insert(merged_people).values(asdict(each))
    async with transaction(engine) as connection:
        await _count_up(connection)
        if await connection.scalar(select(separated_people).where(separated_people.c.merge == each.merge, ~_LONG_AGO)):
            return False
        await connection.execute(row.on_conflict_do_update(index_elements=["part"], set_=asdict(each)))
    return True


async def remove(engine: AsyncEngine, person: UUID, merge: UUID) -> UUID | None:
    """Who was part of ``person`` by this merge and is so no longer."""
    gone = delete(merged_people).where(merged_people.c.person == person, merged_people.c.merge == merge)
    now = insert(separated_people).values(merge=merge, at=func.clock_timestamp())
    async with transaction(engine) as connection:
        await _count_up(connection)
        await connection.execute(delete(separated_people).where(_LONG_AGO))
        await connection.execute(now.on_conflict_do_update(index_elements=["merge"], set_={"at": now.excluded.at}))
        part: UUID | None = await connection.scalar(gone.returning(merged_people.c.part))
    return part


async def drop(engine: AsyncEngine, gone: Collection[Part]) -> None:
    """Forget what these merges made one, should that still be what is noted."""
    async with transaction(engine) as connection:
        await _count_up(connection)
        await connection.execute(delete(merged_people).where(merged_people.c.merge.in_([each.merge for each in gone])))


async def forget(connection: AsyncConnection, people: Collection[UUID]) -> None:
    """Forget of these people whose record was part of whose."""
    named = or_(merged_people.c.person.in_(people), merged_people.c.part.in_(people))
    if (await connection.execute(delete(merged_people).where(named))).rowcount:
        await _count_up(connection)


async def version(engine: AsyncEngine) -> int:
    """Asked for again and again, by every gateway."""
    rows = await statements(engine).ask(_VERSION)
    return rows[0][0] if rows else 0


async def everybody(engine: AsyncEngine) -> Sequence[Part]:
    async with transaction(engine) as connection:
        return [Part(**row) for row in (await connection.execute(select(merged_people))).mappings()]


_LONG_AGO = separated_people.c.at < func.clock_timestamp() - SEPARATING
"""The grant by which the source separates records lives for a minute: what it has not done by then it will not do."""


def whole(people: Collection[UUID]) -> Select[tuple[UUID]]:
    """These people by every id that they have: those whose records are part of theirs too."""
    own = select(func.unnest(literal(list(people), ARRAY(Uuid))).label("person")).cte("own", recursive=True)
    parts = select(merged_people.c.part).join(own, merged_people.c.person == own.c.person)
    return select(own.union(parts).c.person)


async def _count_up(connection: AsyncConnection) -> None:
    """Whoever else changes something waits here, so that a version is seen with what it counts."""
    first = insert(merged_people_version).values(one=1, version=1)
    counted = {"version": merged_people_version.c.version + 1}
    await connection.execute(first.on_conflict_do_update(index_elements=["one"], set_=counted))
