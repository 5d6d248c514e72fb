"""The blind index: tokens of sealed values, written in the transaction that writes the values. It holds no key and no value."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.lookups import Tokens
from profile_svc.store.records import StoredPerson, stored
from profile_svc.tables import lookups, persons


async def add(connection: AsyncConnection, tokens: Mapping[UUID, Tokens]) -> None:
    """Add what new people, or people without tokens of these attributes, are looked up by."""
    rows = [
        {"person_id": person_id, "attribute": name, "token": token}
        for person_id, of_person in tokens.items()
        for name, of_attribute in of_person.items()
        for token in of_attribute
    ]
    if rows:
        await connection.execute(insert(lookups), rows)


async def replace(connection: AsyncConnection, person_id: UUID, tokens: Tokens) -> None:
    """Put ``tokens`` in the place of those that the locked person had of the same attributes."""
    if tokens:
        own = lookups.c.person_id == person_id
        await connection.execute(delete(lookups).where(own, lookups.c.attribute.in_(list(tokens))))
        await add(connection, {person_id: tokens})


async def count_after(connection: AsyncConnection, after: UUID | None) -> int:
    """How many people come after ``after`` in the order of their ids."""
    wanted = select(func.count()).select_from(persons)
    return await connection.scalar(wanted if after is None else wanted.where(persons.c.person_id > after)) or 0


async def lock_after(connection: AsyncConnection, after: UUID | None, most: int) -> Sequence[StoredPerson]:
    """So many people in the order of their ids, locked."""
    wanted = select(persons).order_by(persons.c.person_id).limit(most).with_for_update()
    if after is not None:
        wanted = wanted.where(persons.c.person_id > after)
    return [stored(row) for row in (await connection.execute(wanted)).mappings()]


async def rewrite(connection: AsyncConnection, tokens: Mapping[UUID, Tokens]) -> None:
    """Make the index of these locked people exactly ``tokens``, whatever it held of them."""
    await connection.execute(delete(lookups).where(lookups.c.person_id.in_(list(tokens))))
    await add(connection, tokens)


async def of_others(connection: AsyncConnection, person_id: UUID, tokens: Mapping[str, Mapping[bytes, str]]) -> frozenset[str]:
    """Which of the spellings behind ``tokens`` (attribute → token → spelling) somebody else is known by."""
    found = set[str]()
    for name, spellings in tokens.items():
        known = select(lookups.c.token).where(lookups.c.attribute == name, lookups.c.token.in_(list(spellings)))
        others = known.where(lookups.c.person_id != person_id).distinct()
        found.update(spellings[token] for token in await connection.scalars(others))
    return frozenset(found)
