"""Prices of seats, and what they prove. Pure.

Weak duality: for *any* prices that are not negative, no allocation is worth more than what the seats cost altogether plus
what each party would still gain at its best place (Kuhn 1955; Ahuja, Magnanti and Orlin, Network Flows, 1993, ch. 12).
Whoever doubts an allocation checks it with its prices alone, without the solver.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_svc.allocation.problem import NOWHERE, Ints, Problem, taken

Floats = NDArray[np.float64]

_BLOCK: Final = 4_096  # parties that are looked at at once: 2,000 places of so many are 65 MB
_NEVER: Final = -np.inf
_ROUNDING: Final = 1e-6  # of one ten-thousandth; prices of a relaxation are not whole


def gains(problem: Problem, prices: Floats, block: slice) -> Floats:
    """What each party of ``block`` gains at each place after paying for its seats; minus infinity where it cannot be."""
    scores = problem.scores[block]
    paid = scores - problem.seats[block, None] * prices[None, :]
    fits = (scores >= 0) & (problem.seats[block, None] <= problem.capacities[None, :])
    return np.where(fits, paid, _NEVER)


def best_gains(problem: Problem, prices: Floats) -> Floats:
    """The best that each party can gain; a party that may stay without a place gains at least nothing."""
    best = np.full(len(problem.scores), _NEVER)
    for block in blocks(problem):
        best[block] = gains(problem, prices, block).max(axis=1, initial=_NEVER)
    return np.where(problem.required, best, np.maximum(best, 0.0))


def upper_bound(problem: Problem, prices: Floats) -> float:
    """What no allocation of ``problem`` is worth more than. Minus infinity: somebody required has no place at all."""
    return float(problem.capacities @ prices + best_gains(problem, prices).sum())


def best_pairs(problem: Problem, most: int) -> NDArray[np.bool_]:
    """The ``most`` best places of each party; those that it cannot have are not among them."""
    places = problem.scores.shape[1]
    if places <= most:
        return problem.possible
    best = np.argpartition(-problem.scores, most - 1, axis=1)[:, :most]
    known = np.zeros(problem.scores.shape, np.bool_)
    np.put_along_axis(known, best, True, axis=1)
    return known & problem.possible


def missed(problem: Problem, known: NDArray[np.bool_], prices: Floats, slack: float = 0.0) -> NDArray[np.bool_]:
    """Pairs that are not ``known`` and that their party would rather have, at these prices, than the best that is.

    With ``slack``, also those that are worse by no more than that: a pair that is worse by more than what an allocation lacks
    to its bound is in no better one.
    """
    found = np.zeros_like(known)
    for block in blocks(problem):
        gain = gains(problem, prices, block)
        best = np.where(known[block], gain, _NEVER).max(axis=1, initial=_NEVER)
        now = np.where(problem.required[block], best, np.maximum(best, 0.0))
        found[block] = (gain > now[:, None] + _ROUNDING - slack) & ~known[block]
    return found


def blocks(problem: Problem) -> list[slice]:
    """The parties in portions that fit into memory."""
    return [slice(start, start + _BLOCK) for start in range(0, len(problem.scores), _BLOCK)]


def lowest_prices(problem: Problem, chosen: Ints) -> Floats:
    """The lowest prices under which nobody would rather be elsewhere, for parties of one seat.

    They are the longest paths in the graph of who would move where: a seat costs at least what somebody without one would
    give for it, and at least what it is worth more to somebody who has one, beyond the price of the seat that they have.
    Only if ``chosen`` is optimal do they exist; otherwise the search is cut, and ``upper_bound`` tells by how much.
    """
    places = len(problem.capacities)
    prices = _wanted_by_others(problem, chosen)
    dearer = _worth_more(problem, chosen)
    for _ in range(places):
        raised = np.maximum(prices, (prices[:, None] + dearer).max(axis=0, initial=0.0))
        if (raised == prices).all():
            break
        prices = raised
    return np.where(taken(problem, chosen) < problem.capacities, 0.0, prices)


def _wanted_by_others(problem: Problem, chosen: Ints) -> Floats:
    """What the best of those without a place would give for a seat."""
    wanted = np.zeros(len(problem.capacities))
    for block in blocks(problem):
        scores = problem.scores[block][chosen[block] == NOWHERE]
        np.maximum(wanted, scores.max(axis=0, initial=0), out=wanted)
    return wanted


def _worth_more(problem: Problem, chosen: Ints) -> Floats:
    """``[here, there]``: the most by which a seat there is worth more than one here to somebody who is here."""
    places = len(problem.capacities)
    more = np.full((places, places), _NEVER)
    order = np.argsort(chosen, kind="stable")
    starts = np.searchsorted(chosen[order], np.arange(places + 1))
    for here in range(places):
        people = order[starts[here] : starts[here + 1]]
        if len(people):
            scores = problem.scores[people].astype(np.float64)
            scores[scores < 0] = _NEVER
            more[here] = (scores - scores[:, [here]]).max(axis=0)
    return more
