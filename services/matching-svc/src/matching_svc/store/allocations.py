"""Allocations in PostgreSQL, as their callers know them: asked for, read, cancelled, confirmed."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import RowMapping, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from matching_svc.allocation_tables import allocation_people, allocations
from matching_svc.store.opportunities import by_ids
from stena.contracts.access import Grant
from stena.contracts.allocation import Allocation, Confirmed, NewAllocation, Placement
from stena.contracts.matching import Opportunity
from stena.problems import Conflict

Row = tuple[str, str, int, bool, str | None]

_COLUMNS: Final = ["person_id", "allocation_id", "party", "required", "wishes"]
_ASKED: Final = {"opportunities", "attributes", "fairness", "method", "conditions"}
"""What of a job is kept with it; whom it is about stands in rows of their own."""


async def create(connection: AsyncConnection, new: NewAllocation, grant: Grant, key: str | None) -> tuple[str, bool]:
    """Queue ``new``, or find what the same ``key`` queued before; the second value says whether it is new."""
    allocation_id, fingerprint = f"alc_{uuid7().hex}", _fingerprint(new)
    values = {
        "allocation_id": allocation_id,
        "organisation": grant.organisation,
        "purpose": grant.purpose,
        "kind": new.kind,
        "asked": new.model_dump(mode="json", include=_ASKED),
        "idempotency_key": key,
        "fingerprint": fingerprint,
    }
    taken = await connection.execute(upsert(allocations).values(values).on_conflict_do_nothing())
    if taken.rowcount == 0:
        return await _earlier(connection, grant, key, fingerprint), False
    await _fill(connection, _people(new, allocation_id))
    return allocation_id, True


async def _fill(connection: AsyncConnection, rows: list[Row]) -> None:
    """By COPY: so many people at once are no single inserts."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    await driver.copy_records_to_table(allocation_people.name, records=rows, columns=_COLUMNS, timeout=60)


async def find(connection: AsyncConnection, allocation_id: str, grant: Grant) -> Allocation | None:
    """Without its placements. Only for the organisation and purpose that asked for it; ``None`` for every other."""
    statement = select(allocations).where(_own(allocation_id, grant))
    found = (await connection.execute(statement)).mappings().one_or_none()
    return None if found is None else _allocation(found)


async def placements(connection: AsyncConnection, allocation_id: str, after: str, limit: int) -> list[Placement]:
    """What is proposed, by id of the person, after ``after``."""
    people = allocation_people
    statement = (
        select(people)
        .where(people.c.allocation_id == allocation_id, people.c.person_id > after, people.c.proposal.is_not(None))
        .order_by(people.c.person_id)
        .limit(limit)
    )
    return [
        Placement(person=row["person_id"], confirmed=row["confirmed"], **row["proposal"])
        for row in (await connection.execute(statement)).mappings()
    ]


async def proposed(connection: AsyncConnection, allocation_id: str, people: Sequence[str]) -> Placement | None:
    """What is proposed for the one person behind ``people``."""
    mine = (allocation_people.c.allocation_id == allocation_id) & allocation_people.c.person_id.in_(people)
    statement = select(allocation_people).where(mine, allocation_people.c.proposal.is_not(None)).limit(1)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else Placement(person=row["person_id"], confirmed=row["confirmed"], **row["proposal"])


async def offered(connection: AsyncConnection, allocation_id: str) -> Sequence[Opportunity]:
    """The opportunities that people were to be placed at, as they are now."""
    asked = select(allocations.c.asked["opportunities"]).where(allocations.c.allocation_id == allocation_id)
    return await by_ids(connection, (await connection.execute(asked)).scalar_one())


async def cancel(connection: AsyncConnection, allocation_id: str, grant: Grant) -> None:
    """Whoever works on it hears of it within a second. What has ended stays as it is."""
    statement = update(allocations).where(_own(allocation_id, grant), allocations.c.state.in_(["queued", "running"]))
    await connection.execute(statement.values(state="cancelled", runner=None, updated_at=func.clock_timestamp()))


async def confirm(connection: AsyncConnection, allocation_id: str, people: Sequence[str], said: Confirmed) -> None:
    """``people`` are the ids of one person."""
    mine = (allocation_people.c.allocation_id == allocation_id) & allocation_people.c.person_id.in_(people)
    await connection.execute(update(allocation_people).where(mine).values(confirmed=said.model_dump(mode="json")))


async def follow(connection: AsyncConnection, renamed: Mapping[str, str], ended: Sequence[str]) -> None:
    """What the feed tells: people are named anew (former id → new one), or no longer disclosed, and in no proposal either."""
    for former, now in renamed.items():
        known = allocation_people.c.person_id == former
        await connection.execute(update(allocation_people).where(known).values(person_id=now))
    if ended:
        await connection.execute(delete(allocation_people).where(allocation_people.c.person_id.in_(ended)))


def _own(allocation_id: str, grant: Grant) -> Any:
    """INVARIANT: a proposal is seen by the organisation that asked for it, under the purpose that it asked under."""
    return (
        (allocations.c.allocation_id == allocation_id)
        & (allocations.c.organisation == grant.organisation)
        & (allocations.c.purpose == grant.purpose)
    )


async def _earlier(connection: AsyncConnection, grant: Grant, key: str | None, fingerprint: str) -> str:
    mine = (allocations.c.organisation == grant.organisation) & (allocations.c.idempotency_key == literal(key))
    earlier = (await connection.execute(select(allocations).where(mine))).mappings().one()
    if earlier["fingerprint"] != fingerprint:
        raise Conflict("This Idempotency-Key came with another body before.", slug="idempotency-key-reused")
    return str(earlier["allocation_id"])


def _people(new: NewAllocation, allocation_id: str) -> list[Row]:
    """Everybody once, with the number of their party; as ``_COLUMNS`` has it."""
    party = {person: at for at, group in enumerate(new.together) for person in group}
    required, alone = frozenset(new.required), len(new.together)
    wishes = {each.person: orjson.dumps(each.opportunities).decode() for each in new.wishes}
    return [
        (person, allocation_id, party.get(person, alone + at), person in required, wishes.get(person))
        for at, person in enumerate(dict.fromkeys(new.people))
    ]


def _fingerprint(new: NewAllocation) -> str:
    return hashlib.sha256(orjson.dumps(new.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _allocation(row: RowMapping) -> Allocation:
    said = row["result"] or {}
    return Allocation(
        id=row["allocation_id"],
        kind=row["kind"],
        method=row["asked"].get("method", "optimal"),
        model=said.get("model"),
        state=row["state"],
        stage=row["stage"],
        progress=row["progress"],
        reason=row["reason"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        totals=said.get("totals"),
        shortage=said.get("shortage"),
        conditions=row["asked"].get("conditions", ()),
    )
