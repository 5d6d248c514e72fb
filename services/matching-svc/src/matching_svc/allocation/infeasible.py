"""Why not all who have to be placed can be: the people who compete, and the places that are too few for them. Pure.

By Hall's theorem there is an answer exactly if no set of parties has fewer seats open to it than it needs. A largest flow of
those who are required finds such a set: whoever is left over, and everybody whose seats they could have had.
"""

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import max_flow

from matching_svc.allocation.problem import Ints, Problem


def too_few_seats(problem: Problem) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Parties that are required, and all places open to them, which have too few seats; ``None`` if there are enough.

    For parties of several seats it is a necessary condition only: seats may be enough and yet not fall together.
    """
    required = np.flatnonzero(problem.required)
    if not len(required):
        return None
    open_to = problem.possible[required]
    nowhere = required[~open_to.any(axis=1)]
    if len(nowhere):
        return tuple(map(int, nowhere)), ()
    network, source = _network(problem, required, open_to)
    network.solve(source, source + 1)
    needed = problem.seats[required]
    if network.optimal_flow() == needed.sum():
        return None
    reached = np.zeros(source + 2, np.bool_)
    reached[network.get_source_side_min_cut()] = True
    parties = required[reached[: len(required)]]
    places = np.flatnonzero(reached[len(required) : source])
    return tuple(map(int, parties)), tuple(map(int, places))


def _network(problem: Problem, required: Ints, open_to: NDArray[np.bool_]) -> tuple[max_flow.SimpleMaxFlow, int]:
    """source → required parties → places open to them → sink; the sink's number follows the source's."""
    party, place = np.nonzero(open_to)
    parties, places = open_to.shape
    source, sink = parties + places, parties + places + 1
    network = max_flow.SimpleMaxFlow()
    seats = problem.seats[required]
    network.add_arcs_with_capacity(np.full(parties, source), np.arange(parties), seats)
    network.add_arcs_with_capacity(party, parties + place, seats[party])
    network.add_arcs_with_capacity(parties + np.arange(places), np.full(places, sink), problem.capacities)
    return network, source
