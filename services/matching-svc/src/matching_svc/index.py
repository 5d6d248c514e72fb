"""Everybody whom matching may rank, in memory, each purpose apart. Kept by the feed; asked by rankings. Does no I/O.

INVARIANT: an index that is incomplete or that has lost the gateway ranks nobody: it refuses, since a consent may have ended.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from matching_svc.features import MatchFeatures

MAX_AGE: Final = 30.0
"""Seconds without a word from the gateway after which what is known of people is no longer used."""


class Stale(Exception):
    """The index of a purpose is not known to be current."""


@dataclass(slots=True)
class _Shelf:
    """One purpose. ``denied`` is an answer too: there is nobody to rank, and that is known."""

    people: dict[str, MatchFeatures] = field(default_factory=dict)
    complete: bool = False
    denied: bool = False
    heard_at: float | None = None


class Index:
    """``clock`` counts seconds and never goes back."""

    def __init__(self, purposes: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._shelves = {purpose: _Shelf() for purpose in purposes}
        self._clock = clock

    @property
    def purposes(self) -> tuple[str, ...]:
        return tuple(self._shelves)

    def people(self, purpose: str) -> Mapping[str, MatchFeatures]:
        """Everybody under ``purpose``; raises ``Stale``. Not to be kept: it changes with the feed."""
        shelf = self._shelves[purpose]
        if shelf.denied:
            return {}
        self.require_heard(purpose)
        if not shelf.complete:
            raise Stale(purpose)
        return shelf.people

    def require_heard(self, *purposes: str) -> None:
        """Raises ``Stale`` if the gateway was last heard too long ago for one of ``purposes``."""
        for purpose in purposes:
            if not self._shelves[purpose].denied and self.age(purpose) > MAX_AGE:
                raise Stale(purpose)

    def age(self, purpose: str) -> float:
        """Seconds since the gateway last answered for ``purpose``."""
        heard_at = self._shelves[purpose].heard_at
        return float("inf") if heard_at is None else self._clock() - heard_at

    def size(self, purpose: str) -> int:
        return len(self._shelves[purpose].people)

    def restore(self, purpose: str, people: Mapping[str, MatchFeatures], *, complete: bool) -> None:
        """Begin with what PostgreSQL kept; it is not used before the gateway was heard."""
        self._shelves[purpose] = _Shelf(people=dict(people), complete=complete)

    def clear(self, purpose: str) -> None:
        self._shelves[purpose] = _Shelf()

    def deny(self, purpose: str) -> None:
        """The rules let matching follow nobody for ``purpose``."""
        self._shelves[purpose] = _Shelf(denied=True, heard_at=self._clock())

    def apply(self, purpose: str, changed: Mapping[str, MatchFeatures], gone: Iterable[str], *, complete: bool) -> None:
        shelf = self._shelves[purpose]
        for person in gone:
            shelf.people.pop(person, None)
        shelf.people.update(changed)
        shelf.complete = shelf.complete or complete
        shelf.denied = False
        shelf.heard_at = self._clock()
