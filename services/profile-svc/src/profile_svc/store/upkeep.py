"""Facts that time alone changes: consents that end, and people who come of age; and whether anything has come to its end."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.store.records import StoredPerson, stored
from profile_svc.tables import persons
from stena.statements import Statements

# Of each there is an index by the moment. To ask whether any is over would be planned as if a third of them were.
FIRST_CONSENT: Final = "SELECT min(consent_ends_at) FROM persons"
FIRST_REFERRAL: Final = "SELECT min(until) FROM referrals WHERE state IN ('in-progress', 'accepted')"
FIRST_RESTRICTION: Final = "SELECT min(until) FROM restrictions WHERE lifted_at IS NULL"


async def is_over(statements: Statements, first: str, now: datetime) -> bool:
    """Whether the ``first`` of them has ended. Asked again and again, and mostly in vain."""
    ((moment,),) = await statements.fetch(first)
    return moment is not None and moment <= now


async def with_ended_consents(connection: AsyncConnection, now: datetime, most: int) -> list[StoredPerson]:
    """People whose fact ``consents`` names one that has ended, locked. Those whom somebody else holds come next time."""
    wanted = select(persons).where(persons.c.consent_ends_at <= now).limit(most).with_for_update(skip_locked=True)
    return [stored(row) for row in (await connection.execute(wanted)).mappings()]


async def minors_after(connection: AsyncConnection, after: UUID | None, most: int) -> list[StoredPerson]:
    """Minors in the order of their ids, locked."""
    wanted = select(persons).where(persons.c.minor).order_by(persons.c.person_id).limit(most).with_for_update()
    if after is not None:
        wanted = wanted.where(persons.c.person_id > after)
    return [stored(row) for row in (await connection.execute(wanted)).mappings()]
