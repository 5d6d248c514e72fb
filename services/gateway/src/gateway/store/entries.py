"""Entries as they are hashed: written, and read back, some of them or all in the order of the tree."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.record import leaves as parts
from gateway.record.leaves import Leaf
from gateway.tables import ledger, ledger_leaves, ledger_people
from stena.database import transaction
from stena.statements import statements

BATCH: Final = 500

_APPEND: Final = text("SELECT ledger_append(CAST(:entries AS json), CAST(:leaves AS bytea[]), CAST(:forgotten AS uuid[]))")
_APPEND_ALONE: Final = "SELECT ledger_append($1::json, $2::bytea[], $3::uuid[])"
_ENTRY: Final = (
    *(ledger.c[name] for name in (*parts.TOLD, *parts.KEPT)),
    ledger_leaves.c.position,
    ledger_leaves.c.leaf,
    ledger_leaves.c.entry_id.label("numbered"),
)
_PAIR: Final = (ledger.c.entry_id == ledger_leaves.c.entry_id) & (ledger.c.at == ledger_leaves.c.at)
_ENTRIES: Final = select(*_ENTRY).select_from(ledger_leaves).join(ledger, _PAIR, isouter=True)
_PEOPLE: Final = (
    select(ledger_people)
    .select_from(ledger_leaves)
    .join(ledger_people, (ledger_people.c.entry_id == ledger_leaves.c.entry_id) & (ledger_people.c.at == ledger_leaves.c.at))
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry at its place in the tree; ``leaf`` is ``None`` where retention has left nothing but the ``hash``."""

    position: int
    hash: bytes
    leaf: Leaf | None


async def append(connection: AsyncConnection, leaves: Sequence[Leaf], forgotten: Sequence[UUID] = ()) -> None:
    """Write entries as the next leaves of the tree. ``forgotten`` are people whom the ledger knows no longer from then on."""
    row = {"entries": parts.stored(leaves), "leaves": [leaf.hash() for leaf in leaves], "forgotten": list(forgotten)}
    await connection.execute(_APPEND, row)


async def append_alone(engine: AsyncEngine, leaves: Sequence[Leaf], forgotten: Sequence[UUID] = ()) -> None:
    """``append`` as a transaction of its own, since it is part of every answer; raises ``Unavailable``."""
    arguments = parts.stored(leaves), [leaf.hash() for leaf in leaves], list(forgotten)
    await statements(engine).fetch(_APPEND_ALONE, *arguments)


async def leaves_of(engine: AsyncEngine, entries: Collection[UUID]) -> Mapping[UUID, Leaf]:
    """Entry → its parts, for those that are still there."""
    wanted = ledger_leaves.c.entry_id.in_(entries)
    async with transaction(engine) as connection:
        rows = (await connection.execute(_ENTRIES.where(wanted))).all()
        people = _by_entry((await connection.execute(_PEOPLE.where(wanted))).all())
    return {
        row.entry_id: parts.read(dict(row._mapping), people.get(row.entry_id, [])) for row in rows if row.entry_id is not None
    }


async def size(engine: AsyncEngine) -> int:
    """How many entries the tree has."""
    async with transaction(engine) as connection:
        highest = await connection.scalar(select(func.max(ledger_leaves.c.position)))
    return 0 if highest is None else highest + 1


async def in_order(engine: AsyncEngine, beyond: int) -> AsyncIterator[Placed]:
    """The first ``beyond`` entries, as the tree has them."""
    for first in range(0, beyond, BATCH):
        async with transaction(engine) as connection:
            for placed in await _batch(connection, first, min(first + BATCH, beyond)):
                yield placed


async def _batch(connection: AsyncConnection, first: int, beyond: int) -> list[Placed]:
    wanted = (ledger_leaves.c.position >= first) & (ledger_leaves.c.position < beyond)
    rows = (await connection.execute(_ENTRIES.where(wanted).order_by(ledger_leaves.c.position))).all()
    people = _by_entry((await connection.execute(_PEOPLE.where(wanted))).all())
    return [_placed(row, people.get(row.numbered, [])) for row in rows]


def _placed(row: Row[Any], people: Sequence[Mapping[str, Any]]) -> Placed:
    return Placed(row.position, row.leaf, None if row.entry_id is None else parts.read(dict(row._mapping), people))


def _by_entry(rows: Sequence[Row[Any]]) -> dict[UUID, list[Mapping[str, Any]]]:
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.entry_id, []).append(dict(row._mapping))
    return found
