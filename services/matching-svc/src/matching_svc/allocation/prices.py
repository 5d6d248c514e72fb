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
_SAMPLE: Final = 1_000  # parties that prices are guessed from
_ROUNDS: Final = 60
_SHRINKING: Final = 0.93
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


def best_pairs(problem: Problem, most: int, prices: Floats) -> NDArray[np.bool_]:
    """The ``most`` places of each party at which it gains most; those that it cannot have are not among them."""
    known = problem.possible
    if known.shape[1] <= most:
        return known
    for block in blocks(problem):
        best = np.argpartition(-gains(problem, prices, block), most - 1, axis=1)[:, :most]
        chosen = np.zeros_like(known[block])
        np.put_along_axis(chosen, best, True, axis=1)
        known[block] &= chosen
    return known


def within(problem: Problem, prices: Floats, loss: float) -> NDArray[np.bool_]:
    """The pairs at which a party gains at most ``loss`` less than at its best place."""
    best, close = best_gains(problem, prices), np.zeros(problem.scores.shape, np.bool_)
    for block in blocks(problem):
        close[block] = gains(problem, prices, block) >= best[block, None] - loss - _ROUNDING
    return close & problem.possible


def missed(problem: Problem, known: NDArray[np.bool_], prices: Floats) -> NDArray[np.bool_]:
    """Pairs that are not ``known`` and that their party would rather have, at these prices, than the best that is."""
    found = np.zeros_like(known)
    for block in blocks(problem):
        gain = gains(problem, prices, block)
        best = np.where(known[block], gain, _NEVER).max(axis=1, initial=_NEVER)
        now = np.where(problem.required[block], best, np.maximum(best, 0.0))
        found[block] = (gain > now[:, None] + _ROUNDING) & ~known[block]
    return found


def guessed(problem: Problem) -> Floats:
    """Prices near the right ones, from a sample of the parties: a seat that too many want becomes dearer, step by step.

    They prove little by themselves; they tell which pairs to look at first. A subgradient method with shrinking steps.
    """
    at = np.linspace(0, len(problem.scores) - 1, min(len(problem.scores), _SAMPLE)).astype(np.int64)
    some = Problem.of(problem.scores[at], problem.capacities, problem.seats[at])
    worth = gains(some, np.zeros(len(some.capacities)), slice(None))
    seats, capacities = some.seats.astype(np.float64), some.capacities * len(at) / len(problem.scores)
    step = max(0.0, float((worth / seats[:, None]).max(initial=0.0))) / 8
    prices = np.zeros(len(capacities))
    for _ in range(_ROUNDS):
        gain = worth - seats[:, None] * prices
        place = gain.argmax(axis=1)
        wants = gain[np.arange(len(at)), place] > 0
        demand = np.bincount(place[wants], weights=seats[wants], minlength=len(prices))
        prices = np.maximum(0.0, prices + step * np.clip((demand - capacities) / np.maximum(capacities, 1.0), -1.0, 1.0))
        step *= _SHRINKING
    return prices


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
