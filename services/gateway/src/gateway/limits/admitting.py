"""Who is known is let in, or told to wait: right behind the wall's first step, before anything is decided, asked or written.

INVARIANT: whether somebody is let in depends on that caller's own traffic alone: never on what is stored, and not on the call.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil

from gateway.calls import Caller
from gateway.limits.buckets import Bucket, Buckets
from gateway.limits.quotas import Quotas
from gateway.limits.rules import Limit, Limits
from gateway.limits.standing import Policy, Standing
from gateway.metrics import LIMITED
from gateway.step_watching import note_caller
from stena.problems import TooManyRequests

Identify = Callable[[str | None], Awaitable[Caller]]


@dataclass(slots=True)
class Visit:
    """One HTTP request while it goes on. ``client`` is whom it was counted for, once it was."""

    client: str | None = None
    standings: tuple[Standing, ...] = ()


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


@dataclass(slots=True)
class _Known:
    """What a caller's limits are at this gateway, and how many of its calls go on."""

    limit: Limit
    now: int = 0


@dataclass(slots=True)
class Admission:
    """``identify`` is the wall's first step with the limits behind it. ``clock`` in seconds."""

    limits: Limits
    replicas: int
    quotas: Quotas
    clock: Callable[[], float] = time.monotonic
    _buckets: Buckets = field(default_factory=Buckets)
    _going_on: dict[str, int] = field(default_factory=dict)

    def admitting(self, identify: Identify) -> Identify:
        async def admitted(authorization: str | None) -> Caller:
            caller = await identify(authorization)
            note_caller(caller)
            visit = _visit.get()
            # An answer in parts is one request: it is counted when it begins.
            if visit is not None and visit.client is None:
                self._admit(caller, visit)
            return caller

        return admitted

    def begin(self) -> Visit:
        """A request has come in; whose it is, nobody knows yet. To be ended with ``end``."""
        visit = Visit()
        _visit.set(visit)
        return visit

    def end(self, visit: Visit) -> None:
        if visit.client is None:
            return
        left = self._going_on[visit.client] - 1
        if left:
            self._going_on[visit.client] = left
        else:
            del self._going_on[visit.client]

    def _admit(self, caller: Caller, visit: Visit) -> None:
        limit, now = self.limits.of(caller, self.replicas), self.clock()
        bucket = None if limit.calls_per_minute is None else self._buckets.of(caller.client, limit.calls_per_minute, now)
        visit.standings = tuple(self._standings(caller, limit, bucket))
        spent = next((each for each in visit.standings if each.left < 1), None)
        if spent is not None:
            LIMITED.add(spent.policy)
            raise _refusal(spent)
        if bucket is not None:
            bucket.take(now)
        visit.client = caller.client
        self._going_on[caller.client] = self._going_on.get(caller.client, 0) + 1
        visit.standings = tuple(self._standings(caller, limit, bucket))
