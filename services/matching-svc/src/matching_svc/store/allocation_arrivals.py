"""Who arrives after an allocation, and what its places still have for them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_svc.allocation_tables import allocation_people, allocations
from stena.contracts.allocation import Placement


@dataclass(frozen=True, slots=True)
class Desk:
    """A past allocation: what was ``asked`` and what came of it. By opportunity, seats that its people hold (``placed``) and
    that those hold who arrived since (``arrived``); ``arrivals`` is how many there were."""

    asked: Mapping[str, Any]
    result: Mapping[str, Any]
    placed: Mapping[str, int]
    arrived: Mapping[str, int]
    arrivals: int


async def desk(connection: AsyncConnection, allocation_id: str) -> Desk:
    """Locked: two who arrive at once come one after the other, and get no seat twice."""
    mine = allocations.c.allocation_id == allocation_id
    found = (await connection.execute(select(allocations).where(mine).with_for_update())).mappings().one()
    placed, arrived = await _held(connection, allocation_id)
    count = select(func.count()).where(_of(allocation_id), allocation_people.c.arrived_at.is_not(None))
    return Desk(found["asked"], found["result"], placed, arrived, (await connection.execute(count)).scalar_one())


async def _held(connection: AsyncConnection, allocation_id: str) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """What a person decided holds a seat, and until then what was proposed."""
    people, placed, arrived = allocation_people, Counter[str](), Counter[str]()
    decided, proposed = (each["opportunity"].astext for each in (people.c.confirmed, people.c.proposal))
    where = case((people.c.confirmed.is_not(None), decided), else_=proposed).label("place")
    late = people.c.arrived_at.is_not(None).label("late")
    counted = select(where, late, func.count().label("seats")).where(_of(allocation_id)).group_by(where, late)
    for row in await connection.execute(counted):
        if row.place is not None:
            (arrived if row.late else placed)[row.place] = row.seats
    return placed, arrived


async def keep(connection: AsyncConnection, allocation_id: str, proposal: Placement) -> None:
    values = {
        "person_id": proposal.person,
        "allocation_id": allocation_id,
        "party": 0,
        "required": False,
        "arrived_at": func.clock_timestamp(),
        "proposal": proposal.model_dump(mode="json", exclude={"person", "confirmed"}),
    }
    await connection.execute(insert(allocation_people).values(values))


def _of(allocation_id: str) -> Any:
    return allocation_people.c.allocation_id == allocation_id
