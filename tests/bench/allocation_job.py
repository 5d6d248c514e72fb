"""The whole job of an allocation as the service does it, step by step, on a PostgreSQL of its own: 5,000 people × 500 places.

    python -m tests.bench.allocation_job [PEOPLE PLACES]

Invented people and vacancies of the official download in ESCO_DATA_DIR, else of the small set. With 50,000 2,000 it also shows
progress, and how soon a job that is cancelled in the middle has no process any more.
"""

import asyncio
import io
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import func, insert, select, text

import matching_svc.migrations
from matching_svc import allocation_worker
from matching_svc.allocation_running import Runner
from matching_svc.allocation_tables import allocation_people, allocations
from matching_svc.allocation_tasks import task_of
from matching_svc.features import ATTRIBUTES, MatchFeatures
from matching_svc.index import Index
from matching_svc.knowledge import Knowledge
from matching_svc.store import Database, allocation_jobs, opened
from matching_svc.store import allocations as stored
from matching_svc.tables import opportunities
from stena import migrations
from stena.contracts.access import Grant
from stena.contracts.allocation import NewAllocation
from stena.contracts.matching import NewOpportunity
from stena.database import transaction
from stena_local.testing import temporary_postgres
from tests.bench.profiles import official, person, vacancy

PURPOSE: Final = "job-ranking"
GRANT: Final[dict[str, Any]] = {
    "iss": "policy-svc",
    "aud": "matching-svc",
    "iat": 0,
    "exp": 1,
    "jti": "j",
    "rulebook": "sha256:0",
    "rows": True,
    "organisation": "employment-agency",
    "operation": "allocate",
    "resource": "opportunity",
    "target": None,
    "purpose": PURPOSE,
    "kinds": ("job",),
}
CANCELLED: Final = "UPDATE allocations SET state = 'cancelled', runner = NULL WHERE allocation_id = :id"


def main() -> None:
    people, places = (int(each) for each in sys.argv[1:3]) if len(sys.argv) > 2 else (5_000, 500)
    with temporary_postgres() as postgres:
        database = postgres.database("matching")
        migrations.upgrade(database.owner_url, Path(matching_svc.migrations.__file__).parent)
        asyncio.run(measure(database.app_url, people, places))


async def measure(url: Any, people: int, places: int) -> None:
    knowledge, chance = official(), random.Random(people)  # noqa: S311 -- no secret
    print(f"An allocation as a job: {people:,} people × {places:,} places; {len(knowledge.vocabulary.uris):,} concepts")
    index = Index([PURPOSE], clock=lambda: 0.0)  # no gateway to be heard
    known = (person(knowledge.vocabulary, chance) for _ in range(people))
    index.apply(
        PURPOSE, {f"psn_{at:06}": MatchFeatures.model_validate(each) for at, each in enumerate(known)}, (), complete=True
    )
    seats = max(1, round(0.8 * people / places))
    offered = [vacancy(knowledge.vocabulary, chance).model_copy(update={"capacity": seats}) for _ in range(places)]
    async with opened(url) as database:
        ids = await offer(database, offered)
        new = NewAllocation(
            kind="job",
            opportunities=tuple(ids),
            people=tuple(f"psn_{at:06}" for at in range(people)),
            attributes=tuple(ATTRIBUTES),
        )
        with timed("asked for: people stored"):
            job = await ask(database, new)
        runner = Runner(database, index, lambda: knowledge)
        with timed("THE WHOLE JOB, from a free runner to stored proposals"):
            await runner.step()
        await told(database, job)
        await step_by_step(database, index, knowledge, new)
        await cancelled(database, index, knowledge, new)
    print(f"  {os.cpu_count()} processors, load {os.getloadavg()[0]:.0f} at the end")


@contextmanager
def timed(what: str) -> Iterator[None]:
    began, used = time.perf_counter(), time.process_time()
    yield
    print(f"  {time.perf_counter() - began:7.2f} s passed, {time.process_time() - used:6.2f} s here: {what}", flush=True)


async def offer(database: Database, several: list[NewOpportunity]) -> list[str]:
    ids = [f"opp_{at:05}" for at in range(len(several))]
    rows = [
        {"opportunity_id": id_, "owner": "vitosha-bakery", "kind": each.kind, "doc": each.model_dump(mode="json")}
        for id_, each in zip(ids, several, strict=True)
    ]
    async with transaction(database) as connection:
        await connection.execute(insert(opportunities), rows)
    return ids


async def ask(database: Database, new: NewAllocation) -> str:
    async with transaction(database) as connection:
        return (await stored.create(connection, new, Grant.model_validate(GRANT), None))[0]


async def told(database: Database, job: str) -> None:
    async with transaction(database) as connection:
        found = await stored.find(connection, job, Grant.model_validate(GRANT))
        proposed = select(func.count()).where(
            allocation_people.c.allocation_id == job, allocation_people.c.proposal.is_not(None)
        )
        count = (await connection.execute(proposed)).scalar_one()
    assert found is not None
    assert found.totals is not None, found
    print(f"  {found.state}: {found.totals.placed:,} placed, gap {found.totals.gap}, {count:,} proposals stored")


async def step_by_step(database: Database, index: Index, knowledge: Knowledge, new: NewAllocation) -> None:
    """The same again, in this process, so that each step can be told apart."""
    await ask(database, new)
    print("  step by step, in one process:")
    with timed("claimed and read"):
        async with transaction(database) as connection:
            job = await allocation_jobs.claim(connection, "bench")
    assert job is not None
    with timed("people found in the index, as columns"):
        task = task_of(job, index, knowledge, datetime.now(UTC).date())
    with timed("written for the process"):
        written = allocation_worker.written(task)
    with timed("read by the process"):
        task = allocation_worker._read(io.BytesIO(written))
    out = _Stages()
    with timed("computed"):
        allocation_worker.run(task, out)
    out.tell_times()
    with timed("stored"):
        async with transaction(database) as connection:
            await allocation_jobs.end(connection, job.id, "bench", "done", result=out.said["result"])
            await allocation_jobs.propose(connection, job.id, out.said["placements"])


class _Stages(io.BytesIO):
    """What the process says, with the moment at which each stage began."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Any] = {}
        self._began = {"scoring": (time.perf_counter(), time.process_time())}

    def write(self, line: Any) -> int:
        said = orjson.loads(line)
        self.said |= said
        self._began.setdefault(said.get("stage", "end"), (time.perf_counter(), time.process_time()))
        return len(line)

    def tell_times(self) -> None:
        for (name, began), (_, ended) in pairwise(self._began.items()):
            passed, used = (end - begin for begin, end in zip(began, ended, strict=True))
            print(f"  {passed:7.2f} s passed, {used:6.2f} s here: of it {name}")


async def cancelled(database: Database, index: Index, knowledge: Knowledge, new: NewAllocation) -> None:
    """A job that is cancelled while it is computed: how far it was, and when its runner is free again."""
    job = await ask(database, new)
    work = asyncio.create_task(Runner(database, index, lambda: knowledge).step())
    progress = 0.0
    while progress <= 0 and not work.done():
        await asyncio.sleep(0.1)
        async with transaction(database) as connection:
            how = select(allocations.c.progress).where(allocations.c.allocation_id == job)
            progress = (await connection.execute(how)).scalar_one()
    async with transaction(database) as connection:
        await connection.execute(text(CANCELLED), {"id": job})
    began = time.perf_counter()
    await work
    print(f"  cancelled at {progress:.0%}: its process was gone after {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
