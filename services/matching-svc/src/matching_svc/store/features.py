"""Features of people and positions in the feeds: written in one transaction, so that neither runs ahead of the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_svc.features import MatchFeatures
from matching_svc.tables import features, feeds


@dataclass(frozen=True, slots=True)
class Position:
    """How far a feed was read; ``complete`` says whether its end was reached since it began anew."""

    cursor: str | None = None
    complete: bool = False


async def load(connection: AsyncConnection, purpose: str) -> tuple[dict[str, MatchFeatures], Position]:
    """Everything that is known under one purpose."""
    rows = await connection.execute(select(features.c.person_id, features.c.features).where(features.c.purpose == purpose))
    people = {row.person_id: MatchFeatures.model_validate(row.features) for row in rows}
    position = (await connection.execute(select(feeds).where(feeds.c.purpose == purpose))).one_or_none()
    return people, Position(position.cursor, position.complete) if position else Position()


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
