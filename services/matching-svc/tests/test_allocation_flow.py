"""Allocations of single seats, held to trying everything out, and to the proof that they carry themselves."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_svc.allocation import flow, prices, program
from matching_svc.allocation.problem import NOWHERE, Infeasible, Problem, taken, value_of


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    parties, places = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    scores = draw(st.lists(st.lists(st.integers(-1, 7), min_size=places, max_size=places), min_size=parties, max_size=parties))
    capacities = draw(st.lists(st.integers(0, 3), min_size=places, max_size=places))
    required = draw(st.lists(st.booleans(), min_size=parties, max_size=parties))
    return Problem.of(np.array(scores, np.int32), np.array(capacities, np.int64), required=np.array(required))


def allowed(problem: Problem, chosen: np.ndarray) -> bool:
    placed = chosen != NOWHERE
    return bool(
        placed[problem.required].all()
        and (problem.scores[placed, chosen[placed]] >= 0).all()
        and (taken(problem, chosen) <= problem.capacities).all()
    )


def best_by_trying(problem: Problem) -> int | None:
    parties, places = problem.scores.shape
    every = (np.array(each) for each in itertools.product(range(NOWHERE, places), repeat=parties))
    return max((value_of(problem, chosen) for chosen in every if allowed(problem, chosen)), default=None)


def check_shortage(problem: Problem, shortage: Infeasible) -> None:
    """The parties named have to be placed, can go nowhere else, and are too many for what they can have."""
    assert problem.required[list(shortage.parties)].all()
    assert problem.capacities[list(shortage.places)].sum() < len(shortage.parties)
    others = np.setdiff1d(np.arange(len(problem.capacities)), shortage.places)
    assert not problem.possible[np.ix_(np.array(shortage.parties), others)].any()


@pytest.mark.parametrize("method", ["flow", "program"])
@pytest.mark.parametrize(("parties", "places"), [(0, 0), (3, 0), (0, 2), (3, 2)])
def test_where_nothing_is_possible_nobody_is_placed_and_whoever_must_be_is_named(
    method: str, parties: int, places: int
) -> None:
    solver = {"flow": flow, "program": program}[method]
    shut = Problem.of(np.full((parties, places), -1, np.int32), np.ones(places, np.int64))
    found = solver.solve(shut)
    assert (found.chosen.tolist(), found.value, found.gap) == ([NOWHERE] * parties, 0, 0)
    if parties:
        must = Problem.of(shut.scores, shut.capacities, required=np.arange(parties) > 0)
        with pytest.raises(Infeasible) as shortage:
            solver.solve(must)
        assert (shortage.value.parties, shortage.value.places) == ((1, 2), ())


@given(problems())
def test_nothing_is_better_and_the_prices_prove_it(problem: Problem) -> None:
    best = best_by_trying(problem)
    if best is None:
        with pytest.raises(Infeasible) as shortage:
            flow.solve(problem)
        check_shortage(problem, shortage.value)
        return
    found = flow.solve(problem)
    assert allowed(problem, found.chosen)
    assert found.value == best
    assert found.gap == 0
    assert (found.prices >= 0).all()


@given(problems(), st.lists(st.integers(0, 9), min_size=3, max_size=3))
def test_no_prices_whatever_prove_too_little(problem: Problem, asked: list[int]) -> None:
    best = best_by_trying(problem)
    if best is not None:
        assert prices.upper_bound(problem, np.array(asked[: len(problem.capacities)], np.float64)) >= best


def test_pairs_left_out_at_first_are_found_again() -> None:
    """Everybody's first places are the same ones, so the best allocation needs places far down everybody's list."""
    rng = np.random.default_rng(7)
    scores = (10_000 - 100 * np.arange(60)[None, :] + rng.integers(0, 50, (60, 60))).astype(np.int32)
    found = flow.solve(Problem.of(scores, np.ones(60, np.int64)))
    assert sorted(found.chosen) == list(range(60))
    assert found.gap == 0
