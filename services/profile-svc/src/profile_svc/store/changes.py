"""The log of changes, read in commit order.

INVARIANT: a transaction that commits late is never skipped. Its rows carry its id, and only rows of transactions older than
every one still running are read, so whatever is still to come stands further on in the log.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Text, and_, cast, literal, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.feed import LoggedChange
from profile_svc.tables import TransactionId, changes

_HORIZON: Final = literal_column("pg_snapshot_xmin(pg_current_snapshot())", TransactionId())
_FRONTIER: Final = literal_column("pg_snapshot_xmax(pg_current_snapshot())", TransactionId())


async def horizon(connection: AsyncConnection) -> str:
    """Every transaction before this one has ended; no earlier change will appear any more."""
    return str(await connection.scalar(select(cast(_HORIZON, Text))))


async def frontier(connection: AsyncConnection) -> str:
    """Every change that was to be seen by now is of a transaction before this one."""
    return str(await connection.scalar(select(cast(_FRONTIER, Text))))


async def read(connection: AsyncConnection, xid: str, change_id: UUID | None, most: int) -> Sequence[LoggedChange]:
    """So many changes of ended transactions, from ``xid`` on, after ``change_id`` of that one."""
    start = cast(literal(xid), TransactionId())
    later = changes.c.xid >= start
    if change_id is not None:
        later = or_(changes.c.xid > start, and_(changes.c.xid == start, changes.c.change_id > change_id))
    wanted = (
        select(
            changes.c.person_id,
            changes.c.attributes,
            changes.c.facts_before,
            changes.c.facts_after,
            cast(changes.c.xid, Text),
            changes.c.change_id,
        )
        .where(later, changes.c.xid < _HORIZON)
        .order_by(changes.c.xid, changes.c.change_id)
        .limit(most)
    )
    return [LoggedChange(*row) for row in await connection.execute(wanted)]
