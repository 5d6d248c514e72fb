"""Works on allocations that wait: one at a time, each in a process of its own, with PostgreSQL as the only memory.

INVARIANT: what is proposed is stored only while the job is still this runner's. A job whose runner died is taken over by
another as soon as its lease has ended; one that was cancelled has no process a second later.
"""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from uuid_utils import uuid7

from matching_svc.allocation_tasks import Job, task_of
from matching_svc.allocation_worker import written
from matching_svc.index import Index, Stale
from matching_svc.knowledge import Knowledge
from matching_svc.store import Database, allocation_jobs, retention
from stena.database import transaction
from stena.statements import statements

log = structlog.get_logger()

LOOK: Final = 0.3
"""Seconds between two looks: for a job that waits, and for whether the one at work is still wanted."""

SWEEP: Final = 3_600.0
_LONGEST_LINE: Final = 1 << 28  # the proposals for everybody are one line


class Runner:
    """``knowledge`` is asked for at the start of each job."""

    def __init__(self, database: Database, index: Index, knowledge: Callable[[], Knowledge]) -> None:
        self._database = database
        self._index = index
        self._knowledge = knowledge
        self._name = uuid7().hex

    async def run(self) -> None:
        """Until cancelled; whatever fails is tried again, by this runner or another."""
        swept = 0.0
        while True:
            try:
                if asyncio.get_running_loop().time() - swept > SWEEP:
                    await self._sweep()
                    swept = asyncio.get_running_loop().time()
                worked = await self.step()
            except Exception as error:
                log.warning("allocation-waits", kind=type(error).__name__)
                worked = False
            if not worked:
                await asyncio.sleep(LOOK)

    async def step(self) -> bool:
        """Work on one job, if there is one that can be worked on."""
        try:
            self._index.require_heard(*self._index.purposes)
        except Stale:
            return False
        if not await allocation_jobs.waits(statements(self._database)):
            return False
        async with transaction(self._database) as connection:
            job = await allocation_jobs.claim(connection, self._name)
        if job is None:
            return False
        await self._work(job)
        return True

    async def _work(self, job: Job) -> None:
        async with _process() as process:  # it reads its libraries while we read people
            try:
                task = await asyncio.to_thread(self._written, job)
            except Stale:
                async with transaction(self._database) as connection:
                    await allocation_jobs.release(connection, job.id, self._name)
                await asyncio.sleep(LOOK)
                return
            said = await self._heard(job, process, task)
        await self._end(job, said)

    async def _heard(self, job: Job, process: Process, task: bytes) -> Mapping[str, Any]:
        """The last words of the process; nothing if the job is no longer ours."""
        said: dict[str, Any] = {"stage": "scoring", "progress": 0.0}
        listening = asyncio.create_task(self._listen(process, task, said))
        try:
            while not listening.done():
                async with transaction(self._database) as connection:
                    wanted = await allocation_jobs.alive(connection, job.id, self._name, said["stage"], said["progress"])
                if not wanted:
                    return {}
                await asyncio.wait({listening}, timeout=LOOK)
            await listening
        finally:
            listening.cancel()
        return said

    async def _listen(self, process: asyncio.subprocess.Process, task: bytes, said: dict[str, Any]) -> None:
        """Hand the task over, and note what the process says until it ends."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(ConnectionError):  # a process that has died says nothing, and that is its answer
            process.stdin.write(task)
            await process.stdin.drain()
        while line := await process.stdout.readline():
            said.update(orjson.loads(line))

    async def _end(self, job: Job, said: Mapping[str, Any]) -> None:
        async with transaction(self._database) as connection:
            if "result" in said:
                if await allocation_jobs.end(connection, job.id, self._name, "done", result=said["result"]):
                    await allocation_jobs.propose(connection, job.id, said["placements"])
            elif "shortage" in said:
                result = {"shortage": said["shortage"]}
                await allocation_jobs.end(connection, job.id, self._name, "failed", reason="infeasible", result=result)
            else:
                await allocation_jobs.end(connection, job.id, self._name, "failed", reason="solver-failed")

    def _written(self, job: Job) -> bytes:
        return written(task_of(job, self._index, self._knowledge(), datetime.now(UTC).date()))

    async def _sweep(self) -> None:
        """Whatever is kept too long goes by itself; that it went is nobody's errand."""
        async with transaction(self._database) as connection:
            await retention.forget(connection, datetime.now(UTC).date())


@asynccontextmanager
async def _process() -> AsyncIterator[Process]:
    """INVARIANT: whatever becomes of the job, its process is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "matching_svc.allocation_worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
