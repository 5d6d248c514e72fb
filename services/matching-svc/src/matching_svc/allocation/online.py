"""Arrivals one by one: each is placed at once, by prices that past demand taught. Pure, and no step is taken back.

A seat is given only to who gains more by it than it is worth to those who are still to come (bid prices: Talluri and
van Ryzin 1998). Prices are of a past period, and pass with the seats: they rise where seats go faster than people come.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_svc.allocation import flow
from matching_svc.allocation.explaining import Reason
from matching_svc.allocation.prices import Floats
from matching_svc.allocation.problem import NOWHERE, Ints, Problem, Scores
from stena.contracts.allocation import Why

FARTHEST: Final = 2.0
"""How many times more or less seats than expected may tell at most."""
LEAST: Final = 0.5
"""Of a seat: what is expected to be left at the very end still counts."""


def paced(prices: Floats, seats: Ints, left: Ints, to_come: float) -> Floats:
    """``prices`` of a past period for this moment of a new one that began with ``seats``; ``to_come`` is the share of its
    people who have not come yet. The root damps what one busy morning would do."""
    expected, there = np.maximum(seats * to_come, LEAST), np.maximum(left, LEAST)
    moved: Floats = prices * np.sqrt(np.clip(expected / there, 1 / FARTHEST, FARTHEST))
    return moved


def choose(scores: NDArray[np.int32], prices: Floats, left: Ints) -> int:
    """The place of one person of one seat with these scores, or ``NOWHERE``."""
    gain = np.where((scores >= 0) & (left > 0), scores - prices, -np.inf)
    best = int(gain.argmax())
    return NOWHERE if gain[best] < 0 else best


def reason(scores: NDArray[np.int32], prices: Floats, left: Ints, has: int) -> Reason:
    """Why ``choose`` gave ``has`` to somebody with these scores."""
    order = [int(place) for place in np.argsort(-scores, kind="stable") if scores[place] >= 0]
    if not order:
        return Reason("nothing-open", NOWHERE, NOWHERE, 0.0)
    wanted, alternative = order[0], next((place for place in order if place != has), NOWHERE)
    if wanted == has or (has != NOWHERE and scores[has] == scores[wanted]):
        return Reason("best", has, alternative, float(prices[has]))
    why: Why = "no-seat-left" if left[wanted] <= 0 else "seats-worth-more-to-others"
    return Reason(why, wanted, alternative, float(prices[wanted]))


class Desk:
    """Places who arrives. ``past`` are the scores of an earlier period; ``expected`` how many arrive in this one."""

    def __init__(self, past: Scores, capacities: Ints, expected: int) -> None:
        self._seats, self._expected, self._seen = capacities, expected, 0
        self.left = capacities.copy()
        some = np.linspace(0, len(past) - 1, min(expected, len(past))).astype(np.int64)
        alike = np.maximum(np.round(capacities * len(some) / expected), capacities > 0).astype(np.int64)
        self._prices = flow.solve(Problem.of(past[some], alike)).prices

    def place(self, scores: NDArray[np.int32]) -> int:
        to_come = max(0, self._expected - self._seen) / self._expected
        best = choose(scores, paced(self._prices, self._seats, self.left, to_come), self.left)
        self._seen += 1
        if best != NOWHERE:
            self.left[best] -= 1
        return best


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
