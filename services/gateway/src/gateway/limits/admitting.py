"""Who is known is let in, or told to wait: right behind the wall's first step, before anything is decided, asked or written.

INVARIANT: whether somebody is let in depends on that caller's own traffic alone: never on what is stored, and not on the call.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

from gateway.calls import Caller
from gateway.limits.buckets import MOST, Bucket, Buckets
from gateway.limits.failing import Failures
from gateway.limits.quotas import Quotas
from gateway.limits.rules import Limit, Limits
from gateway.limits.standing import Standing, headers
from gateway.metrics import LIMITED
from gateway.step_watching import note_caller
from stena.problems import TooManyRequests

Identify = Callable[[str | None], Awaitable[Caller]]

SOON: Final = 1.0  # seconds after which a call more may be possible


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caller is counted: its limits, and its bucket if it has one."""

    caller: Caller
    limit: Limit
    bucket: Bucket | None


@dataclass(slots=True)
class Visit:
    """One HTTP request while it goes on. ``place`` is there once it is known whose it is, ``counted`` if it was let in."""

    place: Place | None = None
    counted: bool = False


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


class Admission:
    """Holds callers to ``limits``, this gateway being one of so many ``replicas``. ``clock`` in seconds."""

    def __init__(self, limits: Limits, replicas: int, quotas: Quotas, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = lru_cache(maxsize=MOST)(lambda organisation, client: limits.of(organisation, client, replicas))
        self.failures = Failures(limits.failed_tokens_per_minute, clock=clock)
        self._quotas = quotas
        self._clock = clock
        self._buckets = Buckets()
        self._going_on: dict[str, int] = {}

    def admitting(self, identify: Identify) -> Identify:
        """The wall's first step, with the limits behind it."""

        async def admitted(authorization: str | None) -> Caller:
            caller = await identify(authorization)
            note_caller(caller)
            visit = _visit.get()
            # An answer in parts is one request: it is counted when it begins.
            if visit is not None and visit.place is None:
                self._admit(caller, visit)
            return caller

        return admitted

    def begin(self) -> Visit:
        """A request has come in; whose it is, nobody knows yet. To be ended with ``end``."""
        visit = Visit()
        _visit.set(visit)
        return visit

    def end(self, visit: Visit) -> None:
        if visit.place is None or not visit.counted:
            return
        client = visit.place.caller.client
        self._going_on[client] -= 1
        if not self._going_on[client]:
            del self._going_on[client]

    def headers(self, visit: Visit) -> list[tuple[bytes, bytes]]:
        """Where the caller stands, for the answer; nothing where nobody is known."""
        return [] if visit.place is None else headers(self._standings(visit.place))

    def _admit(self, caller: Caller, visit: Visit) -> None:
        limit = self._limit(caller.organisation, caller.client)
        size = limit.calls_per_minute
        bucket = None if size is None else self._buckets.of(caller.client, size, self._clock())
        visit.place = Place(caller, limit, bucket)
        spent = next((each for each in self._standings(visit.place) if each.left < 1), None)
        if spent is not None:
            LIMITED.add(spent.policy)
            raise _refusal(spent)
        if bucket is not None:
            bucket.left -= 1
        self._going_on[caller.client] = self._going_on.get(caller.client, 0) + 1
        visit.counted = True

    def _standings(self, place: Place) -> Iterator[Standing]:
        limit, bucket = place.limit, place.bucket
        if bucket is not None:
            left = bucket.look(self._clock())
            yield Standing("minute", bucket.size, left, bucket.until_next() if left < 1 else bucket.until_full())
        if limit.at_once is not None:
            yield Standing("at-once", limit.at_once, limit.at_once - self._going_on.get(place.caller.client, 0))
        if limit.calls_per_day is None and limit.people_per_day is None:
            return
        used, tomorrow = self._quotas.used(place.caller.organisation), self._quotas.until_tomorrow()
        if limit.calls_per_day is not None:
            yield Standing("day", limit.calls_per_day, limit.calls_per_day - used.calls, tomorrow)
        if limit.people_per_day is not None:
            yield Standing("people-day", limit.people_per_day, limit.people_per_day - used.people, tomorrow)


def _refusal(spent: Standing) -> TooManyRequests:
    seconds = max(1, ceil(spent.seconds or SOON))
    return TooManyRequests(
        f'More calls than your limit "{spent.policy}" of {spent.quota} lets through. Nothing was looked at; '
        f"try again in {seconds} s.",
        retry_after=seconds,
        **{"violated-policies": [spent.policy]},
    )
