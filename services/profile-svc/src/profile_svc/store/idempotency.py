"""Keys that callers give their POSTs, so that one which is sent twice is done once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.tables import idempotency


class KeyReused(Exception):
    """The key was used before for another request."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One use of a key. ``fingerprint`` is keyed, so that no body can be guessed from it."""

    organisation: str
    key: str | None
    fingerprint: bytes
    person_id: UUID
    resource_id: UUID


async def claim(connection: AsyncConnection, wanted: Claim) -> UUID | None:
    """Take the key, or give the id of what was made under it before; without a key there is nothing to take.

    A second request waits here until the first one's transaction has ended, so both cannot win.
    """
    if wanted.key is None:
        return None
    row = {
        "organisation": wanted.organisation,
        "key": wanted.key,
        "fingerprint": wanted.fingerprint,
        "person_id": wanted.person_id,
        "resource_id": wanted.resource_id,
        "created_at": datetime.now(UTC),
    }
    taken = insert(idempotency).values(row).on_conflict_do_nothing().returning(idempotency.c.key)
    if (await connection.execute(taken)).one_or_none() is not None:
        return None
    earlier = select(idempotency.c.fingerprint, idempotency.c.resource_id).where(
        idempotency.c.organisation == wanted.organisation, idempotency.c.key == wanted.key
    )
    fingerprint, resource_id = (await connection.execute(earlier)).one()
    if fingerprint != wanted.fingerprint:
        raise KeyReused("This Idempotency-Key was used before, for another request.")
    return UUID(str(resource_id))
