"""Wrapping the keys of people by another master key, some at a time, while everything else goes on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, text, update

from profile_svc.store.keys import PersonKeys
from profile_svc.tables import master_keys, person_keys
from stena.database import single_statements, transaction

Batch = tuple[UUID | None, int]
"""The last person of a batch, ``None`` at the end, and how many they were."""

_REWRAPPED = text("""
    UPDATE person_keys SET wrapped = anew.wrapped, master_key_id = :making
    FROM unnest(CAST(:ids AS uuid[]), CAST(:values AS bytea[])) AS anew (person_id, wrapped)
    WHERE person_keys.person_id = anew.person_id
""")


async def count(keys: PersonKeys) -> dict[str, int]:
    """How many person keys each master key wraps."""
    wanted = select(person_keys.c.master_key_id, func.count()).group_by(person_keys.c.master_key_id)
    async with transaction(keys.engine) as connection:
        return {row[0]: row[1] for row in await connection.execute(wanted)}


async def wrap_anew(keys: PersonKeys, after: UUID | None, most: int) -> Batch:
    """Wrap so many person keys, in the order of their ids, by the master key that wraps new ones; raises ``CannotOpen``.

    What somebody else holds is left for the next round.
    """
    making = keys.masters.making.id
    others = _in_order(after, most).where(person_keys.c.master_key_id != making).with_for_update(skip_locked=True)
    async with transaction(keys.engine) as connection:
        rows = (await connection.execute(others)).all()
        if rows:
            values = [keys.masters.wrap_anew(row.person_id, row.wrapped, row.master_key_id) for row in rows]
            await connection.execute(_REWRAPPED, {"ids": [row.person_id for row in rows], "values": values, "making": making})
    return _batch(rows)


async def check(keys: PersonKeys, after: UUID | None, most: int) -> Batch:
    """Open so many person keys, in the order of their ids; raises ``CannotOpen``."""
    async with transaction(single_statements(keys.engine)) as connection:
        rows = (await connection.execute(_in_order(after, most))).all()
    for row in rows:
        keys.masters.unwrap(row.person_id, row.wrapped, row.master_key_id)
    return _batch(rows)


async def is_unfinished(keys: PersonKeys) -> bool:
    """Whether another master key than the one that wraps new person keys is still in use."""
    others = exists().where(master_keys.c.master_key_id != keys.masters.making.id, master_keys.c.retired_at.is_(None))
    async with transaction(keys.engine) as connection:
        return bool(await connection.scalar(select(others)))


async def retire_others(keys: PersonKeys, at: datetime) -> None:
    """Whichever master key wraps no person key any more, but the one for new ones, is needed no more."""
    wraps = exists().where(person_keys.c.master_key_id == master_keys.c.master_key_id)
    others = update(master_keys).where(master_keys.c.master_key_id != keys.masters.making.id, ~wraps)
    async with transaction(keys.engine) as connection:
        await connection.execute(others.where(master_keys.c.retired_at.is_(None)).values(retired_at=at))


def _in_order(after: UUID | None, most: int) -> Select[tuple[UUID, bytes, str]]:
    behind: tuple[ColumnElement[bool], ...] = () if after is None else (person_keys.c.person_id > after,)
    return select(person_keys).where(*behind).order_by(person_keys.c.person_id).limit(most)


def _batch(rows: Sequence[Row[tuple[UUID, bytes, str]]]) -> Batch:
    return (rows[-1].person_id if rows else None), len(rows)
