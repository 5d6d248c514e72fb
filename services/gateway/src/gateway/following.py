"""Where a follower of the feed is, and by which ids it knows people. Pure.

INVARIANT: a follower is told of nobody by an id that it cannot connect with what it holds: whoever gets a new id comes with
the ones from before, and a tombstone names every id by which the person may be held.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """``position`` is the source's own, ``None`` at the beginning. ``version`` of the key of ids is the one by which the
    follower is told of people, ``held`` are earlier ones by which it may still know somebody."""

    version: int
    held: tuple[int, ...] = ()
    position: Any = None

    @property
    def content(self) -> Any:
        """What a cursor holds of it."""
        return [self.version, self.held, self.position]

    @staticmethod
    def of(content: Any) -> "Place":
        version, held, position = content
        return Place(version, tuple(held), position)

    def brought_to(self, making: int) -> "Place":
        """The same place for ids of the version ``making``.

        A gateway that has not yet heard of the follower's version being activated goes on with it: never backwards.
        """
        if self.version >= making:
            return self
        return replace(self, version=making, held=(*self.held, self.version))

    def after(self, page: Mapping[str, Any]) -> "Place":
        """Once the source has told everything from before its last walk through everybody, the new ids are all there is."""
        return replace(self, position=page["position"], held=() if page["settled"] else self.held)
