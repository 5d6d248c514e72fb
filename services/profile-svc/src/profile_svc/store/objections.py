"""Objections (GDPR Art 21) and what was decided about them.

INVARIANT: the fact ``objections`` says what they stop: both change in one transaction, under the person's lock.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.objections import Decided, Objected, tokens
from profile_svc.rights_tables import objection_decisions, objections
from profile_svc.store.records import StoredPerson, set_facts
from profile_svc.store.selection import condition
from profile_svc.tables import persons
from stena.contracts.access import Grant
from stena.contracts.rights import RightsQuery


async def add(connection: AsyncConnection, objection: Objected) -> None:
    """Add an objection; the caller sees to the fact."""
    columns = {name: value for name, value in asdict(objection).items() if name != "decisions"}
    await connection.execute(insert(objections).values(columns))


async def decide(connection: AsyncConnection, objection: Objected, decided: Decided) -> None:
    """Add a decision; the caller sees to the fact."""
    about = {"person_id": objection.person_id, "objection_id": objection.objection_id}
    await connection.execute(insert(objection_decisions).values({**about, **asdict(decided)}))


async def withdraw(connection: AsyncConnection, objection: Objected, at: datetime) -> None:
    """Write down that the person took it back; the caller sees to the fact."""
    one = (objections.c.person_id == objection.person_id, objections.c.objection_id == objection.objection_id)
    await connection.execute(update(objections).where(*one, objections.c.withdrawn_at.is_(None)).values(withdrawn_at=at))


async def of_person(connection: AsyncConnection, person_id: UUID) -> Sequence[Objected]:
    """Every objection of a person, newest first."""
    wanted = select(objections).where(objections.c.person_id == person_id)
    return await _fetch(connection, wanted.order_by(objections.c.made_at.desc(), objections.c.objection_id.desc()))


async def addressed(connection: AsyncConnection, grant: Grant, person_id: UUID) -> Sequence[Objected]:
    """Those of a person that concern the caller and that the grant's rows let be seen, newest first."""
    wanted = _addressed(grant).where(objections.c.person_id == person_id)
    return await _fetch(connection, wanted.order_by(objections.c.made_at.desc(), objections.c.objection_id.desc()))


async def waiting(connection: AsyncConnection, grant: Grant, query: RightsQuery, after: UUID | None) -> Sequence[Objected]:
    """A page, and one more, of those that wait for the caller's decision, oldest first."""
    own = objection_decisions.c
    decided = exists().where(
        own.person_id == objections.c.person_id,
        own.objection_id == objections.c.objection_id,
        own.organisation == grant.organisation,
    )
    wanted = _addressed(grant).where(objections.c.withdrawn_at.is_(None), ~decided)
    later = wanted if after is None else wanted.where(objections.c.objection_id > after)
    return await _fetch(connection, later.order_by(objections.c.objection_id).limit(query.limit + 1))


async def refresh(connection: AsyncConnection, person: StoredPerson, at: datetime) -> StoredPerson:
    """Make the locked person's fact ``objections`` what theirs say, and let followers know if that changes it."""
    stopped = tokens(await of_person(connection, person.person_id))
    return await set_facts(connection, person, person.facts.with_objections(stopped), at)


def _addressed(grant: Grant) -> Select[Any]:
    mine = or_(
        objections.c.recipient == grant.organisation,
        and_(objections.c.recipient.is_(None), objections.c.covers.contains([grant.organisation])),
    )
    return (
        select(objections)
        .join(persons, persons.c.person_id == objections.c.person_id)
        .where(objections.c.purpose == grant.purpose, mine, condition(grant.rows))
    )


async def _fetch(connection: AsyncConnection, wanted: Select[Any]) -> list[Objected]:
    rows = list((await connection.execute(wanted)).mappings())
    decisions = await _decisions(connection, {row["person_id"] for row in rows})
    return [
        Objected(**{**row, "covers": tuple(row["covers"])}, decisions=tuple(decisions[row["objection_id"]])) for row in rows
    ]


async def _decisions(connection: AsyncConnection, people: set[UUID]) -> dict[UUID, list[Decided]]:
    found: defaultdict[UUID, list[Decided]] = defaultdict(list)
    if people:
        wanted = select(objection_decisions).where(objection_decisions.c.person_id.in_(people))
        for row in (await connection.execute(wanted.order_by(objection_decisions.c.decision_id))).mappings():
            columns = {name: value for name, value in row.items() if name not in ("person_id", "objection_id")}
            found[row["objection_id"]].append(Decided(**columns))
    return found
