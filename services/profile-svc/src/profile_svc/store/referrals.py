"""Referrals from one organisation to another. The reason is sealed under the key of the person it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, insert, literal, select, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.casework_tables import referrals
from profile_svc.store.records import StoredPerson, stored
from profile_svc.store.selection import FACTS, condition
from profile_svc.tables import persons
from stena.contracts.access import Grant
from stena.contracts.casework import ReferralQuery, State
from stena.contracts.condition import Residual

# The facts of a referral are its person's, but it is the business of the two between whom it goes, and of nobody else.
_REFERRAL_FACTS: Final = {
    **FACTS,
    "created_by": referrals.c.sender,
    "assigned": array([referrals.c.sender, referrals.c.recipient], type_=Text),
}
_PENDING: Final = ("in-progress", "accepted")


@dataclass(frozen=True, slots=True)
class StoredReferral:
    """A row of ``referrals``; ``sealed`` holds the reason."""

    person_id: UUID
    referral_id: UUID
    sender: str
    recipient: str
    purpose: str
    sealed: str
    state: State
    created_at: datetime
    changed_at: datetime
    until: datetime | None


async def lock_to_send(connection: AsyncConnection, person_id: UUID, rows: Residual, sender: str) -> bool:
    """Whether ``rows`` holds for a referral by ``sender`` that is still to be made: until then the facts are the person's.

    Nobody erases the person before the transaction ends."""
    facts = {**FACTS, "created_by": literal(sender, Text)}
    wanted = select(persons.c.person_id).where(persons.c.person_id == person_id, condition(rows, facts))
    return (await connection.execute(wanted.with_for_update(read=True))).one_or_none() is not None


async def add(connection: AsyncConnection, referral: StoredReferral) -> None:
    await connection.execute(insert(referrals).values({column.name: getattr(referral, column.name) for column in referrals.c}))


async def get(connection: AsyncConnection, referral_id: UUID, rows: Residual = True) -> StoredReferral | None:
    """The referral, if the grant's rows hold."""
    found = await _fetch(connection, _seen(rows).where(referrals.c.referral_id == referral_id))
    return found[0] if found else None


async def find(connection: AsyncConnection, grant: Grant, query: ReferralQuery, after: UUID | None) -> Sequence[StoredReferral]:
    """So many and one more of the referrals that the organisation sent, or received, newest first, older than ``after``."""
    side = referrals.c.sender if query.direction == "out" else referrals.c.recipient
    page = _seen(grant.rows).where(side == grant.organisation).order_by(referrals.c.referral_id.desc()).limit(query.limit + 1)
    if query.state is not None:
        page = page.where(referrals.c.state == query.state)
    return await _fetch(connection, page if after is None else page.where(referrals.c.referral_id < after))


async def set_state(connection: AsyncConnection, person_id: UUID, referral_id: UUID, state: State, at: datetime) -> None:
    """The caller holds the person's lock."""
    one = update(referrals).where(referrals.c.person_id == person_id, referrals.c.referral_id == referral_id)
    await connection.execute(one.values(state=state, changed_at=at))


async def people_with_expired(connection: AsyncConnection, now: datetime, most: int) -> list[StoredPerson]:
    """People of whom a referral has reached its end, locked. Those whom somebody else holds come next time."""
    over = select(referrals.c.person_id).where(referrals.c.state.in_(_PENDING), referrals.c.until <= now).limit(most)
    wanted = select(persons).where(persons.c.person_id.in_(over)).with_for_update(skip_locked=True)
    return [stored(row) for row in (await connection.execute(wanted)).mappings()]


async def expire(connection: AsyncConnection, person_id: UUID, now: datetime) -> Sequence[UUID]:
    """Let the locked person's referrals that have reached their end expire; which these were."""
    over = update(referrals).where(
        referrals.c.person_id == person_id, referrals.c.state.in_(_PENDING), referrals.c.until <= now
    )
    done = over.values(state="expired", changed_at=now).returning(referrals.c.referral_id)
    return list(await connection.scalars(done))


def _seen(rows: Residual) -> Any:
    joined = select(referrals).join(persons, persons.c.person_id == referrals.c.person_id)
    return joined.where(condition(rows, _REFERRAL_FACTS))


async def _fetch(connection: AsyncConnection, wanted: Any) -> list[StoredReferral]:
    return [StoredReferral(**row) for row in (await connection.execute(wanted)).mappings()]
