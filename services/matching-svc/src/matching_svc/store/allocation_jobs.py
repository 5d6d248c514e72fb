"""Allocations in PostgreSQL, as those who work on them know them.

INVARIANT: one job has one runner. Whoever does not say in time that it lives loses the job, and with it the right to end it.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy import RowMapping, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_svc.allocation_tables import allocation_people, allocations
from matching_svc.allocation_tasks import Job, Seat
from matching_svc.store import approvals
from matching_svc.store.opportunities import by_ids
from stena.statements import Statements, spoken

LEASE: Final = 5
"""Seconds without a word after which another runner takes a job over."""

MOST_ATTEMPTS: Final = 3


# One statement however many people there are: fifty thousand take seconds, and one by one a minute.
_PROPOSE: Final = text(
    """UPDATE allocation_people SET proposal = CAST(new.said AS jsonb)
    FROM unnest(CAST(:people AS text[]), CAST(:said AS text[])) AS new (person_id, said)
    WHERE allocation_people.allocation_id = :job AND allocation_people.person_id = new.person_id"""
)


_FREE: Final = or_(
    allocations.c.state == "queued", (allocations.c.state == "running") & (allocations.c.lease_until < func.now())
)
_WAITS: Final = spoken(select(exists().where(_FREE)))


async def waits(statements: Statements) -> bool:
    """Whether there is a job to ``claim``. Asked again and again, and mostly in vain."""
    return bool((await statements.ask(_WAITS))[0][0])


async def claim(connection: AsyncConnection, runner: str) -> Job | None:
    """The oldest job that waits, or whose runner has fallen silent."""
    next_one = select(allocations.c.allocation_id).where(_FREE).order_by(allocations.c.created_at).limit(1)
    taken = update(allocations).where(
        allocations.c.allocation_id.in_(next_one.with_for_update(skip_locked=True).scalar_subquery())
    )
    values = {"state": "running", "runner": runner, "lease_until": _lease(), "attempts": allocations.c.attempts + 1}
    found = (await connection.execute(taken.values(values).returning(allocations))).mappings().one_or_none()
    if found is None:
        return None
    if found["attempts"] > MOST_ATTEMPTS:
        await end(connection, found["allocation_id"], runner, "failed", reason="too-many-attempts")
        return None
    rows = await connection.execute(
        select(allocation_people)
        .where(allocation_people.c.allocation_id == found["allocation_id"])
        .order_by(allocation_people.c.party, allocation_people.c.person_id)
    )
    people = tuple(_seat(row) for row in rows.mappings())
    offered = tuple(await by_ids(connection, found["asked"]["opportunities"]))
    known = await approvals.named(connection, *offered)
    return Job(found["allocation_id"], found["kind"], found["asked"], people, offered, known)


def _seat(row: RowMapping) -> Seat:
    wishes = None if row["wishes"] is None else tuple(row["wishes"])
    return Seat(row["person_id"], row["party"], row["required"], wishes)


async def alive(connection: AsyncConnection, job: str, runner: str, stage: str, progress: float) -> bool:
    """Tell how far it is and keep the job; false if it is no longer this runner's: cancelled, or taken over."""
    values = {"lease_until": _lease(), "stage": stage, "progress": progress, "updated_at": func.clock_timestamp()}
    return (await connection.execute(update(allocations).where(_held(job, runner)).values(values))).rowcount == 1


async def release(connection: AsyncConnection, job: str, runner: str) -> None:
    """Let the job wait again: it could not be begun."""
    values = {"state": "queued", "runner": None, "attempts": allocations.c.attempts - 1}
    await connection.execute(update(allocations).where(_held(job, runner)).values(values))


async def propose(connection: AsyncConnection, job: str, proposals: Mapping[str, Mapping[str, Any]]) -> None:
    """What is proposed, by person; whoever was forgotten meanwhile stays forgotten."""
    said = [orjson.dumps(each).decode() for each in proposals.values()]
    await connection.execute(_PROPOSE, {"job": job, "people": list(proposals), "said": said})


async def end(
    connection: AsyncConnection,
    job: str,
    runner: str,
    state: str,
    *,
    reason: str | None = None,
    result: Mapping[str, Any] | None = None,
) -> bool:
    """The job's last word; false if it is no longer this runner's, and then nothing of it may be kept."""
    said: dict[str, Any] = {"state": state, "reason": reason, "result": result}
    values = said | {"runner": None, "updated_at": func.clock_timestamp()}
    if state == "done":
        values |= {"stage": "done", "progress": 1.0}
    return (await connection.execute(update(allocations).where(_held(job, runner)).values(values))).rowcount == 1


def _held(job: str, runner: str) -> Any:
    return (allocations.c.allocation_id == job) & (allocations.c.runner == runner) & (allocations.c.state == "running")


def _lease() -> Any:
    return func.clock_timestamp() + text(f"INTERVAL '{LEASE} seconds'")
