"""Parties of one seat each: a minimum-cost flow, solved by OR-Tools and proven by prices. Pure.

Most pairs are hopeless, so the flow is built from each party's best places first, at prices that are guessed. The right prices
then tell which of the pairs left out somebody would rather have; those are added, until there are none. What is left out then
cannot be part of anything better.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from matching_svc.allocation import prices
from matching_svc.allocation.infeasible import too_few_seats
from matching_svc.allocation.problem import NOWHERE, Allocation, Infeasible, Ints, Problem, value_of

FIRST: Final = 8
"""Places of each party that the first flow knows."""


def solve(problem: Problem) -> Allocation:
    """The best allocation. Raises ``Infeasible`` if not all who are required can be placed."""
    if shortage := too_few_seats(problem):
        raise Infeasible(*shortage)
    if not problem.possible.any():
        return Allocation(np.full(len(problem.scores), NOWHERE), np.zeros(len(problem.capacities)), 0, 0.0)
    known = prices.best_pairs(problem, FIRST, prices.guessed(problem))
    while True:
        chosen = _flow(problem, known)
        if chosen is None:
            known = problem.possible  # somebody required has no way among the best pairs
            continue
        costs = prices.lowest_prices(_only(problem, known), chosen)
        better = prices.missed(problem, known, costs)
        if not better.any():
            value = value_of(problem, chosen)
            return Allocation(chosen, costs, value, prices.upper_bound(problem, costs))
        known |= better


def _only(problem: Problem, known: NDArray[np.bool_]) -> Problem:
    return Problem(np.where(known, problem.scores, np.int32(-1)), problem.seats, problem.capacities, problem.required)


def _flow(problem: Problem, known: NDArray[np.bool_]) -> Ints | None:
    """The cheapest flow over ``known`` pairs: party → place → all seats; ``None`` if somebody required has no way through."""
    parties, places = problem.scores.shape
    party, place = np.nonzero(known)
    optional = np.flatnonzero(~problem.required)
    sink = parties + places
    network = min_cost_flow.SimpleMinCostFlow()
    pairs = network.add_arcs_with_capacity_and_unit_cost(
        party, parties + place, np.ones(len(party), np.int64), -problem.scores[party, place].astype(np.int64)
    )
    network.add_arcs_with_capacity_and_unit_cost(
        parties + np.arange(places), np.full(places, sink), problem.capacities, np.zeros(places, np.int64)
    )
    network.add_arcs_with_capacity_and_unit_cost(
        optional, np.full(len(optional), sink), np.ones(len(optional), np.int64), np.zeros(len(optional), np.int64)
    )
    supplies = np.concatenate([np.ones(parties, np.int64), np.zeros(places, np.int64), [-parties]])
    network.set_nodes_supplies(np.arange(sink + 1), supplies)
    if network.solve() != network.OPTIMAL:
        return None
    used = network.flows(pairs).astype(np.bool_)
    chosen = np.full(parties, NOWHERE, np.int64)
    chosen[party[used]] = place[used]
    return chosen
