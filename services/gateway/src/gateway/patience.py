"""Waiting for work that must end within a second, and giving it up in a way that never waits itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from stena.problems import Unavailable

Result = TypeVar("Result")


class Patience:
    """Waits so long and no longer. Work that was given up may still end: it is cancelled, and nobody waits for that."""

    def __init__(self, too_late: str) -> None:
        self._too_late = too_late
        self._late: set[asyncio.Task[Any]] = set()

    async def wait(self, work: Coroutine[Any, Any, Result], within: float) -> Result:
        """What ``work`` gives; raises what it raises, or ``Unavailable`` after ``within`` seconds."""
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=within)
        if not done:
            self._abandon(task)
            raise Unavailable(self._too_late)
        return task.result()

    def _abandon(self, task: asyncio.Task[Any]) -> None:
        """A cancelled statement may itself wait for a server that does not answer."""
        self._late.add(task)
        task.add_done_callback(self._forget)
        task.cancel()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that the event loop does not report it as lost
