"""Signed heads in the database, and the keys that signed them. One head follows another, and none is ever changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.record.heads import Head
from gateway.tables import ledger_heads, ledger_keys
from stena.database import transaction
from stena.statements import statements

Connection = AsyncConnection

_STANDING: Final = """
    SELECT number, at, count(position), coalesce(max(position) + 1 - size, 0)
    FROM (SELECT number, at, size FROM ledger_heads ORDER BY number DESC LIMIT 1) AS newest LEFT JOIN LATERAL
        (SELECT position FROM ledger_leaves WHERE position >= size ORDER BY position LIMIT $1) AS leaf ON true
    GROUP BY number, at, size
"""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A head and its number, from 1; ``peaks`` is what the tree goes on from."""

    number: int
    head: Head
    peaks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest head's number and moment, how many leaves are ``new`` since, and up to how many ``places`` behind it."""

    number: int
    at: datetime
    new: int
    places: int


async def standing(engine: AsyncEngine, most: int) -> Standing | None:
    """Of ``most`` new leaves; ``None`` before the first head. Asked again and again, by every gateway."""
    rows = await statements(engine).fetch(_STANDING, most)
    return Standing(*rows[0]) if rows else None


async def is_mine(connection: AsyncConnection) -> bool:
    """Whether it is for this gateway to make heads now: until the transaction ends nobody else does."""
    return bool(await connection.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext("ledger_heads")))))


async def last(connection: AsyncConnection) -> Numbered | None:
    row = (await connection.execute(_ALL.order_by(ledger_heads.c.number.desc()).limit(1))).one_or_none()
    return None if row is None else _numbered(row)


async def add(connection: AsyncConnection, made: Numbered) -> None:
    head = made.head
    row = {"number": made.number, "size": head.size, "root": head.root, "at": head.at, "jws": head.jws}
    await connection.execute(insert(ledger_heads).values(**row, peaks=list(made.peaks)))


async def after(engine: AsyncEngine, number: int, most: int) -> list[Numbered]:
    """So many heads from the one after ``number`` on, oldest first."""
    wanted = _ALL.where(ledger_heads.c.number > number).order_by(ledger_heads.c.number).limit(most)
    async with transaction(engine) as connection:
        return [_numbered(row) for row in await connection.execute(wanted)]


async def before(engine: AsyncEngine, number: int | None, most: int) -> list[Numbered]:
    """So many heads from the newest on, or from the one before ``number``; newest first."""
    wanted = _ALL.order_by(ledger_heads.c.number.desc()).limit(most)
    if number is not None:
        wanted = wanted.where(ledger_heads.c.number < number)
    async with transaction(engine) as connection:
        return [_numbered(row) for row in await connection.execute(wanted)]


async def of_size(engine: AsyncEngine, size: int) -> Head | None:
    """The first head of a tree of ``size`` entries; ``None`` if none was made."""
    wanted = _ALL.where(ledger_heads.c.size == size).order_by(ledger_heads.c.number).limit(1)
    async with transaction(engine) as connection:
        row = (await connection.execute(wanted)).one_or_none()
    return None if row is None else _numbered(row).head


async def newest(engine: AsyncEngine) -> Head | None:
    async with transaction(engine) as connection:
        found = await last(connection)
    return None if found is None else found.head


async def add_key(engine: AsyncEngine, key_id: str, jwk: Mapping[str, Any], since: datetime) -> None:
    """Keep the public key of whoever signs from now on; one that is there already stays as it is."""
    row = {"key_id": key_id, "jwk": orjson.dumps(jwk).decode(), "since": since}
    async with transaction(engine) as connection:
        await connection.execute(insert_or_not(ledger_keys).values(row).on_conflict_do_nothing())


async def keys(engine: AsyncEngine) -> Sequence[Mapping[str, Any]]:
    """Every public key that ever signed a head, oldest first."""
    async with transaction(engine) as connection:
        found = await connection.scalars(select(ledger_keys.c.jwk).order_by(ledger_keys.c.since))
    return [orjson.loads(each) for each in found]


_ALL = select(ledger_heads)


def _numbered(row: Any) -> Numbered:
    return Numbered(row.number, Head(row.size, row.root, row.at, row.jws), tuple(row.peaks))
