"""Arrivals one by one: each is placed at once, by prices that past demand taught. Pure, and no step is taken back.

A seat is given only to who gains more by it than it is worth to those who are still to come (bid prices: Talluri and
van Ryzin 1998). Prices are of a past period and are mended by solving anew for the seats left, as arrivals go on.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_svc.allocation import flow
from matching_svc.allocation.prices import Floats
from matching_svc.allocation.problem import NOWHERE, Ints, Problem, Scores

LOOKS: Final = 20
"""How often in a period the prices are learned anew."""


class Desk:
    """Places who arrives. ``past`` are the scores of an earlier period; ``expected`` how many arrive in this one."""

    def __init__(self, past: Scores, capacities: Ints, expected: int) -> None:
        self._past = past
        self._expected = expected
        self.left = capacities.copy()
        self._seen = 0
        self.prices: Floats = np.zeros(len(capacities))

    def place(self, scores: NDArray[np.int32]) -> int:
        """The place of one person of one seat with these scores, or ``NOWHERE``."""
        if self._seen % max(1, self._expected // LOOKS) == 0:
            self._learn()
        self._seen += 1
        gain = np.where((scores >= 0) & (self.left > 0), scores - self.prices, -np.inf)
        best = int(gain.argmax())
        if gain[best] < 0:
            return NOWHERE
        self.left[best] -= 1
        return best

    def _learn(self) -> None:
        """Prices of the seats left if as many arrive as are still expected, and as they did in the past."""
        to_come = max(1, self._expected - self._seen)
        at = np.linspace(0, len(self._past) - 1, min(to_come, len(self._past))).astype(np.int64)
        ratio = len(at) / to_come
        seats = np.maximum(np.round(self.left * ratio), self.left > 0).astype(np.int64)
        self.prices = flow.solve(Problem.of(self._past[at], seats)).prices


def by_prices(past: Scores, arrivals: Scores, capacities: Ints) -> Ints:
    """All arrivals in order, through one desk."""
    desk = Desk(past, capacities, len(arrivals))
    return np.fromiter((desk.place(scores) for scores in arrivals), np.int64, len(arrivals))


def greedy(arrivals: Scores, capacities: Ints) -> Ints:
    """The baseline: everybody gets the best place that is free at that moment."""
    return np.fromiter(_greedy(arrivals, capacities.copy()), np.int64, len(arrivals))


def _greedy(arrivals: Scores, left: Ints) -> Iterator[int]:
    for scores in arrivals:
        open_to = np.where(left > 0, scores, -1)
        best = int(open_to.argmax())
        if open_to[best] < 0:
            yield NOWHERE
        else:
            left[best] -= 1
            yield best
