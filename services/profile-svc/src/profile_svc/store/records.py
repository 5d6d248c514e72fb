"""Writing people: the row, its history, and the log of changes. The caller holds the transaction and the row's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from profile_svc import tables
from profile_svc.facts import RecordFacts
from profile_svc.store.selection import condition
from profile_svc.tables import persons
from stena.contracts.condition import Residual, facts_of_people, type_of_fact


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A row of ``persons`` as it is: sealed values sealed."""

    person_id: UUID
    facts: RecordFacts
    attributes: Mapping[str, Any]
    sealed: Mapping[str, str]
    provenance: Mapping[str, Any]
    version: int
    external_ref: bytes | None = None
    consent_ends_at: datetime | None = None


async def is_seen(connection: AsyncConnection, person_id: UUID, rows: Residual) -> bool:
    """Whether the person is there and ``rows`` holds."""
    wanted = select(persons.c.person_id).where(persons.c.person_id == person_id, condition(rows))
    return (await connection.execute(wanted)).one_or_none() is not None


async def lock(connection: AsyncConnection, person_id: UUID, rows: Residual) -> StoredPerson | None:
    """The person, locked until the transaction ends, if ``rows`` holds; the facts cannot change after that."""
    wanted = select(persons).where(persons.c.person_id == person_id, condition(rows)).with_for_update()
    row = (await connection.execute(wanted)).mappings().one_or_none()
    return None if row is None else stored(row)


async def lock_by_reference(connection: AsyncConnection, references: Sequence[bytes]) -> dict[bytes, StoredPerson]:
    """The people whom an importer knows by these references, locked; always in the same order, so that two imports can meet."""
    wanted = select(persons).where(persons.c.external_ref.in_(references)).order_by(persons.c.person_id).with_for_update()
    return {row["external_ref"]: stored(row) for row in (await connection.execute(wanted)).mappings()}


async def id_by_reference(connection: AsyncConnection, reference: bytes) -> str | None:
    person_id = await connection.scalar(select(persons.c.person_id).where(persons.c.external_ref == reference))
    return None if person_id is None else str(person_id)


def stored(row: RowMapping) -> StoredPerson:
    facts: dict[str, Any] = {name: tuple(row[name]) if type_of_fact[name] == "set" else row[name] for name in facts_of_people}
    return StoredPerson(
        person_id=row["person_id"],
        facts=RecordFacts(**facts),
        attributes=row["attributes"],
        sealed=row["sealed"],
        provenance=row["provenance"],
        version=row["version"],
        external_ref=row["external_ref"],
        consent_ends_at=row["consent_ends_at"],
    )


async def add(connection: AsyncConnection, people: Sequence[StoredPerson], at: datetime) -> None:
    """Store new people and log each."""
    rows = [
        _columns(person)
        | {"person_id": person.person_id, "external_ref": person.external_ref, "created_at": at, "updated_at": at}
        for person in people
    ]
    await connection.execute(insert(persons), rows)
    await log(connection, [(person.person_id, tuple(person.provenance), None, person.facts) for person in people], at)


async def save(
    connection: AsyncConnection, before: StoredPerson, after: StoredPerson, replaced: Mapping[str, str], by: str, at: datetime
) -> None:
    """Store ``after`` for ``before``; ``replaced`` holds the earlier values that go to the history, sealed."""
    history = [
        {
            "person_id": before.person_id,
            "version": before.version,
            "attribute": name,
            "sealed": sealed,
            "provenance": before.provenance[name],
            "replaced_at": at,
            "replaced_by": by,
        }
        for name, sealed in replaced.items()
    ]
    if history:
        await connection.execute(insert(tables.person_history), history)
    changed = tuple(name for name, entry in after.provenance.items() if entry != before.provenance.get(name))
    row = update(persons).where(persons.c.person_id == before.person_id)
    await connection.execute(row.values(**_columns(after), updated_at=at))
    await log(connection, [(before.person_id, changed, before.facts, after.facts)], at)


async def set_facts(
    connection: AsyncConnection,
    person: StoredPerson,
    facts: RecordFacts,
    at: datetime,
    changed: tuple[str, ...] = (),
    **columns: Any,
) -> StoredPerson:
    """Change facts; ``changed`` names derived attributes that change with them. Logged only if something did."""
    row = update(persons).where(persons.c.person_id == person.person_id)
    await connection.execute(row.values(**facts.as_mapping(), **columns))
    if facts != person.facts or changed:
        await log(connection, [(person.person_id, changed, person.facts, facts)], at)
    return replace(person, facts=facts)


Logged = tuple[UUID, tuple[str, ...], RecordFacts | None, RecordFacts | None]
"""Person, changed attributes, facts before and after (``None``: there was, or is, no record)."""


async def log(connection: AsyncConnection, entries: Sequence[Logged], at: datetime) -> None:
    rows = [
        {
            "person_id": person_id,
            "change_id": uuid7(),
            "attributes": list(changed),
            "facts_before": before.as_mapping() if before else None,
            "facts_after": after.as_mapping() if after else None,
            "at": at,
        }
        for person_id, changed, before, after in entries
    ]
    await connection.execute(insert(tables.changes), rows)


def _columns(person: StoredPerson) -> dict[str, Any]:
    facts = person.facts.as_mapping()
    document = {"attributes": person.attributes, "sealed": person.sealed, "provenance": person.provenance}
    return {**facts, **document, "consent_ends_at": person.consent_ends_at, "version": person.version}
