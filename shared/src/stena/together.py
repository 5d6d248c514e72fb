"""Asking together: whoever asks a service while an answer of it is on its way is asked for with all who came meanwhile.

Between services a call costs more than most of what is asked by it. Who comes alone waits for nobody.

INVARIANT: each hears the answer to what they asked themselves, and of nobody else's failure.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from typing import Final, Generic, TypeVar

import structlog

from stena import request_id
from stena.problems import Unavailable
from stena.upstreams import CannotAnswer

log = structlog.get_logger()
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST: Final = 20
"""The weight up to which is asked for together."""
PATIENCE: Final = 0.01  # seconds
"""Nobody waits longer than this for those before them: one replica that hangs holds up nobody but whom it was asked for."""


class Together(Generic[Asked, Answer]):
    """``one`` asks for one; ``several`` for as many as came, and gives ``None`` in the place of whoever has to ask on their
    own, as after any failure of which it is not known whose it is. ``weigh`` says how much of ``MOST`` one is.

    Where a collector hears of a call it is asked for alone, so that its trace is whole.
    """

    def __init__(
        self,
        one: Callable[[Asked], Awaitable[Answer]],
        several: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | None]]],
        weigh: Callable[[Asked], int] = lambda asked: 1,
    ) -> None:
        self._one = one
        self._several = several
        self._weigh = weigh
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer | None], Context]] = deque()
        self._underway = 0
        self._due: asyncio.Handle | None = None
        self._asking = set[asyncio.Task[None]]()

    async def ask(self, asked: Asked) -> Answer:
        """The answer; raises what ``one`` raises, and ``Unavailable`` where ``several`` does."""
        trace = request_id.running()
        if trace is not None and trace.collector is not None:
            return await self._one(asked)
        answer = await self._with_others(asked)
        if answer is not None:
            return answer
        self._underway += 1
        try:
            return await self._one(asked)
        finally:
            self._ended()

    def _with_others(self, asked: Asked) -> "asyncio.Future[Answer | None]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer | None] = loop.create_future()
        self._waiting.append((asked, answer, copy_context()))
        if self._due is None:
            # Not at once: who came with the same turn of the loop comes along.
            self._due = loop.call_later(PATIENCE, self._begin) if self._underway else loop.call_soon(self._begin)
        return answer

    def _ended(self) -> None:
        self._underway -= 1
        if self._waiting and not self._underway:
            self._begin()

    def _begin(self) -> None:
        """Ask for the next of those who wait; for the rest too, should they be too many for one group."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        while self._waiting:
            group, context = self._next()
            if len(group) == 1:
                group[0][1].set_result(None)  # who is alone after all asks on their own
            elif group:
                self._underway += 1
                task = asyncio.get_running_loop().create_task(self._ask(group), context=context)
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    def _next(self) -> "tuple[list[tuple[Asked, asyncio.Future[Answer | None]]], Context]":
        """Without those who have given up; and where the first of them stands, as whose call it is made."""
        group, weight, context = list[tuple[Asked, asyncio.Future[Answer | None]]](), 0, self._waiting[0][2]
        while self._waiting:
            asked, answer, _ = self._waiting[0]
            if not answer.done():
                weight += self._weigh(asked)
                if group and weight > MOST:
                    break
                group.append((asked, answer))
            self._waiting.popleft()
        return group, context

    async def _ask(self, group: "list[tuple[Asked, asyncio.Future[Answer | None]]]") -> None:
        try:
            answers = await self._answers([asked for asked, _ in group])
            for (_, waiting), answer in zip(group, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)
        except Unavailable as failure:
            for _, waiting in group:
                if not waiting.done():
                    waiting.set_exception(Unavailable(failure.detail))
        finally:
            self._ended()

    async def _answers(self, group: Sequence[Asked]) -> Sequence[Answer | None]:
        try:
            answers = await self._several(group)
            if len(answers) != len(group):
                raise CannotAnswer("There is not one answer for each.")
        except CannotAnswer:
            pass
        except Unavailable:
            raise
        except Exception as failure:
            log.error("asked together in vain", kind=type(failure).__name__)
        else:
            return answers
        return [None] * len(group)
