"""Who was shown for an opportunity and what people decided of them. Added to; changed by the feed alone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, and_, column, delete, func, select, update, values
from sqlalchemy.dialects.postgresql import insert
from uuid_utils import uuid7

from matching_svc.outcome_tables import audited, selections, shown
from matching_svc.store import Connection
from matching_svc.tables import features
from stena.contracts.selections import NewSelection, Said, Selection, ShownPeople
from stena.problems import Conflict

_OF_PEOPLE: Final[tuple[Table, ...]] = (shown, selections, audited)


class NeverShown(Exception):
    """The person was not among the candidates that this organisation was shown for the opportunity."""


async def record_shown(
    connection: Connection, people: ShownPeople, purpose: str, opportunity: str, organisation: str, day: date
) -> None:
    """Once a day for each person: the best place of the day stands."""
    if not people.people:
        return
    statement = insert(shown)
    statement = statement.on_conflict_do_update(
        index_elements=list(shown.primary_key),
        set_={"rank": func.least(shown.c.rank, statement.excluded.rank), "model": statement.excluded.model},
    )
    fixed = {"purpose": purpose, "opportunity_id": opportunity, "organisation": organisation, "day": day, "model": people.model}
    rows = [{"person_id": person, "rank": rank, **fixed} for rank, person in enumerate(people.people, 1)]
    # In one order always, or two lists that are shown at once would wait for each other.
    await connection.execute(statement, sorted(rows, key=lambda row: str(row["person_id"])))


async def record_selection(
    connection: Connection,
    said: NewSelection,
    purpose: str,
    opportunity: str,
    organisation: str,
    acting_user: str,
    key: str | None,
) -> tuple[Selection, bool]:
    """What was decided, and whether it is new; raises ``NeverShown``, and ``Conflict`` for a key that came with another."""
    place = await _last_place(connection, said, purpose, opportunity, organisation)
    if place is None:
        raise NeverShown
    decided = {
        **said.model_dump(exclude={"person", "also"}),
        "person_id": place.person_id,
        "purpose": purpose,
        "selection_id": f"sel_{uuid7().hex}",
        "opportunity_id": opportunity,
        "organisation": organisation,
        "acting_user": acting_user,
        "rank": place.rank,
        "model": place.model,
        "decided_at": func.clock_timestamp(),
        "idempotency_key": key,
    }
    statement = insert(selections).values(decided).on_conflict_do_nothing(index_elements=["organisation", "idempotency_key"])
    row = (await connection.execute(statement.returning(selections))).one_or_none()
    if row is not None:
        return _selection(row), True
    return await _earlier(connection, said, opportunity, organisation, key), False


async def selections_of(
    connection: Connection, opportunity: str, organisation: str, limit: int, after: str | None
) -> Sequence[Selection]:
    """What this organisation's people decided, the newest first; one more than ``limit`` if there are more."""
    statement = (
        select(selections)
        .where(selections.c.opportunity_id == opportunity, selections.c.organisation == organisation)
        .order_by(selections.c.selection_id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(selections.c.selection_id < after)
    return [_selection(row) for row in await connection.execute(statement)]


async def follow(connection: Connection, purpose: str, renamed: Mapping[str, str], gone: Sequence[str]) -> None:
    """What the feed says of people, said of these tables: ``renamed`` from old id to new one."""
    names = values(column("old", Text), column("new", Text), name="names").data(list(renamed.items()))
    for table in _OF_PEOPLE:
        of_purpose = table.c.purpose == purpose
        if renamed:
            is_old = table.c.person_id == names.c.old
            # What stands under the new id already is the same; a feed that stumbled over it would never go on.
            await connection.execute(delete(table).where(of_purpose, is_old, _stands(table, names.c.new)))
            await connection.execute(update(table).where(of_purpose, is_old).values(person_id=names.c.new))
        if gone:
            await connection.execute(delete(table).where(of_purpose, table.c.person_id.in_(gone)))


async def forget_strangers(connection: Connection, purpose: str) -> None:
    """Whoever is not among the features of ``purpose``: after everybody was read anew, those whom nobody told us of."""
    for table in _OF_PEOPLE:
        known = select(features.c.person_id).where(features.c.purpose == purpose, features.c.person_id == table.c.person_id)
        await connection.execute(delete(table).where(table.c.purpose == purpose, ~known.exists()))


def _stands(table: Table, person: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the table has the same row for ``person``."""
    other = table.alias()
    rest = (key.name for key in table.primary_key if key.name != "person_id")
    same = (other.c[name] == table.c[name] for name in rest)
    return select(other.c.person_id).where(other.c.person_id == person, *same).exists()


async def _last_place(connection: Connection, said: NewSelection, purpose: str, opportunity: str, organisation: str) -> Any:
    of_this = and_(shown.c.purpose == purpose, shown.c.opportunity_id == opportunity, shown.c.organisation == organisation)
    statement = select(shown.c.person_id, shown.c.rank, shown.c.model)
    statement = statement.where(shown.c.person_id.in_([said.person, *said.also]), of_this)
    return (await connection.execute(statement.order_by(shown.c.day.desc()).limit(1))).one_or_none()


async def _earlier(
    connection: Connection, said: NewSelection, opportunity: str, organisation: str, key: str | None
) -> Selection:
    mine = and_(selections.c.organisation == organisation, selections.c.idempotency_key == key)
    row = (await connection.execute(select(selections).where(mine))).one()
    earlier = _selection(row)
    same = Said(**earlier.model_dump(include=set(Said.model_fields)))
    is_same = same == Said(**said.model_dump(include=set(Said.model_fields))) and earlier.person in (said.person, *said.also)
    if not is_same or row.opportunity_id != opportunity:
        raise Conflict("This Idempotency-Key came with another body before.", slug="idempotency-key-reused")
    return earlier


def _selection(row: Any) -> Selection:
    return Selection(
        id=row.selection_id,
        person=row.person_id,
        allocation=row.allocation_id,
        **{name: getattr(row, name) for name in Selection.model_fields if name not in ("id", "person", "allocation")},
    )
