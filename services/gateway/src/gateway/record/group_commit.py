"""Group commit: what several callers want written at the same time is written together, and each hears how it went for theirs.

INVARIANT: who is told that something is written was told so after the commit, and nobody waits longer than they said.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from stena.problems import Unavailable

Item = TypeVar("Item")

GROUP: Final = 400
"""The weight up to which is written together: so much is committed in a small part of the time that anybody has."""
EVERY: Final = 0.005  # seconds
"""Between one group and the next where several come at once: PostgreSQL spends on a group what it spends on seven entries."""
WAITING: Final = 5_000
"""The most that may wait. Whoever comes then is refused at once, instead of after having waited in vain."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item]):
    item: Item
    written: asyncio.Future[None] = field(compare=False)


class GroupCommit(Generic[Item]):
    """``write`` commits a whole group or raises and has committed nothing; ``within`` seconds is how long it may take.
    ``weigh`` says how much of that an item is.

    One group is written at a time, and whatever comes meanwhile is the next. Who comes alone does not wait for others; behind
    a group of several the next one begins ``EVERY`` so often.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[object]],
        within: float,
        too_late: str,
        weigh: Callable[[Item], int] = lambda item: 1,
    ) -> None:
        self._write = write
        self._weigh = weigh
        self._within = within
        self._too_late = too_late
        self._waiting: deque[_Waiting[Item]] = deque()
        self._not_before = 0.0  # by the loop's clock
        self._writer: asyncio.Task[None] | None = None
        self._abandoned: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many come after those that are being written."""
        return len(self._waiting)

    async def add(self, item: Item, within: float) -> None:
        """Returns when ``item`` is committed. Raises ``Unavailable`` after ``within`` seconds, though it may still be committed
        then; and whatever ``write`` raises for this item alone."""
        if len(self._waiting) >= WAITING:
            raise Unavailable(self._too_late)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(item, loop.create_future())
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = loop.create_task(self._write_next())
        timer = loop.call_later(within, self._give_up, [waiting])
        try:
            await waiting.written
        finally:
            timer.cancel()

    async def _write_next(self) -> None:
        writer, loop = self._writer, asyncio.get_running_loop()
        assert writer is not None
        if (early := self._not_before - loop.time()) > 0:
            await asyncio.sleep(early)
        group = self._next()
        self._not_before = loop.time() + EVERY if len(group) > 1 else 0.0
        timer = loop.call_later(self._within, self._abandon, writer, group)
        try:
            await self._write_group(group)
        finally:
            timer.cancel()
            if self._writer is writer:
                self._go_on()

    def _go_on(self) -> None:
        self._writer = asyncio.get_running_loop().create_task(self._write_next()) if self._waiting else None

    def _abandon(self, writer: asyncio.Task[None], group: Sequence[_Waiting[Item]]) -> None:
        """Others go on at once: a cancelled statement may itself wait for a server that does not answer."""
        self._give_up(group)
        self._abandoned.add(writer)
        writer.add_done_callback(self._abandoned.discard)
        writer.cancel()
        if self._writer is writer:
            self._go_on()

    def _give_up(self, group: Sequence[_Waiting[Item]]) -> None:
        for each in group:
            _tell(each, Unavailable(self._too_late))

    def _next(self) -> list[_Waiting[Item]]:
        """The next group, without those who have given up already. What is too heavy for any group goes alone."""
        group, weight = list[_Waiting[Item]](), 0
        while self._waiting:
            each = self._waiting[0]
            if not each.written.done():
                weight += self._weigh(each.item)
                if group and weight > GROUP:
                    break
                group.append(each)
            self._waiting.popleft()
        return group

    async def _write_group(self, group: Sequence[_Waiting[Item]]) -> None:
        if not group:
            return
        try:
            await self._write([each.item for each in group])
        except Unavailable as failure:  # the database is slow or gone, for one as for all
            for each in group:
                _tell(each, Unavailable(failure.detail))
        except Exception as failure:
            if len(group) == 1:
                _tell(group[0], failure)
                return
            # One of them cannot be written. The others can, and each is to hear of its own failure alone.
            for each in group:
                await self._write_group([each])
        else:
            for each in group:
                _tell(each, None)


def _tell(waiting: _Waiting[Item], failure: Exception | None) -> None:
    if waiting.written.done():
        return  # gave up meanwhile
    if failure is None:
        waiting.written.set_result(None)
    else:
        waiting.written.set_exception(failure)
