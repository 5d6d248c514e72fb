"""Restrictions of processing (GDPR Art 18).

INVARIANT: the fact ``restricted`` says whether one is live: both change in one transaction, under the person's lock. One whose
time is up counts until somebody has written down that it ended: too long is safe, too short is not.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.rights_tables import restrictions
from profile_svc.store.records import StoredPerson, set_facts, stored
from profile_svc.tables import persons
from stena.contracts.rights import Ground


@dataclass(frozen=True, slots=True)
class StoredRestriction:
    """A row of ``restrictions``; ``sealed`` and ``sealed_announcement`` hold reasons."""

    person_id: UUID
    restriction_id: UUID
    ground: Ground
    recorded_at: datetime
    recorded_by: str
    sealed: str | None = None
    until: datetime | None = None
    announced_at: datetime | None = None
    announced_by: str | None = None
    sealed_announcement: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None


def imported(person_id: UUID, by: str, at: datetime) -> StoredRestriction:
    """What another system says without saying why."""
    return StoredRestriction(person_id, uuid4(), "protected-address", at, by)


async def add(connection: AsyncConnection, restriction: StoredRestriction) -> None:
    """Add a restriction; the caller has seen to the facts."""
    await connection.execute(insert(restrictions).values(asdict(restriction)))


async def of_person(connection: AsyncConnection, person_id: UUID) -> Sequence[StoredRestriction]:
    """Every restriction of a person, newest first."""
    wanted = select(restrictions).where(restrictions.c.person_id == person_id)
    newest_first = wanted.order_by(restrictions.c.recorded_at.desc(), restrictions.c.restriction_id.desc())
    return [StoredRestriction(**row) for row in (await connection.execute(newest_first)).mappings()]


async def get(connection: AsyncConnection, person_id: UUID, restriction_id: UUID) -> StoredRestriction | None:
    return next((each for each in await of_person(connection, person_id) if each.restriction_id == restriction_id), None)


async def announce(connection: AsyncConnection, restriction: StoredRestriction, **columns: Any) -> None:
    """Write down that a restriction will end, or has ended."""
    one = (restrictions.c.person_id == restriction.person_id, restrictions.c.restriction_id == restriction.restriction_id)
    await connection.execute(update(restrictions).where(*one).values(**columns))


async def refresh(connection: AsyncConnection, person: StoredPerson, at: datetime) -> StoredPerson:
    """Make the locked person's fact ``restricted`` what their restrictions say, and let followers know if that changes it."""
    live = select(restrictions.c.person_id).where(
        restrictions.c.person_id == person.person_id, restrictions.c.lifted_at.is_(None)
    )
    restricted = (await connection.execute(live.limit(1))).one_or_none() is not None
    return await set_facts(connection, person, person.facts.with_restricted(restricted), at)


async def end_expired(connection: AsyncConnection, now: datetime, most: int) -> int:
    """Write down that restrictions whose time is up have ended; the number of people concerned, at most so many."""
    over = (restrictions.c.lifted_at.is_(None), restrictions.c.until <= now)
    ids = select(restrictions.c.person_id).where(*over).order_by(restrictions.c.until).limit(most)
    locked = select(persons).where(persons.c.person_id.in_(ids)).with_for_update(skip_locked=True)
    people = [stored(row) for row in (await connection.execute(locked)).mappings()]
    for person in people:
        ended = update(restrictions).where(restrictions.c.person_id == person.person_id, *over)
        await connection.execute(ended.values(lifted_at=restrictions.c.until, lifted_by=restrictions.c.announced_by))
        await refresh(connection, person, now)
    return len(people)
