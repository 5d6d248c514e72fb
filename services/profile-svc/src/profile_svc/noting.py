"""Notes under a grant: free text that its writer's organisation sees, and those with whom it is shared.

A person is visible here if the caller would see a note about them that they wrote themselves.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.sealing import PersonKey
from profile_svc.store import notes
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.notes import SealedNote
from profile_svc.store.vault import Vault
from profile_svc.writing import Made, NotThere
from stena.contracts.access import Grant
from stena.contracts.casework import NewNote


async def read(
    vault: Vault, grant: Grant, person_id: UUID, after: UUID | None, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """A page of notes, newest first, and whether there are more. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        if not await notes.may_write(connection, person_id, grant.rows, grant.organisation):
            raise NotThere("There is no such person for this caller.")
        found = await notes.find(connection, person_id, grant.rows, _addressed(grant), after, limit + 1)
    key = await key_of(vault, person_id)
    return [_note(note, key, grant) for note in found[:limit]], len(found) > limit


async def write(vault: Vault, grant: Grant, person_id: UUID, note: NewNote, idempotency_key: str | None) -> Made:
    """Add a note. Raises ``NotThere``, ``KeyReused``."""
    note_id = uuid7()
    fingerprint = vault.blind("request", "note", str(person_id), note.model_dump())
    async with vault.transaction() as connection:
        if not await notes.lock_to_write(connection, person_id, grant.rows, grant.organisation):
            raise NotThere("There is no such person for this caller.")
        key = await key_of(vault, person_id)
        earlier = await claim(connection, Claim(grant.organisation, idempotency_key, fingerprint, person_id, note_id))
        if earlier is None:
            await notes.add(connection, person_id, _columns(note_id, note, grant, key))
        made = await notes.get(connection, person_id, earlier or note_id)
    return Made(_note(made, key, grant), earlier is None)


async def key_of(vault: Vault, person_id: UUID) -> PersonKey:
    """The person's key; raises ``NotThere`` for who was erased."""
    keys = await vault.person_keys.fetch([person_id])
    if person_id not in keys:
        raise NotThere("There is no such person for this caller.")
    return keys[person_id]


def _columns(note_id: UUID, note: NewNote, grant: Grant, key: PersonKey) -> dict[str, Any]:
    return {
        "note_id": note_id,
        "written_at": datetime.now(UTC),
        "written_by": grant.organisation,
        "acting_user": grant.acting_user,
        "language": note.language,
        "sealed": key.seal(name_of(note_id), note.text),
    }


def _addressed(grant: Grant) -> tuple[str, str]:
    """How a share reaches the caller: by the purpose, or by the purpose and the organisation."""
    return grant.purpose, f"{grant.purpose}@{grant.organisation}"


def _note(note: SealedNote, key: PersonKey, grant: Grant) -> dict[str, Any]:
    """A ``stena.contracts.casework.Note`` as JSON. Who in another organisation wrote it is that organisation's own affair."""
    own = note.written_by == grant.organisation
    return {
        "id": str(note.note_id),
        "written_at": note.written_at,
        "written_by": note.written_by,
        "acting_user": note.acting_user if own else None,
        "language": note.language,
        "shared_until": None if own else note.shared_until,
        "text": key.unseal(name_of(note.note_id), note.sealed),
    }


def name_of(note_id: UUID) -> str:
    """What a note's text is sealed as; no attribute has such a name."""
    return f"note {note_id}"
