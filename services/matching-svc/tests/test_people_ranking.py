"""People over columns: the same score to the last digit as pair by pair, and the same best ones as scoring everybody."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_svc import people_ranking
from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.gates import check
from matching_svc.numbering import Numberings
from matching_svc.people_columns import Packer, People, features_at, merged
from matching_svc.people_measures import Question, _coverage
from matching_svc.people_ranking import _skills_bound, best, dropped, everybody, postings
from matching_svc.ranking import Pair, rank
from matching_svc.scoring import score
from stena.contracts.matching import NewOpportunity

from .fitting import KNOWLEDGE, OCCUPATIONS, PLACES, REGIONS, SKILLS, TODAY, attributes, opportunities, people


def packed(known: dict[str, MatchFeatures], numberings: Numberings) -> People:
    packer = Packer(numberings)
    for id_, features in known.items():
        packer.add(id_, features)
    return packer.pack()


def named(several: list[MatchFeatures]) -> dict[str, MatchFeatures]:
    return {f"psn_{number}": features for number, features in enumerate(several)}


@given(st.lists(people, min_size=1, max_size=12), opportunities, attributes)
@settings(max_examples=400, deadline=None)
def test_columns_score_like_pairs_to_the_last_digit(
    several: list[MatchFeatures], opportunity: NewOpportunity, allowed: frozenset[str]
) -> None:
    numberings = Numberings()
    columns = packed(named(several), numberings)
    found = Question(opportunity, allowed, KNOWLEDGE, numberings).of(columns, np.arange(len(several)))
    assert found.tolist() == [score(view(each, allowed), opportunity, KNOWLEDGE).units for each in several]


@given(st.lists(people, min_size=1, max_size=12), opportunities, attributes)
@settings(max_examples=300, deadline=None)
def test_a_filter_drops_only_whom_a_gate_drops(
    several: list[MatchFeatures], opportunity: NewOpportunity, allowed: frozenset[str]
) -> None:
    numberings = Numberings()
    columns = packed(named(several), numberings)
    gone = dropped(Question(opportunity, allowed, KNOWLEDGE, numberings), columns, np.arange(len(several)))
    for each, is_gone in zip(several, gone, strict=True):
        outcomes = {gate.outcome for gate in check(view(each, allowed), opportunity, TODAY)}
        assert not is_gone or "not-met" in outcomes


@given(st.lists(people, max_size=10), st.lists(people, max_size=10), st.randoms())
@settings(max_examples=100, deadline=None)
def test_what_was_packed_and_merged_comes_back_whole(
    first: list[MatchFeatures], second: list[MatchFeatures], chance: random.Random
) -> None:
    numberings = Numberings()
    one, other = packed(named(first), numberings), packed({f"x{id_}": each for id_, each in named(second).items()}, numberings)
    kept = [np.array(sorted(chance.sample(range(len(part)), len(part) // 2)), dtype=np.int64) for part in (one, other)]
    both = merged([one, other], kept)
    expected = [first[row] for row in kept[0]] + [second[row] for row in kept[1]]
    assert [features_at(both, row, numberings) for row in range(len(both))] == expected
    assert sorted(range(len(both)), key=lambda row: both.ids[row]) == np.argsort(both.order).tolist()


def crowd(count: int, chance: random.Random) -> dict[str, MatchFeatures]:
    """Many people, some of them alike so that there are ties, some who state nothing."""
    found = {}
    for number in chance.sample(range(10 * count), count):
        known: dict[str, Any] = {
            "skills": chance.sample(SKILLS, chance.randint(0, 8)),
            "work_history": [
                {"occupation": each, "months": chance.randint(0, 40)} for each in chance.sample(OCCUPATIONS, number % 3)
            ],
            "languages": [{"language": "bul", "listening": chance.choice(["A1", "B1", "C1"])}],
            "education_level": chance.randint(0, 8),
            "municipality": chance.choice(PLACES),
            "region": chance.choice(REGIONS),
            "wanted_occupations": chance.sample(OCCUPATIONS, chance.randint(0, 1)),
            "of_working_age": chance.random() < 0.9,
            "right_to_work": [{"answer": chance.choice(["yes", "no"]), "rule": "r"}],
        }
        left_out = chance.sample(sorted(known), chance.choice([0, 0, 1, 4, 9]))
        kept = {name: each for name, each in known.items() if name not in left_out}
        found[f"psn_{number}"] = MatchFeatures.model_validate(kept)
    return found


@pytest.fixture(scope="module")
def many() -> tuple[dict[str, MatchFeatures], People, Numberings]:
    known, numberings = crowd(3_000, random.Random(5)), Numberings()  # noqa: S311 -- no secret
    return known, packed(known, numberings), numberings


@given(opportunities, attributes, st.sampled_from([1, 10, 200]), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_best_are_the_best_of_everybody(
    many: Any, opportunity: NewOpportunity, allowed: frozenset[str], need: int, dead: int
) -> None:
    known, columns, numberings = many
    alive = np.arange(len(columns)) % 10 != dead
    question = Question(opportunity, allowed, KNOWLEDGE, numberings)

    def passes(row: int) -> bool:
        gates = check(view(known[columns.ids[row]], allowed), opportunity, TODAY)
        return all(gate.outcome != "not-met" for gate in gates)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people_ranking, "FIRST_BLOCK", 40)
        found = best(question, columns, postings(columns, numberings), alive, need, passes)
    assert found == everybody(question, columns, alive, need, passes)


def test_the_best_of_columns_are_the_best_of_pairs(many: Any) -> None:
    known, columns, numberings = many
    vacancy = NewOpportunity(
        kind="job", title="t", occupation=OCCUPATIONS[0], essential_skills=tuple(SKILLS[20:30]), region="BG411"
    )
    question = Question(vacancy, ATTRIBUTES, KNOWLEDGE, numberings)
    ranked = rank((Pair(id_, view(each, ATTRIBUTES), vacancy) for id_, each in known.items()), KNOWLEDGE, TODAY)

    def passes(row: int) -> bool:
        gates = check(view(features_at(columns, row, numberings), ATTRIBUTES), vacancy, TODAY)
        return all(gate.outcome != "not-met" for gate in gates)

    found = best(question, columns, postings(columns, numberings), np.ones(len(columns), dtype=np.bool_), 100, passes)
    assert [(columns.ids[each.row], each.units) for each in found] == [(r.pair.id, r.score.units) for r in ranked[:100]]


@given(opportunities, st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_bound_is_never_below_what_it_stands_for(many: Any, opportunity: NewOpportunity, implies: bool) -> None:
    _, columns, numberings = many
    allowed = ATTRIBUTES if implies else ATTRIBUTES - {"work_history"}
    question = Question(opportunity, allowed, KNOWLEDGE, numberings)
    bound = _skills_bound(question, columns, postings(columns, numberings))
    if bound is not None and question.essential is not None:
        actual = _coverage(question, "skills", question.essential, columns, np.arange(len(columns)))
        assert (bound.value(bound.sums) >= actual).all()
