"""Emptying every table of people who are erased. The caller holds the lock on the mark of the journal.

INVARIANT: every table with a column that names people is emptied, whoever made it: what is added later is never forgotten here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from profile_svc import casework_tables, duplicate_tables, rights_tables, tables
from profile_svc.duplicate_tables import merges
from profile_svc.erasure_tables import erased_changes
from profile_svc.sealing import SealingKey
from profile_svc.store.records import stored
from profile_svc.tables import TransactionId, changes, persons

# Named, so that they are in the metadata whoever imports this module.
_ALSO: Final = (casework_tables, duplicate_tables, rights_tables)
NAMING: Final = frozenset({"person_id", "other_id", "merged_id"})
"""Columns that hold the id of a person."""


async def empty(connection: AsyncConnection, people: Sequence[UUID], log_key: SealingKey, at: datetime) -> None:
    """Remove everything about these people, but for what followers still have to be told, which is sealed."""
    here = select(persons).where(persons.c.person_id.in_(people)).order_by(persons.c.person_id).with_for_update()
    leaving = [stored(row) for row in (await connection.execute(here)).mappings()]
    await _seal_log(connection, people, log_key)
    for table in tables.metadata.sorted_tables:
        if named := [column.in_(people) for column in table.c if column.name in NAMING]:
            await connection.execute(delete(table).where(or_(*named)))
    gone = [_sealed(log_key, uuid7(), at, str(person.person_id), person.facts.as_mapping(), None) for person in leaving]
    if gone:
        await connection.execute(insert(erased_changes), gone)


async def with_merged(connection: AsyncConnection, people: Sequence[UUID]) -> list[UUID]:
    """These people under every id that they have: those of records that became part of theirs too."""
    found, new = dict.fromkeys(people), list(people)
    while new:
        parts = select(merges.c.merged_id).where(merges.c.person_id.in_(new), merges.c.undone_at.is_(None))
        new = [each for each in await connection.scalars(parts) if each not in found]
        found |= dict.fromkeys(new)
    return list(found)


async def _seal_log(connection: AsyncConnection, people: Sequence[UUID], log_key: SealingKey) -> None:
    """Move what the log says of them: to the same places in it, but sealed and without the names of attributes."""
    logged = select(changes, cast(changes.c.xid, Text).label("place")).where(changes.c.person_id.in_(people))
    rows = [
        _sealed(log_key, row.change_id, row.at, str(row.person_id), row.facts_before, row.facts_after) | {"place": row.place}
        for row in await connection.execute(logged)
    ]
    if rows:
        there = cast(bindparam("place", type_=Text()), TransactionId())
        await connection.execute(insert(erased_changes).values(xid=there), rows)


def _sealed(log_key: SealingKey, change_id: UUID, at: datetime, person: str, before: Any, after: Any) -> dict[str, Any]:
    sealed = log_key.seal(str(change_id), {"person": person, "before": before, "after": after})
    return {"change_id": change_id, "sealed": sealed, "at": at}
