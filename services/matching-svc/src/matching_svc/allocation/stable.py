"""Two-sided wishes: deferred acceptance, after which no person and place would both rather have each other. Pure.

Gale and Shapley 1962, with places that have several seats (Roth and Sotomayor, Two-Sided Matching, 1990, ch. 5). Those who
propose get the best that any stable allocation gives them, so nobody gains by hiding a wish.
"""

import heapq
from collections import deque
from collections.abc import Sequence

import numpy as np

from matching_svc.allocation.problem import NOWHERE, Ints, Problem


def stable(problem: Problem, wishes: Sequence[Sequence[int]]) -> Ints:
    """``wishes[party]`` are places, the dearest first; one that is not named is not wanted. Places prefer a higher score, and
    among equals who stands first. For parties of one seat."""
    chosen = np.full(len(problem.scores), NOWHERE, np.int64)
    held: list[list[tuple[int, int]]] = [[] for _ in problem.capacities]
    asks = [deque(place for place in places if problem.scores[party, place] >= 0) for party, places in enumerate(wishes)]
    waiting = deque(range(len(asks)))
    while waiting:
        party = waiting.popleft()
        if not asks[party]:
            continue
        place = asks[party].popleft()
        heapq.heappush(held[place], (int(problem.scores[party, place]), -party))
        chosen[party] = place
        if len(held[place]) > problem.capacities[place]:
            out = -heapq.heappop(held[place])[1]
            chosen[out] = NOWHERE
            waiting.append(out)
    return chosen


def blocking(problem: Problem, wishes: Sequence[Sequence[int]], chosen: Ints) -> list[tuple[int, int]]:
    """The pairs that would both rather have each other than what they have; a stable allocation has none."""
    worst = _worst(problem, chosen)
    found = []
    for party, places in enumerate(wishes):
        for place in places:
            if place == chosen[party]:
                break
            score = int(problem.scores[party, place])
            if score >= 0 and (score, -party) > worst[place]:
                found.append((party, place))
    return found


def _worst(problem: Problem, chosen: Ints) -> list[tuple[int, int]]:
    """Whom each place would give up first; a free seat is given to anybody, and where there are no seats to nobody."""
    nobody, anybody = (np.iinfo(np.int64).max, 0), (-1, 0)
    worst = []
    for place, capacity in enumerate(problem.capacities):
        inside = [(int(problem.scores[party, place]), -int(party)) for party in np.flatnonzero(chosen == place)]
        worst.append(nobody if capacity == 0 else min(inside) if len(inside) == capacity else anybody)
    return worst
