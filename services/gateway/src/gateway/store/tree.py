"""The tree's hashes in the database: leaves in their order, and of every eighth level the complete subtrees."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.record.merkle import Subtree, complete_parts, folded, root_of
from gateway.tables import ledger_leaves, ledger_nodes
from stena.database import transaction

KEPT: Final = 8
"""Of so many levels one is kept; what is between is put together from at most 2 ** 7 hashes below."""

_RANGES: Final = text("""
    SELECT CAST(0 AS smallint) AS level, leaf.position, leaf.leaf AS hash
    FROM unnest(CAST(:levels AS int[]), CAST(:starts AS bigint[]), CAST(:ends AS bigint[])) AS wanted (level, first, beyond)
    JOIN ledger_leaves leaf ON wanted.level = 0 AND leaf.position >= wanted.first AND leaf.position < wanted.beyond
    UNION ALL
    SELECT node.level, node.position, node.hash
    FROM unnest(CAST(:levels AS int[]), CAST(:starts AS bigint[]), CAST(:ends AS bigint[])) AS wanted (level, first, beyond)
    JOIN ledger_nodes node
        ON node.level = wanted.level AND node.position >= wanted.first AND node.position < wanted.beyond
""")


async def leaves(connection: AsyncConnection, first: int, most: int) -> list[bytes]:
    """Up to so many leaves from the number ``first`` on, which follow each other without a gap; raises ``ValueError``."""
    columns = (ledger_leaves.c.position, ledger_leaves.c.leaf)
    wanted = select(*columns).where(ledger_leaves.c.position >= first).order_by(ledger_leaves.c.position).limit(most)
    found = (await connection.execute(wanted)).all()
    if [row.position for row in found] != list(range(first, first + len(found))):
        raise ValueError("leaves are missing")
    return [row.leaf for row in found]


async def keep(connection: AsyncConnection, completed: Iterable[tuple[int, int, bytes]]) -> None:
    """Keep those of the subtrees (level, index, hash) that are of a level that is kept."""
    kept = [
        {"level": level, "position": index, "hash": hashed} for level, index, hashed in completed if level and level % KEPT == 0
    ]
    if kept:
        await connection.execute(insert(ledger_nodes), kept)


async def positions(engine: AsyncEngine, entries: Iterable[UUID]) -> Mapping[UUID, int]:
    """Where in the tree each of these entries is."""
    columns = (ledger_leaves.c.entry_id, ledger_leaves.c.position)
    async with transaction(engine) as connection:
        found = await connection.execute(select(*columns).where(ledger_leaves.c.entry_id.in_(list(entries))))
        return {row.entry_id: row.position for row in found}


async def hashes(engine: AsyncEngine, subtrees: Sequence[Subtree]) -> dict[Subtree, bytes]:
    """The hash of each subtree, all of them below a head that was made; raises ``ValueError`` if one is not there whole."""
    ranges = {part: _range(*part) for subtree in subtrees for part in complete_parts(subtree)}
    wanted = {name: [each[place] for each in ranges.values()] for place, name in enumerate(("levels", "starts", "ends"))}
    async with transaction(engine) as connection:
        rows = await connection.execute(_RANGES, wanted)
        known = {(row.level, row.position): row.hash for row in rows}
    try:
        parts = {part: root_of([known[level, at] for at in range(start, end)]) for part, (level, start, end) in ranges.items()}
    except KeyError:
        raise ValueError("a part of the tree is missing") from None
    return {subtree: folded([parts[part] for part in complete_parts(subtree)]) for subtree in subtrees}


def _range(level: int, index: int) -> tuple[int, int, int]:
    """The kept level from which a complete subtree is put together, and the hashes there."""
    below = level % KEPT
    return level - below, index << below, (index + 1) << below
