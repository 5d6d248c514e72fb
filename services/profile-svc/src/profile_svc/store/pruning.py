"""Deleting what is older than anybody needs, some rows at a time.

INVARIANT: the log is cut from its beginning and nowhere else, and where it was cut is noted in the same transaction: a follower
whose place is before the cut is told to begin anew.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, Table, Text, bindparam, cast, delete, func, select, text, tuple_, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.erasure_tables import erased_changes, pruned
from profile_svc.tables import TransactionId, changes, idempotency

_LOGS: Final = (changes, erased_changes)


async def count_keys(connection: AsyncConnection, until: datetime) -> int:
    return await _count(connection, idempotency, idempotency.c.created_at <= until)


async def forget_keys(connection: AsyncConnection, until: datetime, most: int) -> int:
    """Forget so many keys that were given before ``until``; how many they were."""
    old = select(idempotency.c.organisation, idempotency.c.key).where(idempotency.c.created_at <= until).limit(most)
    one = tuple_(idempotency.c.organisation, idempotency.c.key)
    return (await connection.execute(delete(idempotency).where(one.in_(old)))).rowcount


async def count_changes(connection: AsyncConnection, until: datetime) -> int:
    return sum([await _count(connection, table, table.c.at <= until) for table in _LOGS])


async def cut_log(connection: AsyncConnection, until: datetime, most: int) -> int:
    """Cut so many lines off the beginning of the log, as far as they are older than ``until``; how many they were."""
    # One after the other: two who cut at once would note two places.
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('cut_log'))"))
    oldest = (await connection.execute(_oldest(most))).all()
    number = next((place for place, line in enumerate(oldest) if line.at > until), len(oldest))
    if number:
        last = {"xid": oldest[number - 1].place, "change_id": oldest[number - 1].change_id}
        for table in _LOGS:
            await connection.execute(delete(table).where(tuple_(table.c.xid, table.c.change_id) <= _PLACE), last)
        note = insert(pruned).values(xid=_XID, change_id=bindparam("change_id"))
        noted = {"xid": note.excluded.xid, "change_id": note.excluded.change_id}
        await connection.execute(note.on_conflict_do_update(index_elements=[pruned.c.single], set_=noted), last)
    return number


_XID: Final = cast(bindparam("xid", type_=Text()), TransactionId())
_PLACE: Final = tuple_(_XID, bindparam("change_id", type_=changes.c.change_id.type))


def _oldest(most: int) -> Select[Any]:
    both = union_all(*(select(table.c.xid, table.c.change_id, table.c.at) for table in _LOGS)).subquery()
    return (
        select(cast(both.c.xid, Text).label("place"), both.c.change_id, both.c.at)
        .order_by(both.c.xid, both.c.change_id)
        .limit(most)
    )


async def _count(connection: AsyncConnection, table: Table, old: Any) -> int:
    return await connection.scalar(select(func.count()).select_from(table).where(old)) or 0
