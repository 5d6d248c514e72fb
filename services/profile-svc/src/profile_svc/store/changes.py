"""The log of changes, read in commit order.

INVARIANT: a transaction that commits late is never skipped. Its rows carry its id, and only rows of transactions older than
every one still running are read, so whatever is still to come stands further on in the log.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    Uuid,
    cast,
    exists,
    literal,
    literal_column,
    null,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.erasure_tables import erased_changes, pruned
from profile_svc.feed import LoggedChange
from profile_svc.sealing import SealingKey
from profile_svc.tables import TransactionId, changes
from stena.statements import Statements

_HORIZON: Final = literal_column("pg_snapshot_xmin(pg_current_snapshot())", TransactionId())
_FRONTIER: Final = literal_column("pg_snapshot_xmax(pg_current_snapshot())", TransactionId())

_IDENTITY: Final = text(
    "SELECT (SELECT system_identifier FROM pg_control_system()) || '.' || oid "
    "FROM pg_database WHERE datname = current_database()"
)
# How ``identity``, ``is_whole_after`` and ``read`` begin, in one: followers ask several times a second, and mostly in vain.
_NOTHING_BEHIND: Final = """
    SELECT $1::text = (
            SELECT (SELECT system_identifier FROM pg_control_system()) || '.' || oid
            FROM pg_database WHERE datname = current_database()
        )
        AND NOT EXISTS (SELECT FROM pruned WHERE (xid, change_id) > ($2::text::xid8, $3::uuid))
        AND NOT EXISTS (
            SELECT FROM changes
            WHERE (xid, change_id) > ($2::text::xid8, $3::uuid) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        )
        AND NOT EXISTS (
            SELECT FROM erased_changes
            WHERE (xid, change_id) > ($2::text::xid8, $3::uuid) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        )
"""
_NEWEST: Final = """
    SELECT concat_ws(
        ' ',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        (SELECT (xid, change_id) FROM changes WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid DESC, change_id DESC LIMIT 1),
        (SELECT (xid, change_id) FROM erased_changes WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid DESC, change_id DESC LIMIT 1)
    )
"""
_BEFORE_ANY: Final = UUID(int=0)
_MATTER: Final = ("person_id", "attributes", "facts_before", "facts_after", "successor")


async def horizon(connection: AsyncConnection) -> str:
    """Every transaction before this one has ended; no earlier change will appear any more."""
    return str(await connection.scalar(select(cast(_HORIZON, Text))))


async def frontier(connection: AsyncConnection) -> str:
    """Every change that was to be seen by now is of a transaction before this one."""
    return str(await connection.scalar(select(cast(_FRONTIER, Text))))


async def identity(connection: AsyncConnection) -> str:
    """The name of this log: ids of transactions mean nothing in another database, or in this one restored elsewhere."""
    return str(await connection.scalar(_IDENTITY))


async def nothing_behind(statements: Statements, log: str, xid: str, change_id: UUID | None) -> bool:
    """Whether this log is the one of the name ``log``, nothing behind the place was cut off, and there is nothing to read."""
    return bool((await statements.fetch(_NOTHING_BEHIND, log, xid, change_id or _BEFORE_ANY))[0][0])


async def newest(statements: Statements) -> str:
    """What is another text as soon as there is anything more to read, whoever it concerns."""
    return str((await statements.fetch(_NEWEST))[0][0])


async def read(
    connection: AsyncConnection, log_key: SealingKey, xid: str, change_id: UUID | None, most: int
) -> Sequence[LoggedChange]:
    """So many changes of ended transactions, from ``xid`` on, after ``change_id`` of that one.

    Those of people who have been erased since are opened with ``log_key``; attributes are not told of them.
    """
    here = [*(changes.c[name] for name in _MATTER), *_place(changes), null().label("sealed")]
    erased = [*(null().label(name) for name in _MATTER), *_place(erased_changes), erased_changes.c.sealed]
    # Each by itself first, as far as it is wanted: in both together PostgreSQL finds no order, and sorts the whole log.
    both = union_all(
        *(
            select(*columns).where(_behind(table, xid, change_id), table.c.xid < _HORIZON).order_by(*_place(table)).limit(most)
            for table, columns in ((changes, here), (erased_changes, erased))
        )
    ).subquery()
    wanted = select(both).with_only_columns(
        *(both.c[name] for name in _MATTER), cast(both.c.xid, Text).label("place"), both.c.change_id, both.c.sealed
    )
    ordered = wanted.order_by(both.c.xid, both.c.change_id).limit(most)
    return [_change(row, log_key) for row in await connection.execute(ordered)]


async def is_whole_after(connection: AsyncConnection, xid: str, change_id: UUID | None) -> bool:
    """Whether nothing behind this place was cut off the log."""
    return not await connection.scalar(select(exists().where(_behind(pruned, xid, change_id))))


def _behind(table: Table, xid: str, change_id: UUID | None) -> ColumnElement[bool]:
    """From ``xid`` on, after ``change_id`` of that one: as one comparison, to which an index leads."""
    return tuple_(*_place(table)) > tuple_(cast(literal(xid), TransactionId()), literal(change_id or _BEFORE_ANY, Uuid()))


def _place(table: Table) -> tuple[ColumnElement[Any], ...]:
    return table.c.xid, table.c.change_id


def _change(row: Any, log_key: SealingKey) -> LoggedChange:
    if row.sealed is None:
        return LoggedChange(
            row.person_id, row.attributes, row.facts_before, row.facts_after, row.place, row.change_id, row.successor
        )
    said = log_key.unseal(str(row.change_id), row.sealed)
    return LoggedChange(UUID(said["person"]), [], said["before"], said["after"], row.place, row.change_id)
