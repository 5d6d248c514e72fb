"""What of a record says how long it is kept, and who was told that theirs ends."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, not_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.casework_tables import cases, referrals
from profile_svc.erasure_tables import retention_notices as notices
from profile_svc.keeping import CaseOf, Lasting
from profile_svc.store.records import StoredPerson, stored
from profile_svc.store.selection import condition
from profile_svc.tables import consents, persons
from stena.contracts.condition import Residual
from stena.contracts.retention import Notice

Place = tuple[datetime, UUID]
"""Where a walk through people in the order of their last change stands."""

_PENDING = ("in-progress", "accepted")


async def count_resting(connection: AsyncConnection, until: datetime) -> int:
    """How many people there are whose record was not changed since ``until``."""
    return await connection.scalar(select(func.count()).select_from(persons).where(persons.c.updated_at <= until)) or 0


async def resting(connection: AsyncConnection, until: datetime, after: Place | None, most: int) -> Sequence[StoredPerson]:
    """So many people whose record was not changed since ``until``, who has rested longest first."""
    wanted = select(persons).where(persons.c.updated_at <= until).order_by(persons.c.updated_at, persons.c.person_id)
    if after is not None:
        wanted = wanted.where(tuple_(persons.c.updated_at, persons.c.person_id) > tuple_(*after))
    return await _people(connection, wanted.limit(most))


async def told(connection: AsyncConnection, after: UUID | None, most: int) -> Sequence[StoredPerson]:
    """So many of those who were told, in the order of their ids."""
    wanted = select(persons).join(notices, notices.c.person_id == persons.c.person_id).order_by(persons.c.person_id).limit(most)
    return await _people(connection, wanted if after is None else wanted.where(persons.c.person_id > after))


async def lock_over(connection: AsyncConnection, now: datetime, most: int) -> Sequence[StoredPerson]:
    """So many of those whose notice is over, locked. Those whom somebody else holds come next time."""
    over = select(notices.c.person_id).where(notices.c.erased_from <= now).order_by(notices.c.erased_from).limit(most)
    return await _people(connection, select(persons).where(persons.c.person_id.in_(over)).with_for_update(skip_locked=True))


async def changed_at(connection: AsyncConnection, people: Sequence[UUID]) -> Mapping[UUID, datetime]:
    wanted = select(persons.c.person_id, persons.c.updated_at).where(persons.c.person_id.in_(people))
    return {row[0]: row[1] for row in await connection.execute(wanted)}


async def cases_of(connection: AsyncConnection, people: Sequence[UUID]) -> Mapping[UUID, Sequence[CaseOf]]:
    found = defaultdict[UUID, list[CaseOf]](list)
    wanted = select(cases.c.person_id, cases.c.organisation, cases.c.closed_at).where(cases.c.person_id.in_(people))
    for person, *case in await connection.execute(wanted):
        found[person].append(CaseOf(*case))
    return found


async def done_for(connection: AsyncConnection, people: Sequence[UUID]) -> Mapping[UUID, Sequence[Lasting]]:
    """Referrals and consents. What was agreed to is counted from its end, or from when it was said where it has none."""
    found = defaultdict[UUID, list[Lasting]](list)
    sent = select(referrals).where(referrals.c.person_id.in_(people))
    for row in await connection.execute(sent):
        ended = row.until if row.state in _PENDING else row.changed_at
        found[row.person_id].append(Lasting("referral", row.purpose, ended))
    said = select(
        consents.c.person_id, consents.c.purpose, func.max(func.coalesce(consents.c.expires_at, consents.c.recorded_at))
    )
    for person, purpose, ended in await connection.execute(
        said.where(consents.c.person_id.in_(people)).group_by(consents.c.person_id, consents.c.purpose)
    ):
        found[person].append(Lasting("consent", purpose, ended))
    return found


async def notices_of(connection: AsyncConnection, people: Sequence[UUID]) -> Mapping[UUID, Notice]:
    wanted = select(notices).where(notices.c.person_id.in_(people))
    return {row.person_id: Notice(told_at=row.told_at, erased_from=row.erased_from) for row in await connection.execute(wanted)}


async def tell(connection: AsyncConnection, people: Mapping[UUID, Notice]) -> None:
    """Give notice. Whoever was told already keeps the notice that they have."""
    rows = [{"person_id": person, **notice.model_dump()} for person, notice in people.items()]
    if rows:
        await connection.execute(insert(notices).on_conflict_do_nothing(), rows)


async def withdraw(connection: AsyncConnection, people: Sequence[UUID]) -> None:
    if people:
        await connection.execute(delete(notices).where(notices.c.person_id.in_(people)))


async def seen_notices(
    connection: AsyncConnection, rows: Residual, after: UUID | None, most: int
) -> Sequence[tuple[UUID, Notice]]:
    """So many notices to people for whom ``rows`` holds, who is erased first first, after that of ``after``."""
    wanted: Select[Any] = (
        select(notices)
        .join(persons, persons.c.person_id == notices.c.person_id)
        .where(condition(rows))
        .order_by(notices.c.erased_from, notices.c.person_id)
        .limit(most)
    )
    if after is not None:
        # Looked up under the same condition as the page: what nobody may see has no place either.
        place = select(notices.c.erased_from, notices.c.person_id).join(persons, persons.c.person_id == notices.c.person_id)
        here = place.where(notices.c.person_id == after, condition(rows)).subquery()
        wanted = wanted.join(here, _behind(here))
    return [
        (row.person_id, Notice(told_at=row.told_at, erased_from=row.erased_from)) for row in await connection.execute(wanted)
    ]


def _behind(here: Any) -> ColumnElement[bool]:
    later = notices.c.erased_from > here.c.erased_from
    return or_(later, and_(notices.c.erased_from == here.c.erased_from, notices.c.person_id > here.c.person_id))


async def _people(connection: AsyncConnection, wanted: Select[Any]) -> Sequence[StoredPerson]:
    # Who restricted the processing may want the record kept, for a claim of their own (GDPR Art 18(1)(b) and (c)).
    return [stored(row) for row in (await connection.execute(wanted.where(not_(persons.c.restricted)))).mappings()]
