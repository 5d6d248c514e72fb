"""Merged records: what belonged to one moves to the other, and can move back.

INVARIANT: every table about people is named here, so that whatever is added later is not left with a record that is no more.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, Text, bindparam, cast, delete, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from profile_svc.casework_tables import cases, note_shares, referrals
from profile_svc.duplicate_tables import merges
from profile_svc.erasure_tables import retention_notices
from profile_svc.facts import RecordFacts
from profile_svc.rights_tables import corrections, objection_decisions, objections, restrictions
from profile_svc.sealing import PersonKey
from profile_svc.store.records import StoredPerson, stored
from profile_svc.store.selection import condition
from profile_svc.tables import changes, consents, idempotency, notes, person_history, persons
from stena.contracts.condition import Residual

Row = dict[str, Any]
SealedAs = Callable[[Row], str]

MOVED: Final[Mapping[Table, Mapping[str, SealedAs]]] = {
    consents: {"sealed": lambda row: f"consent {row['consent_id']}"},
    notes: {"sealed": lambda row: f"note {row['note_id']}", "masked": lambda row: f"marks of note {row['note_id']}"},
    note_shares: {},
    cases: {},
    referrals: {"sealed": lambda row: f"referral {row['referral_id']}"},
    corrections: {
        "sealed": lambda row: f"correction {row['correction_id']}",
        "sealed_decision": lambda row: f"decision about correction {row['correction_id']}",
    },
    restrictions: {
        "sealed": lambda row: f"restriction {row['restriction_id']}",
        "sealed_announcement": lambda row: f"end of restriction {row['restriction_id']}",
    },
    objections: {"sealed": lambda row: f"objection {row['objection_id']}"},
    objection_decisions: {"sealed": lambda row: f"decision {row['decision_id']}"},
    idempotency: {},
}
"""The tables whose rows move with a record; column → what its text is sealed as."""

DROPPED: Final = (retention_notices,)
"""Tables whose rows of a record that is no more say nothing any more."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge. ``kept`` is what undoing wants, ``None`` once that is not possible any more."""

    person_id: UUID
    merge_id: UUID
    merged_id: UUID
    external_ref: bytes | None
    organisation: str
    acting_user: str
    merged_at: datetime
    kept: Mapping[str, Any] | None
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """From whose record to whose something moves, and the keys of both."""

    source: UUID
    target: UUID
    opens: PersonKey
    seals: PersonKey


async def lock(connection: AsyncConnection, rows: Residual, people: Collection[UUID]) -> Mapping[UUID, StoredPerson]:
    """Those of the people for whom ``rows`` holds, locked in one order whoever asks."""
    wanted = select(persons).where(persons.c.person_id.in_(people), condition(rows)).order_by(persons.c.person_id)
    return {row["person_id"]: stored(row) for row in (await connection.execute(wanted.with_for_update())).mappings()}


async def add(connection: AsyncConnection, merged: Merged) -> None:
    await connection.execute(insert(merges).values({each.name: getattr(merged, each.name) for each in fields(Merged)}))


async def get(connection: AsyncConnection, person_id: UUID, merge_id: UUID) -> Merged | None:
    return await _one(connection, merges.c.person_id == person_id, merges.c.merge_id == merge_id)


async def of_pair(connection: AsyncConnection, person_id: UUID, merged_id: UUID) -> Merged | None:
    """The merge that made these two one, if it stands."""
    return await _one(
        connection, merges.c.person_id == person_id, merges.c.merged_id == merged_id, merges.c.undone_at.is_(None)
    )


async def of_part(connection: AsyncConnection, merged_id: UUID) -> Merged | None:
    """The merge by which this record is part of another one, if it stands."""
    return await _one(connection, merges.c.merged_id == merged_id, merges.c.undone_at.is_(None))


async def around(connection: AsyncConnection, person_id: UUID) -> Sequence[tuple[UUID, UUID, UUID]]:
    """Person, part and merge of every merge that stands and made this record, and others, one."""
    person = person_id
    while above := await of_part(connection, person):
        person = above.person_id
    stands = merges.c.undone_at.is_(None)
    edge = (merges.c.person_id, merges.c.merged_id, merges.c.merge_id)
    below = select(*edge).where(merges.c.person_id == person, stands).cte("below", recursive=True)
    further = select(*edge).join(below, merges.c.person_id == below.c.merged_id).where(stands)
    return [tuple(row) for row in await connection.execute(select(below.union(further)))]


async def newer(connection: AsyncConnection, merged: Merged) -> bool:
    """Whether something was merged into the person since, and stands."""
    later = select(merges.c.merge_id).where(
        merges.c.person_id == merged.person_id, merges.c.undone_at.is_(None), merges.c.merged_at > merged.merged_at
    )
    return (await connection.execute(later.limit(1))).one_or_none() is not None


async def references(connection: AsyncConnection, wanted: Sequence[bytes]) -> Sequence[bytes]:
    """Those by which an importer knows records that are part of others now."""
    known = select(merges.c.external_ref).where(merges.c.external_ref.in_(wanted), merges.c.undone_at.is_(None))
    return list(await connection.scalars(known))


async def end(connection: AsyncConnection, merged: Merged, by: str, at: datetime) -> None:
    one = update(merges).where(merges.c.person_id == merged.person_id, merges.c.merge_id == merged.merge_id)
    await connection.execute(one.values(undone_at=at, undone_by=by, kept=None))


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Make merges from before then final: what undoing them would want is kept no longer."""
    old = update(merges).where(merges.c.merged_at < before, merges.c.kept.is_not(None))
    await connection.execute(old.values(kept=None))


async def row_of(connection: AsyncConnection, person_id: UUID) -> Any:
    """The person's whole row as JSON, with what is sealed sealed."""
    return await connection.scalar(text("SELECT to_jsonb(persons) FROM persons WHERE person_id = :id"), {"id": person_id})


async def take_row(connection: AsyncConnection, person_id: UUID) -> None:
    for table in (*DROPPED, persons):
        await connection.execute(delete(table).where(table.c.person_id == person_id))


async def put_row(connection: AsyncConnection, row: Any) -> None:
    put = text("INSERT INTO persons SELECT * FROM jsonb_populate_record(NULL::persons, :row)")
    await connection.execute(put.bindparams(bindparam("row", type_=JSONB)), {"row": row})


async def move(connection: AsyncConnection, keys: Keys, only: Mapping[str, Sequence[Sequence[str]]] | None = None) -> Row:
    """Let rows go over, those named by ``only`` if it is given; which they were, by table."""
    moved: Row = {}
    for table, sealed in MOVED.items():
        names = [column.name for column in table.primary_key if column.name != "person_id"]
        where = [table.c.person_id == keys.source]
        if only is not None:
            ids = tuple_(*(cast(table.c[name], Text) for name in names))
            where.append(ids.in_([tuple(each) for each in only.get(table.name, ())]))
        rows = [dict(row) for row in (await connection.execute(delete(table).where(*where).returning(table))).mappings()]
        if rows:
            await connection.execute(insert(table), [_resealed(row, sealed, keys) for row in rows])
            moved[str(table.name)] = [[str(row[name]) for name in names] for row in rows]
    return moved


async def move_history(connection: AsyncConnection, keys: Keys, versions: tuple[int, int], shift: int) -> None:
    """Let earlier values go over, those of the versions from … to (inclusive), numbered ``shift`` further on."""
    first, last = versions
    own = (person_history.c.person_id == keys.source, person_history.c.version.between(first, last))
    gone = delete(person_history).where(*own).returning(person_history)
    rows = [dict(row) for row in (await connection.execute(gone)).mappings()]
    if rows:
        sealed: Mapping[str, SealedAs] = {"sealed": lambda row: str(row["attribute"])}
        moved = [_resealed(row, sealed, keys) | {"version": row["version"] + shift} for row in rows]
        await connection.execute(insert(person_history), moved)


async def add_history(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    if rows:
        await connection.execute(insert(person_history), rows)


async def drop_history(connection: AsyncConnection, person_id: UUID, version: int, at: datetime) -> None:
    """Remove what a merge wrote into the history of a version."""
    own = (person_history.c.person_id == person_id, person_history.c.version == version, person_history.c.replaced_at == at)
    await connection.execute(delete(person_history).where(*own))


async def drop_consents(connection: AsyncConnection, person_id: UUID, ids: Sequence[UUID]) -> None:
    await connection.execute(delete(consents).where(consents.c.person_id == person_id, consents.c.consent_id.in_(ids)))


async def log_gone(connection: AsyncConnection, person_id: UUID, facts: RecordFacts, successor: UUID, at: datetime) -> None:
    """Let followers know that the record is part of another one."""
    row = {"person_id": person_id, "change_id": uuid7(), "attributes": [], "facts_before": facts.as_mapping()}
    await connection.execute(insert(changes).values(**row, facts_after=None, at=at, successor=successor))


def _resealed(row: Row, sealed: Mapping[str, SealedAs], keys: Keys) -> Row:
    texts = {
        column: keys.seals.seal(sealed_as(row), keys.opens.unseal(sealed_as(row), row[column]))
        for column, sealed_as in sealed.items()
        if row[column] is not None
    }
    named = {name: keys.target for name in ("person_id", "resource_id") if row.get(name) == keys.source}
    return {**row, **texts, **named}


async def _one(connection: AsyncConnection, *where: Any) -> Merged | None:
    row = (await connection.execute(select(merges).where(*where))).mappings().one_or_none()
    return None if row is None else Merged(**row)
