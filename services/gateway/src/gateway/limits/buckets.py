"""Token buckets: so many at once, filled again at an even pace. Pure; a clock in seconds is handed in.

INVARIANT: they are bounded in number, whatever callers call themselves.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60.0  # seconds
MOST: Final = 10_000
"""Buckets that are kept. Who was not seen for longest is forgotten, and would begin anew with a full one."""


@dataclass(slots=True)
class Bucket:
    """Holds what may come in a minute. ``left`` was there at ``at``."""

    size: int
    left: float
    at: float

    def look(self, now: float) -> float:
        """How much is there at ``now``."""
        self.left = min(self.size, self.left + (now - self.at) * self.size / MINUTE)
        self.at = now
        return self.left

    def take(self, now: float) -> bool:
        """Whether there was one, which is gone then."""
        if self.look(now) < 1:
            return False
        self.left -= 1
        return True

    def until_next(self) -> float:
        """Seconds until there is one again."""
        return max(0.0, (1 - self.left) * MINUTE / self.size)

    def until_full(self) -> float:
        return (self.size - self.left) * MINUTE / self.size


class Buckets:
    """One for each name, full when the name is heard for the first time."""

    def __init__(self) -> None:
        self._by_name: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, name: str, size: int, now: float) -> Bucket:
        """The bucket of ``name``; with another ``size`` than before it is a new one."""
        bucket = self._by_name.get(name)
        if bucket is None or bucket.size != size:
            bucket = self._by_name[name] = Bucket(size, size, now)
        self._by_name.move_to_end(name)
        while len(self._by_name) > MOST:
            self._by_name.popitem(last=False)
        return bucket
