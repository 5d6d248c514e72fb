"""Whoever comes after an allocation is placed at once, by the prices that it taught."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime

import numpy as np
from fastapi import APIRouter, Response

from matching_svc.allocation.proposing import Market, arrival
from matching_svc.allocation.task import Task
from matching_svc.allocation_tasks import Job, Seat, task_of
from matching_svc.index import Stale
from matching_svc.routes.allocations import Allowed, done, require_current
from matching_svc.routes.parts import Built, answer
from matching_svc.store import Connection, allocation_arrivals, approvals, opportunities
from matching_svc.store import allocations as stored
from matching_svc.store.allocation_arrivals import Desk
from stena.contracts.allocation import Allocation, NewArrival, Placement
from stena.database import transaction
from stena.problems import Conflict, Unavailable

router = APIRouter(prefix="/allocations")


@router.post("/{allocation_id}/arrivals")
async def arrive(allocation_id: str, new: NewArrival, parts: Built, grant: Allowed) -> Response:
    """201; 200 for somebody of whom something is proposed already: that."""
    async with transaction(parts.database) as connection:
        allocation = done(await stored.find(connection, allocation_id, grant))
        if allocation.method != "optimal":
            raise Conflict("A stable allocation has no prices to place arrivals by.", slug="not-in-this-state")
        await require_current(connection, allocation, grant)
        desk = await allocation_arrivals.desk(connection, allocation_id)
        earlier = await stored.proposed(connection, allocation_id, new.people)
        if earlier is not None:
            return answer(earlier)
        job = await _job(connection, allocation, desk, new)
        try:
            task = task_of(job, parts.index, parts.knowledge, _today())
        except Stale as error:
            raise Unavailable("The matching index is being brought up to date. Try again shortly.") from error
        found = await asyncio.to_thread(_placed, task, desk, new)
        await allocation_arrivals.keep(connection, allocation_id, found)
    return answer(found, 201)


async def _job(connection: Connection, allocation: Allocation, desk: Desk, new: NewArrival) -> Job:
    """The same job as then with this one person, by what the caller sees of them now."""
    offered = tuple(await opportunities.by_ids(connection, desk.asked["opportunities"]))
    people = tuple(Seat(person, 0, required=False) for person in new.people)
    asked = {**desk.asked, "attributes": new.attributes, "fairness": None}
    return Job(allocation.id, allocation.kind, asked, people, offered, await approvals.named(connection, *offered))


def _placed(task: Task, desk: Desk, new: NewArrival) -> Placement:
    if not task.people:
        # Whoever matching does not know fits nothing, as in a ranking.
        nothing = {"score": None, "why": "nothing-open", "wanted": None, "alternative": None, "price": 0.0}
        return Placement.model_validate({"person": new.people[0], "opportunity": None, **nothing})
    return arrival(task, _market(task, desk, new.seats))


def _market(task: Task, desk: Desk, stated: Mapping[str, int]) -> Market:
    """Seats as stated, else those that the allocation has left; less what those hold who arrived before."""
    free = [each.capacity - each.filled - desk.placed.get(each.id, 0) for each in task.opportunities]
    ids = [each.id for each in task.opportunities]
    seats = np.array([max(0, stated.get(id_, there)) for id_, there in zip(ids, free, strict=True)], np.int64)
    taken = np.array([desk.arrived.get(id_, 0) for id_ in ids], np.int64)
    expected = max(1, desk.result["totals"]["people"])
    return Market(
        prices=np.array([desk.result["prices"].get(id_, 0.0) for id_ in ids]),
        seats=seats,
        left=np.maximum(0, seats - taken),
        to_come=max(0.0, 1 - desk.arrivals / expected),
    )


def _today() -> date:
    return datetime.now(UTC).date()
