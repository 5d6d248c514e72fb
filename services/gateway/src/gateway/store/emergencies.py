"""Emergency accesses and their reviews in the database: added and read, never changed.

INVARIANT: what was said opens one access to a person, and one alone, however many calls say it at once.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.tables import emergency_accesses as accesses
from gateway.tables import emergency_reviews as reviews
from stena.contracts.condition import Residual
from stena.database import sql_condition, transaction

State = Literal["open", "done"]
Outcome = Literal["justified", "unjustified", "needs-follow-up"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What was said, of whom, by whom. ``statement`` is a digest of the words: two openings with the same one are the same."""

    person_id: UUID
    access_id: UUID
    organisation: str
    client: str
    acting_user: str
    purpose: str
    justification: str
    statement: bytes
    decision: str
    opened_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What came of an access. ``idempotency_key`` is the caller's, so that a request sent twice is answered twice."""

    outcome: Outcome
    comment: str
    reviewed_at: datetime
    reviewed_by: str
    acting_user: str | None
    decision: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Reviewable:
    """An access as whoever reviews it sees it; ``review`` is ``None`` as long as nobody has."""

    access: Opening
    review: Review | None


class Ended(Exception):
    """What was said was good for one of the people, and is so no longer."""


async def open_once(engine: AsyncEngine, wanted: Sequence[Opening]) -> list[Opening]:
    """For each person the access that what was said opens, or opened before. All ``wanted`` are of one statement and moment.

    Raises ``Ended``, and then opens none of them.
    """
    first = wanted[0]
    rows = insert(accesses).values([asdict(each) for each in wanted]).on_conflict_do_nothing()
    same = select(accesses).where(
        accesses.c.person_id.in_([each.person_id for each in wanted]),
        accesses.c.organisation == first.organisation,
        accesses.c.purpose == first.purpose,
        accesses.c.acting_user == first.acting_user,
        accesses.c.statement == first.statement,
    )
    async with transaction(engine) as connection:
        await connection.execute(rows)
        found = [Opening(**row) for row in (await connection.execute(same)).mappings()]
        if any(each.ends_at <= first.opened_at for each in found):
            raise Ended
    return found


async def page(engine: AsyncEngine, rows: Residual, state: State, after: UUID | None, most: int) -> list[Reviewable]:
    """So many accesses in the order in which they were opened, as far as ``rows`` of the grant lets them be seen."""
    reviewed = reviews.c.access_id.is_(None) if state == "open" else reviews.c.access_id.is_not(None)
    wanted = _reviewable(rows).where(reviewed).order_by(accesses.c.access_id).limit(most)
    if after is not None:
        wanted = wanted.where(accesses.c.access_id > after)
    async with transaction(engine) as connection:
        return [_read(row) for row in await connection.execute(wanted)]


async def review_once(engine: AsyncEngine, access_id: UUID, rows: Residual, review: Review) -> Reviewable | None:
    """The access with its one review, which is ``review`` if nobody was faster; ``None`` if ``rows`` leaves it out."""
    async with transaction(engine) as connection:
        found = await _find(connection, access_id, rows)
        if found is None or found.review is not None:
            return found
        row = {"person_id": found.access.person_id, "access_id": access_id, **asdict(review)}
        await connection.execute(insert(reviews).values(row).on_conflict_do_nothing())
        return await _find(connection, access_id, rows)


async def _find(connection: AsyncConnection, access_id: UUID, rows: Residual) -> Reviewable | None:
    row = (await connection.execute(_reviewable(rows).where(accesses.c.access_id == access_id))).one_or_none()
    return None if row is None else _read(row)


_REVIEW: Final = [reviews.c[name] for name in Review.__dataclass_fields__]
_OPENING: Final = [accesses.c[name] for name in Opening.__dataclass_fields__]


def _reviewable(rows: Residual) -> Select[Any]:
    """``rows`` may speak of the one fact that there is: the maker is the organisation that broke the glass."""
    pair = (accesses.c.person_id == reviews.c.person_id) & (accesses.c.access_id == reviews.c.access_id)
    seen = sql_condition(rows, {"created_by": accesses.c.organisation})
    return select(*_OPENING, *_REVIEW).join(reviews, pair, isouter=True).where(seen)


def _read(row: Any) -> Reviewable:
    opening, review = row[: len(_OPENING)], row[len(_OPENING) :]
    return Reviewable(Opening(*opening), None if review[0] is None else Review(*review))
