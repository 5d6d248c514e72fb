"""Two-sided wishes: deferred acceptance, after which no person and place would both rather have each other. Pure.

Gale and Shapley 1962, with places that have several seats (Roth and Sotomayor, Two-Sided Matching, 1990, ch. 5). Those who
propose get the best that any stable allocation gives them, so nobody gains by hiding a wish.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from matching_svc.allocation.explaining import Reason
from matching_svc.allocation.problem import NOWHERE, Ints, Problem

Wished = Sequence[Any]
"""By party: places, the dearest first."""


def stable(problem: Problem, wishes: Wished) -> Ints:
    """A place that ``wishes`` do not name is not wanted. Places prefer a higher score, and among equals who stands first. For
    parties of one seat."""
    chosen = np.full(len(problem.scores), NOWHERE, np.int64)
    held: list[list[tuple[int, int]]] = [[] for _ in problem.capacities]
    asked = [0] * len(wishes)
    waiting = deque(range(len(wishes)))
    while waiting:
        party = waiting.popleft()
        if asked[party] == len(wishes[party]):
            continue
        place = int(wishes[party][asked[party]])
        asked[party] += 1
        out = _ask(held[place], (int(problem.scores[party, place]), -party), int(problem.capacities[place]))
        if out != party:
            chosen[party] = place
        if out is not None:
            chosen[out] = NOWHERE
            waiting.append(out)
    return chosen


def _ask(held: list[tuple[int, int]], who: tuple[int, int], capacity: int) -> int | None:
    """Whom the place sends away when one more asks for a seat: nobody, or whom it wants least."""
    if who[0] < 0:
        return -who[1]
    heapq.heappush(held, who)
    return -heapq.heappop(held)[1] if len(held) > capacity else None


def by_score(problem: Problem) -> list[Ints]:
    """The wishes of people who stated none: whatever is open to them, the best fit first, among equals the first place."""
    order = np.argsort(-problem.scores, axis=1, kind="stable").astype(np.int16)
    open_to = (problem.scores >= 0).sum(axis=1)
    return [places[:count] for places, count in zip(order, open_to, strict=True)]


def blocking(problem: Problem, wishes: Wished, chosen: Ints) -> list[tuple[int, int]]:
    """The pairs that would both rather have each other than what they have; a stable allocation has none."""
    worst = _worst(problem, chosen)
    found = []
    for party, places in enumerate(wishes):
        for place in places:
            if place == chosen[party]:
                break
            score = int(problem.scores[party, place])
            if score >= 0 and (score, -party) > worst[place]:
                found.append((party, int(place)))
    return found


def _worst(problem: Problem, chosen: Ints) -> list[tuple[int, int]]:
    """Whom each place would give up first; a free seat is given to anybody, and where there are no seats to nobody."""
    nobody, anybody = (np.iinfo(np.int64).max, 0), (-1, 0)
    worst = []
    for place, capacity in enumerate(problem.capacities):
        inside = [(int(problem.scores[party, place]), -int(party)) for party in np.flatnonzero(chosen == place)]
        worst.append(nobody if capacity == 0 else min(inside) if len(inside) == capacity else anybody)
    return worst


def reasons(problem: Problem, wishes: Wished, chosen: Ints) -> list[Reason]:
    """Of each party: its dearest place that is open to it, and the next dearest beside what it has."""
    return [_reason(problem, party, places, int(chosen[party])) for party, places in enumerate(wishes)]


def _reason(problem: Problem, party: int, places: Sequence[int], has: int) -> Reason:
    open_to = (int(place) for place in places if problem.scores[party, place] >= 0 and problem.capacities[place] > 0)
    wanted = next(open_to, NOWHERE)
    if wanted == NOWHERE:
        return Reason("nothing-open", NOWHERE, NOWHERE, 0.0)
    alternative = next(open_to, NOWHERE) if wanted == has else wanted
    return Reason("best" if wanted == has else "others-fit-better", wanted, alternative, 0.0)
