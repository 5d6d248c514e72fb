"""Sharing notes under a grant: by the organisation that wrote them, for a purpose, until a day, and no longer than it wants."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.store import notes, shares
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import Made, NotThere
from stena.contracts.access import Grant
from stena.contracts.casework import NewShare, Share

LONGEST: Final = timedelta(days=366)


async def share(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, note_id: UUID, wanted: NewShare, key: str | None
) -> Made:
    """Share a note. Raises ``InvalidValues``, ``NotThere``, ``KeyReused``."""
    now = datetime.now(UTC)
    _require_possible(wanted, grant, attributes, now)
    share_id = uuid7()
    fingerprint = vault.blind("request", "share", str(person_id), str(note_id), wanted.model_dump(mode="json"))
    async with vault.transaction() as connection:
        await _require_own(connection, grant, person_id, note_id)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, share_id))
        if earlier is None:
            await shares.add(connection, person_id, note_id, Share(id=str(share_id), shared_at=now, **wanted.model_dump()))
        made = await shares.get(connection, person_id, note_id, earlier or share_id)
    return Made(made.model_dump(), earlier is None)


async def read(vault: Vault, grant: Grant, person_id: UUID, note_id: UUID) -> Sequence[Share]:
    """With whom a note was shared: told to its writer's organisation, not to those who read it by a share.

    Raises ``NotThere``."""
    async with vault.transaction() as connection:
        await _require_own(connection, grant, person_id, note_id)
        return await shares.of_note(connection, person_id, note_id)


async def end(vault: Vault, grant: Grant, person_id: UUID, note_id: UUID, share_id: UUID) -> None:
    """End a share at once; again is as good as once. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        await _require_own(connection, grant, person_id, note_id)
        if not await shares.end(connection, person_id, note_id, share_id, datetime.now(UTC)):
            raise NotThere("There is no such share for this caller.")


async def _require_own(connection: Connection, grant: Grant, person_id: UUID, note_id: UUID) -> None:
    if not await notes.is_own(connection, person_id, note_id, grant.rows):
        raise NotThere("There is no such note for this caller.")


def _require_possible(wanted: NewShare, grant: Grant, attributes: Attributes, now: datetime) -> None:
    faults = []
    if wanted.purpose not in attributes.purposes:
        faults.append(Fault(("purpose",), "is not a purpose of the rulebook"))
    if wanted.recipient is not None and wanted.recipient not in attributes.organisations - {grant.organisation}:
        faults.append(Fault(("recipient",), "is not another organisation of the rulebook"))
    if not now < wanted.until <= now + LONGEST:
        faults.append(Fault(("until",), "has to be a moment to come, within a year"))
    if faults:
        raise InvalidValues(faults)
