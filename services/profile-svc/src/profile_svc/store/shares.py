"""With whom notes are shared.

INVARIANT: a share that has ended, or whose time is up, is in no fact: what is live is asked of the clock with every query, so
that it ends on the second and not when somebody sweeps.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.casework_tables import note_shares
from profile_svc.tables import notes
from stena.contracts.casework import Share

# `purpose`, or `purpose@recipient`: NULL is left out.
_TOKEN: Final = func.concat_ws("@", note_shares.c.purpose, note_shares.c.recipient, type_=Text())
_LIVE_OF_THE_NOTE: Final = and_(
    note_shares.c.person_id == notes.c.person_id,
    note_shares.c.note_id == notes.c.note_id,
    note_shares.c.ended_at.is_(None),
    note_shares.c.until > func.clock_timestamp(),
)

LIVE: Final[ColumnElement[Any]] = func.array(
    select(_TOKEN).where(_LIVE_OF_THE_NOTE).correlate(notes).scalar_subquery(), type_=ARRAY(Text)
)
"""The fact ``shared`` of a row of ``notes``."""


def until(addressed: Iterable[str]) -> ColumnElement[Any]:
    """Until when a row of ``notes`` is shared with whoever is so addressed; NULL: not."""
    latest = select(func.max(note_shares.c.until, type_=DateTime(timezone=True)))
    return latest.where(_LIVE_OF_THE_NOTE, _TOKEN.in_(list(addressed))).correlate(notes).scalar_subquery()


async def of_note(connection: AsyncConnection, person_id: UUID, note_id: UUID) -> Sequence[Share]:
    """Every share of a note, ended ones too, newest first."""
    wanted = _shares().where(note_shares.c.person_id == person_id, note_shares.c.note_id == note_id)
    return [_share(row) for row in await connection.execute(wanted.order_by(note_shares.c.share_id.desc()))]


async def get(connection: AsyncConnection, person_id: UUID, note_id: UUID, share_id: UUID) -> Share:
    return _share((await connection.execute(_shares().where(*_one(person_id, note_id, share_id)))).one())


async def add(connection: AsyncConnection, person_id: UUID, note_id: UUID, share: Share) -> None:
    columns = {**share.model_dump(exclude={"id"}), "share_id": UUID(share.id)}
    await connection.execute(insert(note_shares).values(person_id=person_id, note_id=note_id, **columns))


async def end(connection: AsyncConnection, person_id: UUID, note_id: UUID, share_id: UUID, at: datetime) -> bool:
    """Whether there is such a share; one that has ended keeps the moment of it."""
    one = _one(person_id, note_id, share_id)
    ended = func.coalesce(note_shares.c.ended_at, at)
    done = await connection.execute(update(note_shares).where(*one).values(ended_at=ended).returning(note_shares.c.share_id))
    return done.one_or_none() is not None


def _one(person_id: UUID, note_id: UUID, share_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return note_shares.c.person_id == person_id, note_shares.c.note_id == note_id, note_shares.c.share_id == share_id


def _shares() -> Any:
    return select(*(column for column in note_shares.c if column.name not in ("person_id", "note_id")))


def _share(row: Any) -> Share:
    columns = dict(row._mapping)
    return Share(id=str(columns.pop("share_id")), **columns)
