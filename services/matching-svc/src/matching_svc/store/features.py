"""Features of people and positions in the feeds: written in one transaction, so that neither runs ahead of the other."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_svc.features import MatchFeatures
from matching_svc.tables import features, feeds

AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Position:
    """How far a feed was read; ``complete`` says whether its end was reached since it began anew."""

    cursor: str | None = None
    complete: bool = False


async def position(connection: AsyncConnection, purpose: str) -> Position:
    found = (await connection.execute(select(feeds).where(feeds.c.purpose == purpose))).one_or_none()
    return Position(found.cursor, found.complete) if found else Position()


async def stream(connection: AsyncConnection, purpose: str) -> AsyncIterator[list[tuple[str, str]]]:
    """Everybody who is known under one purpose, with their features as JSON, some at a time: there may be a million.

    Straight from asyncpg, within the transaction that ``connection`` has begun.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    statement = "SELECT person_id, features::text FROM features WHERE purpose = $1"
    cursor = await driver.cursor(statement, purpose)
    while rows := await cursor.fetch(AT_ONCE):
        yield [(row[0], row[1]) for row in rows]


async def clear(connection: AsyncConnection, purpose: str) -> None:
    """Forget everybody under one purpose."""
    await connection.execute(delete(features).where(features.c.purpose == purpose))
    await advance(connection, purpose, Position())


async def upsert(connection: AsyncConnection, purpose: str, people: Mapping[str, MatchFeatures]) -> None:
    if not people:
        return
    statement = insert(features)
    statement = statement.on_conflict_do_update(
        index_elements=[features.c.person_id, features.c.purpose],
        set_={"features": statement.excluded.features, "updated_at": func.now()},
    )
    values = [
        {"person_id": person, "purpose": purpose, "features": known.model_dump(mode="json", exclude_none=True)}
        for person, known in people.items()
    ]
    await connection.execute(statement, values)


async def remove(connection: AsyncConnection, purpose: str, people: Iterable[str]) -> None:
    if gone := list(people):
        await connection.execute(delete(features).where(features.c.person_id.in_(gone), features.c.purpose == purpose))


async def advance(connection: AsyncConnection, purpose: str, position: Position) -> None:
    values = {"cursor": position.cursor, "complete": position.complete, "updated_at": func.now()}
    statement = insert(feeds).values(purpose=purpose, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=[feeds.c.purpose], set_=values))
