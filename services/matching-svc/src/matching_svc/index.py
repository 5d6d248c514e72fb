"""Everybody whom matching may rank, in memory, each purpose apart. Kept by the feed; asked by rankings. Does no I/O.

INVARIANT: an index that is incomplete or that has lost the gateway ranks nobody: it refuses, since a consent may have ended.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from matching_svc.features import MatchFeatures
from matching_svc.numbering import Numberings
from matching_svc.people_columns import People
from matching_svc.shelf import Merging, Part, Shelf, Snapshot

MAX_AGE: Final = 30.0
"""Seconds without a word from the gateway after which what is known of people is no longer used."""


class Stale(Exception):
    """The index of a purpose is not known to be current."""


@dataclass(slots=True)
class _Purpose:
    """One purpose. ``denied`` is an answer too: there is nobody to rank, and that is known."""

    people: Shelf = field(default_factory=Shelf)
    complete: bool = False
    denied: bool = False
    heard_at: float | None = None


class Index:
    """``clock`` counts seconds and never goes back."""

    def __init__(self, purposes: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._purposes = {purpose: _Purpose() for purpose in purposes}
        self._clock = clock

    @property
    def purposes(self) -> tuple[str, ...]:
        return tuple(self._purposes)

    def people(self, purpose: str) -> Mapping[str, MatchFeatures]:
        """Everybody under ``purpose``; raises ``Stale``. Not to be kept: it changes with the feed."""
        return self._current(purpose).everybody()

    def snapshot(self, purpose: str) -> Snapshot:
        """Everybody under ``purpose`` at this moment, to be ranked; raises ``Stale``."""
        return self._current(purpose).snapshot()

    def some(self, purpose: str, ids: Iterable[str]) -> tuple[People, Numberings]:
        """Those of ``ids`` who are known under ``purpose``, as columns that do not change; raises ``Stale``."""
        return self._current(purpose).some(ids)

    def _current(self, purpose: str) -> Shelf:
        known = self._purposes[purpose]
        if not known.denied:
            self.require_heard(purpose)
            if not known.complete:
                raise Stale(purpose)
        return known.people

    def require_heard(self, *purposes: str) -> None:
        """Raises ``Stale`` if the gateway was last heard too long ago for one of ``purposes``."""
        for purpose in purposes:
            if not self._purposes[purpose].denied and self.age(purpose) > MAX_AGE:
                raise Stale(purpose)

    def age(self, purpose: str) -> float:
        """Seconds since the gateway last answered for ``purpose``."""
        heard_at = self._purposes[purpose].heard_at
        return float("inf") if heard_at is None else self._clock() - heard_at

    def size(self, purpose: str) -> int:
        return len(self._purposes[purpose].people)

    def restore(self, purpose: str, shelf: Shelf, *, complete: bool) -> None:
        """Begin with what PostgreSQL kept; it is not used before the gateway was heard."""
        self._purposes[purpose] = _Purpose(people=shelf, complete=complete)

    def clear(self, purpose: str) -> None:
        self._purposes[purpose] = _Purpose()

    def deny(self, purpose: str) -> None:
        """The rules let matching follow nobody for ``purpose``."""
        self._purposes[purpose] = _Purpose(denied=True, heard_at=self._clock())

    def apply(self, purpose: str, changed: Mapping[str, MatchFeatures], gone: Iterable[str], *, complete: bool) -> None:
        known = self._purposes[purpose]
        known.people.change(changed, gone)
        known.complete = known.complete or complete
        known.denied = False
        known.heard_at = self._clock()

    def due(self, purpose: str) -> Merging | None:
        """What of a purpose should be merged now, in a thread; ``put`` its outcome back."""
        return self._purposes[purpose].people.due()

    def put(self, purpose: str, merging: Merging, made: Part) -> None:
        self._purposes[purpose].people.put(merging, made)
