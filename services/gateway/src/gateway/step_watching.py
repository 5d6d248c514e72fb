"""What an operator sees of the wall's five steps: how long each takes, and how the call went. It changes nothing."""

import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final

from gateway.calls import Caller, Entry
from gateway.firewall import Step
from gateway.metrics import STEPS
from stena.contracts.access import Reason
from stena.observing import note
from stena.tracing import Span

_OF_A_PERSON: Final = "of-a-person"


class Watched:
    """``with Watched("decide"):`` measured, and a span of its own where a collector hears of the call."""

    __slots__ = ("_began", "_span", "_step")

    def __init__(self, step: Step) -> None:
        self._step = step
        self._span = Span(step)
        self._began = 0.0

    def __enter__(self) -> None:
        self._span.__enter__()
        self._began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        STEPS.add(time.perf_counter() - self._began, self._step)
        self._span.__exit__(kind, error, traceback)


def note_caller(caller: Caller) -> None:
    """Who calls. A client of a data subject's own would name a person: it is said that it is one, and no more."""
    note(client=_OF_A_PERSON if caller.person else caller.client, organisation=caller.organisation)


def noting(record: Callable[[Entry], Awaitable[None]]) -> Callable[[Entry], Awaitable[None]]:
    """``record``, with what the entry says also said of the call."""

    async def noted(entry: Entry) -> None:
        # What no rule has looked at is the caller's own word, which may be anything.
        known = entry.decision is not None and entry.reason != Reason.PURPOSE_UNKNOWN
        note(
            purpose=entry.stated.purpose if known else None,
            operation=f"{entry.operation} {entry.resource}",
            outcome=entry.outcome,
            reason=entry.reason,
            decision=entry.decision,
        )
        await record(entry)

    return noted
