"""Consents: a row for everything that was ever said, the newest of a purpose and recipient being what holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from profile_svc.facts import live_consents
from profile_svc.store.records import StoredPerson, set_facts
from profile_svc.tables import consents
from stena.contracts.profile import Consent


async def newest(connection: AsyncConnection, person_id: UUID) -> tuple[Consent, ...]:
    """What holds for each purpose and recipient, in their order."""
    return tuple(_consent(row) for row in await connection.execute(_newest(person_id)))


async def newest_for(connection: AsyncConnection, person_id: UUID, purpose: str, recipient: str | None) -> Consent | None:
    one = _newest(person_id).where(consents.c.purpose == purpose, consents.c.recipient.is_not_distinct_from(recipient))
    row = (await connection.execute(one)).one_or_none()
    return None if row is None else _consent(row)


async def record(connection: AsyncConnection, person: StoredPerson, said: Sequence[Consent], at: datetime) -> None:
    """Add what was said, and bring the locked person's fact ``consents`` in line in the same transaction."""
    await add(connection, [(person.person_id, consent) for consent in said])
    await refresh(connection, person, at)


async def add(connection: AsyncConnection, said: Sequence[tuple[UUID, Consent]]) -> None:
    """Add what was said; the caller has seen to the facts."""
    rows = [{"person_id": person_id, "consent_id": uuid7(), **consent.model_dump()} for person_id, consent in said]
    if rows:
        await connection.execute(insert(consents), rows)


async def refresh(connection: AsyncConnection, person: StoredPerson, at: datetime) -> None:
    """Make the locked person's fact ``consents`` what their consents say at this moment."""
    now_held = await newest(connection, person.person_id)
    live = live_consents(((one.purpose, one.recipient, one.state, one.expires_at) for one in now_held), at)
    await set_facts(connection, person, person.facts.with_consents(live.tokens), at, consent_ends_at=live.next_end)


def _newest(person_id: UUID) -> Select[Any]:
    said = (consents.c.purpose, consents.c.recipient)
    rest = (column for column in consents.c if column not in (consents.c.person_id, consents.c.consent_id, *said))
    return (
        select(*said, *rest)
        .where(consents.c.person_id == person_id)
        .ext(distinct_on(*said))
        # Ids grow with time, also within one millisecond of one process; people are locked while they get a new one.
        .order_by(*said, consents.c.recorded_at.desc(), consents.c.consent_id.desc())
    )


def _consent(row: Row[Any]) -> Consent:
    return Consent(**row._mapping)
