"""Notes as their person may read them (GDPR Art 15): those that their writers released, with others masked in them.

INVARIANT: nothing of a note that was not released is shown but that it is there. What is sure to be about nobody else, only its
writer can say; what the writer overlooked is looked for besides, and masked when in doubt.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.lookups import texts_of, token
from profile_svc.masking import masked, stands_in, words
from profile_svc.noting import key_of, name_of
from profile_svc.sealing import PersonKey
from profile_svc.spelling import comparable
from profile_svc.store import lookups, notes
from profile_svc.store.notes import ReleasedNote
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere, opened
from stena.contracts.access import Grant
from stena.contracts.casework import NoteRelease

View = dict[str, Any]


async def release(vault: Vault, grant: Grant, person_id: UUID, note_id: UUID, said: NoteRelease) -> View:
    """Say whether the person may read an own note. Raises ``NotThere``, ``InvalidValues``."""
    async with vault.transaction() as connection:
        if not await notes.is_own(connection, person_id, note_id, grant.rows):
            raise NotThere("There is no such note for this caller.")
        key = await key_of(vault, person_id)
        note = await notes.get(connection, person_id, note_id)
        _require_marks(said, key.unseal(name_of(note_id), note.sealed))
        now = datetime.now(UTC)
        marked = key.seal(_marks(note_id), list(said.masked))
        await notes.release(connection, person_id, note_id, about_others=said.about_others, masked=marked, released_at=now)
    return {"about_others": said.about_others, "masked": said.masked, "released_at": now}


async def readable(
    vault: Vault,
    connection: Connection,
    person: StoredPerson,
    key: PersonKey,
    attributes: Attributes,
    found: Sequence[ReleasedNote],
) -> list[View]:
    """The notes as the person reads them; ``text`` is ``None`` where that of a note is withheld."""
    texts = {
        each.note.note_id: key.unseal(name_of(each.note.note_id), each.note.sealed) for each in found if _is_released(each)
    }
    own = _own(person, key, attributes)
    sought = frozenset[str]().union(*map(words, texts.values())) - own
    others = await lookups.of_others(connection, person.person_id, _tokens(vault, attributes, sought))
    return [_view(each, key, texts.get(each.note.note_id), own, others) for each in found]


def _view(each: ReleasedNote, key: PersonKey, text: str | None, own: Collection[str], others: Collection[str]) -> View:
    shown = None
    if text is not None:
        marked = key.unseal(_marks(each.note.note_id), each.masked) if each.masked else ()
        shown = masked(text, marked, own, others)
    return {
        "id": str(each.note.note_id),
        "written_at": each.note.written_at,
        "written_by": each.note.written_by,
        "language": each.note.language,
        "text": shown,
        "masked": shown != text,
        "withheld": None if text is not None else "not-released",
    }


def _is_released(each: ReleasedNote) -> bool:
    return each.about_others in ("none", "marked")


def _own(person: StoredPerson, key: PersonKey, attributes: Attributes) -> frozenset[str]:
    """How the person's own names, numbers and addresses are spelled: those stay."""
    kinds = {name: each.lookup for name, each in attributes.by_name.items() if each.lookup}
    values = opened(person, key, frozenset(kinds))
    return frozenset(
        comparable(kind, word)
        for name, kind in kinds.items()
        for text in texts_of(values.get(name))
        for word in (text, *text.split())
    ) - {""}


def _tokens(vault: Vault, attributes: Attributes, spellings: Collection[str]) -> Mapping[str, Mapping[bytes, str]]:
    names = [name for name, each in attributes.by_name.items() if each.lookup == "name"]
    return {name: {token(vault.index_key, name, each): each for each in spellings} for name in names}


def _require_marks(said: NoteRelease, text: str) -> None:
    faults = []
    if bool(said.masked) != (said.about_others == "marked"):
        faults.append(Fault(("masked",), "holds the words about others where about_others is marked, and nothing otherwise"))
    faults += [
        Fault(("masked", place), "does not stand in the note")
        for place, phrase in enumerate(said.masked)
        if not stands_in(phrase, text)
    ]
    if faults:
        raise InvalidValues(faults)


def _marks(note_id: UUID) -> str:
    """What the marked words are sealed as; no attribute has such a name."""
    return f"marks of note {note_id}"
