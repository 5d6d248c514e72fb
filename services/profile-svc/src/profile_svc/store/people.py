"""Reading people: one, a page, some by id or by what names them. What is selected of them, ``selection`` alone says."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Select, Uuid, and_, bindparam, literal, or_, select, text, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.attributes import Attributes
from profile_svc.disclosure import Selected, Selection
from profile_svc.filtering import Narrowing, Sort
from profile_svc.lookups import LookedFor
from profile_svc.store.selection import condition, member, named_people_seen, people_seen, read
from profile_svc.tables import lookups, persons
from stena.contracts.profile import Filter
from stena.statements import Spoken, Statements, spoken

_PERSON: Final = bindparam("person_id", type_=Uuid())
# What is read in several statements: whoever is amended between two of them would stand in both, and twice on a page.
_OF_ONE_MOMENT: Final = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


class PageGone(Exception):
    """The person with whom the page before ended is not among these people any more."""


async def find(connection: AsyncConnection, selection: Selection, person_id: UUID) -> Selected | None:
    """The person, if the grant's rows hold."""
    found = await _fetch(connection, selection, people_seen(selection).where(persons.c.person_id == person_id))
    return found[0] if found else None


async def find_some(statements: Statements, selection: Selection, ids: Collection[UUID]) -> list[Selected]:
    """Those of ``ids`` for whom the grant's rows hold, in no order and outside of a transaction."""
    return read(selection, await statements.ask(_some(selection), ids=list(ids)))


async def find_first(statements: Statements, selection: Selection, after: UUID | None, most: int) -> list[Selected]:
    """So many people in the order of their ids, outside of a transaction."""
    return read(selection, await statements.ask(_first(selection, after is not None), person_id=after, most=most))


@lru_cache(maxsize=1000)
def _some(selection: Selection) -> Spoken:
    return spoken(named_people_seen(selection, bindparam("ids", type_=ARRAY(Uuid()))))


@lru_cache(maxsize=1000)
def _first(selection: Selection, follows: bool) -> Spoken:
    statement = people_seen(selection).order_by(persons.c.person_id).limit(bindparam("most", type_=Integer()))
    return spoken(statement.where(persons.c.person_id > _PERSON) if follows else statement)


async def find_many(connection: AsyncConnection, selection: Selection, ids: Sequence[UUID]) -> list[Selected]:
    """Those of ``ids`` for whom the grant's rows hold, in no order."""
    return await _fetch(connection, selection, people_seen(selection).where(persons.c.person_id.in_(ids)))


async def find_after(connection: AsyncConnection, selection: Selection, after: UUID | None, most: int) -> list[Selected]:
    """So many people in the order of their ids."""
    statement = people_seen(selection).order_by(persons.c.person_id).limit(most)
    return await _fetch(connection, selection, statement if after is None else statement.where(persons.c.person_id > after))


async def find_page(
    connection: AsyncConnection,
    selection: Selection,
    narrowing: Narrowing,
    attributes: Attributes,
    after: UUID | None,
    most: int,
) -> list[Selected]:
    """So many people that pass the filters, in the order asked, after the person with whom the page before ended."""
    narrowed = [condition(residual) for residual in narrowing.conditions]
    narrowed += [_passes(filter_, attributes) for filter_ in narrowing.filters]
    among = people_seen(selection).where(*narrowed)
    if narrowing.sort is None:
        ordered = among.order_by(persons.c.person_id).limit(most)
        return await _fetch(connection, selection, ordered if after is None else ordered.where(persons.c.person_id > after))
    key = member("attributes", narrowing.sort.attribute)
    direction = key.desc() if narrowing.sort.descending else key.asc()
    ordered = among.order_by(direction.nulls_last(), persons.c.person_id)
    found: list[Selected] = []
    for stretch in await _stretches(connection, among, narrowing.sort, after):
        if len(found) < most:
            found += await _fetch(connection, selection, ordered.where(stretch).limit(most - len(found)))
    return found


async def _stretches(
    connection: AsyncConnection, among: Select[Any], sort: Sort, after: UUID | None
) -> list[ColumnElement[bool]]:
    """What is left of the order behind ``after``: one stretch behind the other, each of which an index leads straight to.
    Those without the attribute come last in either direction."""
    if after is None:
        return [true()]
    await connection.execute(_OF_ONE_MOMENT)
    key, later = member("attributes", sort.attribute), persons.c.person_id > after
    # Looked up under the same conditions as the page: where somebody unseen would stand is nobody's to learn.
    row = (await connection.execute(among.with_only_columns(key).where(persons.c.person_id == after))).one_or_none()
    if row is None:
        raise PageGone("The page before ended with a person who is not among these any more.")
    if row[0] is None:
        return [and_(key.is_(None), later)]
    last = literal(row[0], JSONB)
    further = _compare(key, "<" if sort.descending else ">", last)
    return [and_(_compare(key, "=", last), later), further, key.is_(None)]


async def find_named(connection: AsyncConnection, selection: Selection, wanted: LookedFor, most: int) -> list[Selected]:
    """So many people who have every token, in the order of their ids. Who is not visible is no part of the question."""
    named = [
        persons.c.person_id.in_(select(lookups.c.person_id).where(lookups.c.attribute == name, lookups.c.token == token))
        for name, token in wanted.tokens.items()
    ]
    narrowed = [condition(residual) for residual in wanted.conditions]
    statement = people_seen(selection).where(*named, *narrowed)
    return await _fetch(connection, selection, statement.order_by(persons.c.person_id).limit(most))


async def _fetch(connection: AsyncConnection, selection: Selection, statement: Select[Any]) -> list[Selected]:
    return read(selection, await connection.execute(statement))


def _passes(filter_: Filter, attributes: Attributes) -> ColumnElement[bool]:
    name, value = filter_.attribute, filter_.value
    match filter_.operator:
        case "eq":
            return _contains({name: value})
        case "in":
            return or_(*(_contains({name: one}) for one in value))
        case "has":
            key = attributes.by_name[name].filter_key
            return _contains({name: [value if key is None else {key: value}]})
        case operator:
            sign = {"ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}[operator]
            return _compare(member("attributes", name), sign, literal(value, JSONB))


def _contains(part: Mapping[str, Any]) -> ColumnElement[bool]:
    """``attributes @> part``: what the index on the attributes answers."""
    return _compare(persons.c.attributes, "@>", literal(part, JSONB))


def _compare(left: ColumnElement[Any], sign: str, right: ColumnElement[Any]) -> ColumnElement[bool]:
    return left.op(sign, is_comparison=True)(right)
