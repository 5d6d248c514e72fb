"""Notes about people, sealed under the key of the person they are about."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.store import shares
from profile_svc.store.selection import FACTS, condition
from profile_svc.tables import notes, persons
from stena.contracts.condition import Residual

# The facts of a note are its person's, but a note was made by who wrote it.
_NOTE_FACTS: Final = {**FACTS, "created_by": notes.c.written_by, "shared": shares.LIVE}
# The same as if it was shared with nobody: what is its writer's alone.
_UNSHARED: Final = literal([], ARRAY(Text))
_OWN_FACTS: Final = {**_NOTE_FACTS, "shared": _UNSHARED}
_COLUMNS: Final = (
    notes.c.note_id,
    notes.c.written_at,
    notes.c.written_by,
    notes.c.acting_user,
    notes.c.language,
    notes.c.sealed,
)


class SealedNote(NamedTuple):
    """A note as it is stored; ``sealed`` holds its text. ``shared_until``: how long whoever asks may see it by a share."""

    note_id: UUID
    written_at: datetime
    written_by: str
    acting_user: str | None
    language: str | None
    sealed: str
    shared_until: datetime | None


class ReleasedNote(NamedTuple):
    """A note with what its writer said of others in it; ``masked`` holds the marked words, sealed."""

    note: SealedNote
    about_others: Literal["none", "marked", "withheld"] | None
    masked: str | None


async def may_write(connection: AsyncConnection, person_id: UUID, rows: Residual, organisation: str) -> bool:
    """Whether ``rows`` holds for a note about the person by ``organisation``."""
    return (await connection.execute(_noted(person_id, rows, organisation))).one_or_none() is not None


async def lock_to_write(connection: AsyncConnection, person_id: UUID, rows: Residual, organisation: str) -> bool:
    """The same, and nobody erases the person before the transaction ends."""
    locked = _noted(person_id, rows, organisation).with_for_update(read=True)
    return (await connection.execute(locked)).one_or_none() is not None


async def find(
    connection: AsyncConnection, person_id: UUID, rows: Residual, addressed: Iterable[str], after: UUID | None, most: int
) -> Sequence[SealedNote]:
    """So many notes that the grant's rows let be seen, newest first, older than ``after``. ``addressed``: what shares reach."""
    seen = (
        select(*_COLUMNS, shares.until(addressed))
        .join(persons, persons.c.person_id == notes.c.person_id)
        .where(notes.c.person_id == person_id, condition(rows, _NOTE_FACTS))
        .order_by(notes.c.note_id.desc())
        .limit(most)
    )
    older = seen if after is None else seen.where(notes.c.note_id < after)
    return [SealedNote(*row) for row in await connection.execute(older)]


async def get(connection: AsyncConnection, person_id: UUID, note_id: UUID) -> SealedNote:
    wanted = select(*_COLUMNS, null()).where(notes.c.person_id == person_id, notes.c.note_id == note_id)
    return SealedNote(*(await connection.execute(wanted)).one())


async def is_own(connection: AsyncConnection, person_id: UUID, note_id: UUID, rows: Residual) -> bool:
    """Whether ``rows`` would hold for the note if nobody had shared it; the person stays until the transaction ends."""
    wanted = (
        select(notes.c.note_id)
        .join(persons, persons.c.person_id == notes.c.person_id)
        .where(notes.c.person_id == person_id, notes.c.note_id == note_id, condition(rows, _OWN_FACTS))
        .with_for_update(read=True, of=persons)
    )
    return (await connection.execute(wanted)).one_or_none() is not None


async def release(connection: AsyncConnection, person_id: UUID, note_id: UUID, **columns: Any) -> None:
    """Write down whether, and with what masked, the person may read a note."""
    one = (notes.c.person_id == person_id, notes.c.note_id == note_id)
    await connection.execute(update(notes).where(*one).values(**columns))


async def released(connection: AsyncConnection, person_id: UUID, before: UUID | None, most: int) -> Sequence[ReleasedNote]:
    """So many notes about a person, by whomever, newest first."""
    columns = (*_COLUMNS, null(), notes.c.about_others, notes.c.masked)
    wanted = select(*columns).where(notes.c.person_id == person_id).order_by(notes.c.note_id.desc()).limit(most)
    older = wanted if before is None else wanted.where(notes.c.note_id < before)
    return [ReleasedNote(SealedNote(*row[:-2]), *row[-2:]) for row in await connection.execute(older)]


async def add(connection: AsyncConnection, person_id: UUID, columns: dict[str, Any]) -> None:
    await connection.execute(insert(notes).values(person_id=person_id, **columns))


def _noted(person_id: UUID, rows: Residual, organisation: str) -> Select[Any]:
    facts = {**FACTS, "created_by": literal(organisation, Text), "shared": _UNSHARED}
    return select(persons.c.person_id).where(persons.c.person_id == person_id, condition(rows, facts))
