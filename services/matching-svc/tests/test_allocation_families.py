"""Families, floors, two-sided wishes and arrivals one by one, held to trying everything out."""

import itertools
from datetime import UTC, datetime
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_svc.allocation import building, explaining, online, program, solving, stable
from matching_svc.allocation.building import problem_of
from matching_svc.allocation.floors import placed_in, with_floors, without_floors
from matching_svc.allocation.gating import Gates
from matching_svc.allocation.problem import NOWHERE, Infeasible, Problem, taken, value_of
from matching_svc.allocation.task import Someone, Task, packed
from matching_svc.concepts import small_set
from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.knowledge import knowledge
from matching_svc.model import shipped as shipped_model
from matching_svc.ranking import Pair, rank
from matching_svc.vocabulary import of_edition
from stena.contracts.matching import Opportunity

from .fitting import related


@st.composite
def problems(draw: st.DrawFn, *, families: bool = True) -> Problem:
    parties, places = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    scores = draw(st.lists(st.lists(st.integers(-1, 9), min_size=places, max_size=places), min_size=parties, max_size=parties))
    capacities = draw(st.lists(st.integers(0, 4), min_size=places, max_size=places))
    seats = draw(st.lists(st.integers(1, 3 if families else 1), min_size=parties, max_size=parties))
    required = draw(st.lists(st.booleans(), min_size=parties, max_size=parties))
    return Problem(np.array(scores, np.int32), np.array(seats), np.array(capacities), np.array(required))


def allowed(problem: Problem, chosen: np.ndarray) -> bool:
    placed = chosen != NOWHERE
    return bool(
        placed[problem.required].all()
        and (problem.scores[placed, chosen[placed]] >= 0).all()
        and (taken(problem, chosen) <= problem.capacities).all()
    )


def every(problem: Problem) -> list[np.ndarray]:
    parties, places = problem.scores.shape
    tried = (np.array(each) for each in itertools.product(range(NOWHERE, places), repeat=parties))
    return [chosen for chosen in tried if allowed(problem, chosen)]


@settings(deadline=None)
@given(problems())
def test_families_get_the_best_that_there_is(problem: Problem) -> None:
    best = max((value_of(problem, chosen) for chosen in every(problem)), default=None)
    with patch.object(program, "FIRST", 1):  # so that pairs left out at first are needed
        if best is None:
            with pytest.raises(Infeasible) as refused:
                program.solve(problem)
            assert refused.value.parties
            assert problem.required[list(refused.value.parties)].all()
            return
        found = program.solve(problem)
    assert allowed(problem, found.chosen)
    assert found.value == best
    assert found.bound >= best - 1e-6


@settings(deadline=None)
@given(problems(), st.lists(st.integers(0, 1), min_size=4, max_size=4), st.lists(st.integers(0, 3), min_size=2, max_size=2))
def test_floors_are_kept_at_the_least_cost(problem: Problem, groups: list[int], least: list[int]) -> None:
    of, floor = np.array(groups[: len(problem.seats)]), np.array(least)
    sizes = np.bincount(of, weights=problem.seats, minlength=2)
    floor = np.minimum(floor, sizes).astype(np.int64)
    kept = [chosen for chosen in every(problem) if (placed_in(problem, of, chosen, 2) >= floor).all()]
    held = with_floors(problem, of, floor)
    if not kept:
        with pytest.raises(Infeasible):
            solving.solve(held)
        return
    found = without_floors(problem, solving.solve(held).found)
    assert (placed_in(problem, of, found.chosen, 2) >= floor).all()
    assert found.value == max(value_of(problem, chosen) for chosen in kept)


@settings(deadline=None)
@given(problems(families=False), st.data())
def test_no_pair_would_rather_have_each_other(problem: Problem, data: st.DataObject) -> None:
    places = list(range(len(problem.capacities)))
    order = st.permutations(places).flatmap(lambda each: st.integers(0, len(each)).map(lambda most: each[:most]))
    wishes = data.draw(st.lists(order, min_size=len(problem.scores), max_size=len(problem.scores)))
    chosen = stable.stable(problem, wishes)
    assert not stable.blocking(problem, wishes, chosen)
    assert (taken(problem, chosen) <= problem.capacities).all()
    assert all(place == NOWHERE or (place in wishes[at] and problem.scores[at, place] >= 0) for at, place in enumerate(chosen))


@settings(deadline=None)
@given(problems(families=False))
def test_reasons_say_what_the_allocation_says(problem: Problem) -> None:
    free = Problem.of(np.where(problem.scores == 0, 1, problem.scores).astype(np.int32), problem.capacities)
    found = solving.solve(free).found
    for party, reason in enumerate(explaining.reasons(free, found)):
        has = found.chosen[party]
        if reason.why == "best":
            assert free.scores[party, has] == free.scores[party].max(where=free.capacities > 0, initial=-1)
        if reason.why == "seats-worth-more-to-others":
            own = free.scores[party, has] if has != NOWHERE else 0
            assert reason.price >= free.scores[party, reason.wanted] - own
            assert taken(free, found.chosen)[reason.wanted] == free.capacities[reason.wanted]
        assert reason.why in ("best", "seats-worth-more-to-others", "nothing-open")


def test_prices_of_one_period_place_the_arrivals_of_another_nearly_as_hindsight_would() -> None:
    rng = np.random.default_rng(11)
    taste = rng.normal(size=(20, 4))

    def period() -> np.ndarray:
        fit = rng.normal(size=(300, 4)) @ taste.T + rng.normal(size=(300, 20)) + np.linspace(0, 2, 20)
        return np.clip(5_000 + 1_200 * fit, 0, 10_000).astype(np.int32)

    past, arrivals, capacities = period(), period(), np.full(20, 12, np.int64)
    problem = Problem.of(arrivals, capacities)
    hindsight = solving.solve(problem).found.value
    placed = online.by_prices(past, arrivals, capacities)
    assert (taken(problem, placed) <= capacities).all()
    assert value_of(problem, placed) >= 0.95 * hindsight
    assert value_of(problem, online.greedy(arrivals, capacities)) < value_of(problem, placed)


def test_a_seat_is_kept_for_whom_it_is_worth_more() -> None:
    scores, prices, free = np.array([5_000, 2_000], np.int32), np.array([6_000.0, 1_000.0]), np.array([1, 1])
    assert online.choose(scores, prices, free) == 1
    assert online.reason(scores, prices, free, 1).why == "seats-worth-more-to-others"
    assert online.choose(scores, prices, np.array([1, 0])) == NOWHERE
    assert online.reason(scores, prices, np.array([0, 0]), NOWHERE).why == "no-seat-left"
    assert online.choose(np.array([-1, -1], np.int32), np.zeros(2), free) == NOWHERE
    assert online.reason(np.array([-1, -1], np.int32), np.zeros(2), free, NOWHERE).why == "nothing-open"
    # Prices pass with the seats: half of them are left when all people are still to come, or nobody.
    seats, left = np.array([4, 4]), np.array([2, 2])
    assert (online.paced(prices, seats, left, 1.0) > prices).all()
    assert (online.paced(prices, seats, left, 0.0) < prices).all()


def test_a_pair_is_worth_what_a_ranking_says() -> None:
    """The columns that many are scored by give, for every pair, the score and the gates of the ranking for the same caller."""
    skills, occupations = sorted(small_set().skills), sorted(small_set().occupations)
    needed = [skill for each in occupations[:9] for skill in small_set().occupations[each].essential_skills[:2]]
    attributes = ATTRIBUTES - {"municipality"}
    rng = np.random.default_rng(3)
    people = {
        f"p{at}": MatchFeatures.model_validate(
            {
                **({} if at % 10 == 9 else {"skills": [*(skills[each] for each in rng.choice(60, 8)), *needed[: at % 4]]}),
                "work_history": [
                    {"occupation": occupations[each], "months": int(rng.integers(0, 40))} for each in rng.choice(9, at % 3)
                ],
                "languages": [{"language": "bul", "reading": str(rng.choice(["A1", "B1", "C1"]))}],
                "of_working_age": bool(rng.random() < 0.8),
                "municipality": "Sofia",
                "education_level": int(rng.integers(0, 6)),
                "region": str(rng.choice(["BG411", "BG421"])),
                "driving_licences": ["B"] if rng.random() < 0.5 else [],
                "right_to_work": [{"answer": str(rng.choice(["yes", "no", "limited"])), "rule": "r"}],
                "recognition": [{"qualification": "Nurse", "state": str(rng.choice(["recognised", "refused"]))}],
                "availability": {"from": f"2026-0{rng.integers(1, 9)}-01"},
            }
        )
        for at in range(60)
    }
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    offers = [
        Opportunity.model_validate(
            {
                "kind": "job",
                "title": "A job",
                "essential_skills": [*(skills[each] for each in rng.choice(60, 5)), *needed[:6]] if at != 5 else [],
                "optional_skills": [skills[each] for each in rng.choice(60, 3)] if at % 2 else [],
                "occupation": occupations[at],
                "languages": [{"language": "bul", "level": "B1", "essential": bool(at % 2)}],
                "municipality": "Sofia",
                "education_level": 3,
                "licences": ["B"] if at == 2 else [],
                "regulated": "Nurse" if at == 4 else None,
                "eligibility": [{"attribute": "region", "operator": "eq", "value": "BG41"}] if at == 3 else [],
                "starts_on": "2026-04-01",
                "ends_on": "2026-06-30",
                "id": f"o{at}",
                "owner": "o",
                "created_at": moment,
                "updated_at": moment,
                "etag": '"1"',
            }
        )
        for at in range(6)
    ]
    known = knowledge(of_edition(related()), shipped_model())
    columns, numberings = packed(people)
    everybody = tuple(Someone(row, row, required=False) for row in range(len(people)))
    for seen in (attributes, attributes - {"work_history"}, attributes - {"skills", "languages"}):
        task = Task(columns, numberings, everybody, tuple(offers), seen, known, moment.date())
        with patch.object(building, "AT_ONCE", 7):  # so that people are looked at in several portions
            problem = problem_of(task, Gates(task), lambda _: None)
        for place, offer in enumerate(offers):
            pairs = [Pair(str(at), view(each, seen), offer) for at, each in enumerate(people.values())]
            ranked = {int(found.pair.id): found.score.units for found in rank(pairs, known, moment.date())}
            assert [max(1, ranked[at]) if at in ranked else -1 for at in range(60)] == problem.scores[:, place].tolist()
