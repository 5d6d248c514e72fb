"""Why each party was placed where it is: its best place, what stood against it, and the next best. Pure."""

from dataclasses import dataclass

import numpy as np

from matching_svc.allocation.problem import NOWHERE, Allocation, Problem, taken
from stena.contracts.allocation import Why


@dataclass(frozen=True, slots=True)
class Reason:
    """``wanted`` is the party's best place and ``alternative`` its best beside the one it has; both may be ``NOWHERE``.

    ``price`` is what its seats at ``wanted`` are worth to others, in ten-thousandths.
    """

    why: Why
    wanted: int
    alternative: int
    price: float


def reasons(problem: Problem, found: Allocation, *, floors: bool = False) -> list[Reason]:
    """One for each party, in order."""
    left = problem.capacities - taken(problem, found.chosen)
    return [_reason(problem, found, party, left, floors) for party in range(len(problem.scores))]


def _reason(problem: Problem, found: Allocation, party: int, left: np.ndarray, floors: bool) -> Reason:
    seats, has = problem.seats[party], found.chosen[party]
    scores = np.where(seats <= problem.capacities, problem.scores[party], -1)
    wanted = _best(scores)
    others = scores.copy()
    if has != NOWHERE:
        others[has] = -1
    alternative = _best(others)
    if wanted == NOWHERE:
        return Reason("nothing-open", NOWHERE, NOWHERE, 0.0)
    price = float(found.prices[wanted] * seats)
    if has != NOWHERE and scores[has] == scores[wanted]:
        return Reason("best", int(has), alternative, float(found.prices[has] * seats))
    if left[wanted] >= seats:
        return Reason("fairness" if floors else "groups-do-not-fit", wanted, alternative, price)
    cheap = price < scores[wanted] - (scores[has] if has != NOWHERE else 0)
    return Reason("groups-do-not-fit" if cheap and seats > 1 else "seats-worth-more-to-others", wanted, alternative, price)


def _best(scores: np.ndarray) -> int:
    best = int(scores.argmax()) if len(scores) else NOWHERE
    return best if best != NOWHERE and scores[best] >= 0 else NOWHERE
