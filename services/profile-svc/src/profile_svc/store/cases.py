"""Cases: which organisations have to do with a person, and how that came about.

INVARIANT: the fact ``assigned`` names the organisations whose case is open, and nobody else: both change in one transaction,
under the person's lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Text, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.casework_tables import cases
from profile_svc.store.records import StoredPerson, set_facts
from profile_svc.store.selection import FACTS, condition
from profile_svc.tables import persons
from stena.contracts.casework import Basis
from stena.contracts.condition import Residual

# The facts of a case are its person's, but it was made for the organisation whose case it is.
_CASE_FACTS: Final = {**FACTS, "created_by": cases.c.organisation}


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A row of ``cases``; ``referral_id`` names the referral that it rests on."""

    person_id: UUID
    case_id: UUID
    organisation: str
    basis: Basis
    opened_at: datetime
    opened_by: str
    referral_id: UUID | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


def opened(person_id: UUID, organisation: str, basis: Basis, by: str, at: datetime, referral: UUID | None = None) -> StoredCase:
    return StoredCase(person_id, uuid4(), organisation, basis, at, by, referral)


async def add(connection: AsyncConnection, new: Iterable[StoredCase]) -> None:
    """Add cases; the caller has seen to the facts."""
    rows = [{column.name: getattr(case, column.name) for column in cases.c} for case in new]
    if rows:
        await connection.execute(insert(cases), rows)


async def may_have(connection: AsyncConnection, person_id: UUID, rows: Residual, organisation: str) -> bool:
    """Whether ``rows`` would hold for a case of the organisation: then the person is there for it, also where it has none."""
    facts = {**FACTS, "created_by": literal(organisation, Text)}
    wanted = select(persons.c.person_id).where(persons.c.person_id == person_id, condition(rows, facts))
    return (await connection.execute(wanted)).one_or_none() is not None


async def find(connection: AsyncConnection, person_id: UUID, rows: Residual) -> Sequence[StoredCase]:
    """The person's cases that the grant's rows let be seen, newest first."""
    return await _fetch(connection, cases.c.person_id == person_id, condition(rows, _CASE_FACTS))


async def get(connection: AsyncConnection, person_id: UUID, case_id: UUID, rows: Residual = True) -> StoredCase | None:
    found = await _fetch(connection, cases.c.person_id == person_id, cases.c.case_id == case_id, condition(rows, _CASE_FACTS))
    return found[0] if found else None


async def open_of(connection: AsyncConnection, person_id: UUID, organisation: str, basis: Basis) -> StoredCase | None:
    """An open case of the organisation that came about in this way."""
    found = await _fetch(
        connection,
        cases.c.person_id == person_id,
        cases.c.organisation == organisation,
        cases.c.basis == basis,
        cases.c.closed_at.is_(None),
    )
    return found[0] if found else None


async def has_own(connection: AsyncConnection, person_id: UUID, organisation: str) -> bool:
    """Whether the organisation has an open case that nobody gave it and nobody else can take back."""
    found = await _fetch(
        connection,
        cases.c.person_id == person_id,
        cases.c.organisation == organisation,
        cases.c.basis.in_(("registration", "import")),
        cases.c.closed_at.is_(None),
    )
    return bool(found)


async def close(connection: AsyncConnection, case: StoredCase, by: str, at: datetime) -> None:
    await _close(connection, by, at, cases.c.person_id == case.person_id, cases.c.case_id == case.case_id)


async def close_of_referral(
    connection: AsyncConnection, person_id: UUID, referral_id: UUID, by: str | None, at: datetime
) -> None:
    """Close the case that rests on a referral, if there is one; without ``by`` it was time that did."""
    await _close(connection, by, at, cases.c.person_id == person_id, cases.c.referral_id == referral_id)


async def refresh(connection: AsyncConnection, person: StoredPerson, at: datetime) -> StoredPerson:
    """Make the locked person's fact ``assigned`` what their open cases say, and let followers know if that changes it."""
    still_open = select(cases.c.organisation).where(cases.c.person_id == person.person_id, cases.c.closed_at.is_(None))
    facts = person.facts.with_assigned(await connection.scalars(still_open))
    return await set_facts(connection, person, facts, at)


async def _fetch(connection: AsyncConnection, *where: Any) -> list[StoredCase]:
    wanted = (
        select(cases)
        .join(persons, persons.c.person_id == cases.c.person_id)
        .where(*where)
        .order_by(cases.c.opened_at.desc(), cases.c.case_id.desc())
    )
    return [StoredCase(**row) for row in (await connection.execute(wanted)).mappings()]


async def _close(connection: AsyncConnection, by: str | None, at: datetime, *where: Any) -> None:
    await connection.execute(update(cases).where(*where, cases.c.closed_at.is_(None)).values(closed_at=at, closed_by=by))
