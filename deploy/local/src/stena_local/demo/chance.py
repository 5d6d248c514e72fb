"""Seeded chance. The same seed and index give the same draws on every machine; no other source of chance is used."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")


class Chance(random.Random):
    """Draws for one record. Not for secrets: everything here can be foretold."""

    def __init__(self, seed: int, kind: str, index: int) -> None:
        super().__init__(f"{seed}/{kind}/{index}")

    def often(self, share: float) -> bool:
        """True in ``share`` (0..1) of all cases."""
        return self.random() < share

    def one(self, weights: Mapping[T, float]) -> T:
        """One key, as often as its weight says."""
        return self.choices(tuple(weights), tuple(weights.values()))[0]

    def some(self, among: Sequence[T], least: int, most: int) -> list[T]:
        """Between ``least`` and ``most`` different members, in the order of ``among``."""
        count = min(len(among), self.randint(least, most))
        chosen = sorted(self.sample(range(len(among)), count))
        return [among[place] for place in chosen]

    def day(self, first: date, last: date) -> date:
        """A day from ``first`` to ``last``, both included; ``first`` when they are the wrong way round."""
        return first + timedelta(days=self.randint(0, max(0, (last - first).days)))
