"""Who fails to show itself again and again is told to wait, by what it calls itself, whether or not that is known here.

A right secret is always taken: otherwise whoever knows a client's id could keep it out. Guessing is hopeless by the secrets'
own length; this keeps those that have a wrong one from asking on and on, and lets operators see it.
"""

import time
from collections.abc import Callable
from math import ceil

from gateway.limits.buckets import Buckets
from gateway.metrics import TOKENS
from stena.problems import TooManyRequests


class Failures:
    """``per_minute`` of one name; ``None``: without a limit. ``clock`` in seconds."""

    def __init__(self, per_minute: int | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets = Buckets()

    def count(self, name: str) -> None:
        """Raises ``TooManyRequests`` for a failure too many."""
        if self._per_minute is not None:
            now = self._clock()
            bucket = self._buckets.of(name, self._per_minute, now)
            if not bucket.take(now):
                TOKENS.add("limited")
                seconds = max(1, ceil(bucket.until_next()))
                raise TooManyRequests(
                    f"This client fails to show itself too often. Mend its credentials, and try again in {seconds} s.",
                    retry_after=seconds,
                    error="invalid_client",  # for libraries that look for the code of RFC 6749
                    **{"violated-policies": ["failed-tokens"]},
                )
        TOKENS.add("refused")
