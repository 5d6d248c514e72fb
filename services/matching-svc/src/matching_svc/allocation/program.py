"""Parties of several seats: an integer program, solved by HiGHS (through SciPy) and bounded by prices. Pure.

The relaxation, in which a family may be split, is solved over the pairs that matter; those left out are added while anybody
would rather have them. Its prices bound every allocation of the whole problem, so the gap that is told is proven, not hoped.
Whole families are then placed among the pairs that lose little at these prices; among more of them as long as the gap is wide.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from matching_svc.allocation import prices
from matching_svc.allocation.infeasible import too_few_seats
from matching_svc.allocation.problem import NOWHERE, Allocation, Infeasible, Ints, Problem, value_of

FIRST: Final = 8
"""Places of each party that the first relaxation knows."""

GAP: Final = 0.001
"""The search ends when the best that was found is proven to lack no more than this share."""

PATIENCE: Final = 60.0
"""Seconds for one search; the best that was found by then is the answer, with the gap that its prices prove."""

_OUT_OF_TIME: Final = 1  # SciPy's status of a search that was cut


@dataclass(frozen=True, slots=True, eq=False)
class _Program:
    """Pairs as columns; a row for each party (at most one place) and one for each place (at most its seats)."""

    problem: Problem
    known: NDArray[np.bool_]

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """The party and the place of each column."""
        party, place = np.nonzero(self.known)
        return party, place

    @property
    def rows(self) -> sparse.csc_array:
        parties, places = self.problem.scores.shape
        party, place = self.pairs
        columns = np.arange(len(party))
        values = np.concatenate([np.ones(len(columns)), self.problem.seats[party].astype(np.float64)])
        where = (np.concatenate([party, parties + place]), np.concatenate([columns, columns]))
        return sparse.csc_array((values, where), shape=(parties + places, len(columns)))

    @property
    def least(self) -> prices.Floats:
        return np.concatenate([self.problem.required.astype(np.float64), np.zeros(len(self.problem.capacities))])

    @property
    def most(self) -> prices.Floats:
        return np.concatenate([np.ones(len(self.problem.required)), self.problem.capacities.astype(np.float64)])

    @property
    def gain(self) -> prices.Floats:
        return self.problem.scores[self.pairs].astype(np.float64)


def solve(problem: Problem) -> Allocation:
    """An allocation, and how far from the best it can be. Raises ``Infeasible`` if not all who are required can be placed."""
    if shortage := too_few_seats(problem):
        raise Infeasible(*shortage)
    if not problem.possible.any():
        return Allocation(np.full(len(problem.scores), NOWHERE), np.zeros(len(problem.capacities)), 0, 0.0)
    costs = _relaxed(problem)
    bound = prices.upper_bound(problem, costs)
    loss = 32 * GAP * bound / len(problem.scores)
    while True:
        close = prices.within(problem, costs, loss)
        whole = _whole(_Program(problem, close))
        if whole is not None:
            found = Allocation(whole.chosen, costs, value_of(problem, whole.chosen), bound)
            # A pair that loses more than the whole allocation lacks is in no better one: then nothing else is left to search.
            if loss >= bound - found.value:
                return replace(found, bound=min(bound, max(found.value, whole.bound)))
            if found.gap <= GAP:
                return found
        elif (close == problem.possible).all():
            raise _fall_apart(problem)
        loss = 8 * loss + 1


def _relaxed(problem: Problem) -> prices.Floats:
    """The prices of the relaxation over all pairs, solved over those that it can use."""
    known = prices.best_pairs(problem, FIRST, prices.guessed(problem))
    while True:
        costs = _prices(_Program(problem, known))
        better = problem.possible & ~known if costs is None else prices.missed(problem, known, costs)
        if not better.any():
            if costs is None:
                raise _fall_apart(problem)
            return costs
        known |= better


def _prices(program: _Program) -> prices.Floats | None:
    """What a seat at each place is worth where families may be split; ``None`` if even that places not all who must be."""
    parties, places = program.problem.scores.shape
    must = program.problem.required
    rows = program.rows
    solved: Any = optimize.linprog(
        -program.gain,
        A_ub=sparse.vstack([rows[:parties][~must], rows[parties:]]),
        b_ub=np.concatenate([np.ones(int((~must).sum())), program.problem.capacities]),
        A_eq=rows[:parties][must] if must.any() else None,
        b_eq=np.ones(int(must.sum())) if must.any() else None,
        bounds=(0, None),
        method="highs",
    )
    return None if solved.x is None else np.maximum(0.0, -solved.ineqlin.marginals[len(solved.ineqlin.marginals) - places :])


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """A choice that splits nobody, and what no other over the same pairs is worth more than, as HiGHS has proven."""

    chosen: Ints
    bound: float


def _whole(program: _Program, gain: prices.Floats | None = None) -> _Whole | None:
    """The best choice that splits nobody, to within half of ``GAP``; ``None`` if there is none."""
    solved: Any = optimize.milp(
        -(program.gain if gain is None else gain),
        integrality=np.ones(int(program.known.sum())),
        bounds=optimize.Bounds(0, 1),
        constraints=optimize.LinearConstraint(program.rows, program.least, program.most),
        options={"mip_rel_gap": GAP / 2, "time_limit": PATIENCE},
    )
    if solved.x is None and solved.status == _OUT_OF_TIME:
        raise TimeoutError("no whole allocation was found in time")
    return None if solved.x is None else _Whole(_chosen(program, solved.x > 0.5), -float(solved.mip_dual_bound))


def _chosen(program: _Program, used: NDArray[np.bool_]) -> Ints:
    chosen = np.full(len(program.problem.scores), NOWHERE, np.int64)
    party, place = program.pairs
    chosen[party[used]] = place[used]
    return chosen


def _fall_apart(problem: Problem) -> Infeasible:
    """There are seats enough, but not together: who is left over when as many as possible of those required are placed."""
    asked = np.flatnonzero(problem.required)
    alone = Problem.of(problem.scores[asked], problem.capacities, problem.seats[asked])
    program = _Program(alone, alone.possible)
    whole = _whole(program, gain=np.ones(int(program.known.sum())))
    left_over = np.flatnonzero(whole.chosen == NOWHERE) if whole is not None else np.arange(len(asked))
    places = np.flatnonzero(alone.possible[left_over].any(axis=0))
    return Infeasible(tuple(map(int, asked[left_over])), tuple(map(int, places)))
