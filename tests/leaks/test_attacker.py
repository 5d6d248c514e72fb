"""The attacker that learns, in its short form; ``python -m tests.leaks.attacker`` tries every purpose on more people.

First that it can be believed: what is there to be found it finds, and where there is nothing it finds nothing.
"""

import json
from dataclasses import replace
from itertools import product
from types import FunctionType

import numpy as np
import pytest

from . import attacker, attacker_report
from .attacker import RECORD
from .attacker_collecting import CALLERS, NOT_TRIED
from .attacker_features import ID, REASONS, Sighting, features, table
from .attacker_guesses import GUESSES
from .attacker_learning import Auc, auc, learn
from .attacker_verdicts import Result, Verdict
from .report import unwatched
from .target import CATALOGUE, Target

PAGE = RECORD.parents[1] / "attacker.md"
CHANCE = np.random.default_rng(2)


def test_the_area_is_how_often_the_right_one_is_ranked_higher() -> None:
    labels, scores = CHANCE.random(80) < 0.4, CHANCE.integers(0, 9, 80).astype(float)
    pairs = list(product(scores[labels], scores[~labels]))
    wins = sum((above > below) + (above == below) / 2 for above, below in pairs)
    assert auc(labels, scores).value == pytest.approx(wins / len(pairs))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two normal distributions one deviation apart: the area is 0.7602."""

    def held() -> bool:
        labels = np.arange(120) < 50
        found = auc(labels, CHANCE.normal(labels.astype(float)), confidence=0.9)
        return found.low <= 0.7602 <= found.high

    assert 0.84 < sum(held() for _ in range(500)) / 500 < 0.96


def test_what_every_part_of_an_answer_says_is_learned_from() -> None:
    view = {
        "id": "psn_abcdefghijklmnop",
        "attributes": {"skills": ["http://a/b"], "given_name": {"latin": "Olena"}, "adult": True, "field_of_study": None},
        "provenance": {"skills": {"verified": True}},
        "withheld": {"gender": "not-necessary"},
        "updated_at": "2026-01-01T00:00:00Z",
    }
    whole = features(Sighting(view, place=4, etag='"tag"'))
    changed = [
        replace(Sighting(view, 4, '"tag"'), place=5),
        Sighting(view, 4, '"gat"'),
        *(Sighting({**view, **change}, 4, '"tag"') for change in CHANGES),
    ]
    assert all(features(each) != whole for each in changed)


CHANGES = (
    {"id": "psn_bbcdefghijklmnop"},
    {"attributes": {"skills": [], "given_name": {"latin": "Olena"}, "adult": True, "field_of_study": None}},
    {"attributes": {"skills": ["http://a/b"], "given_name": {"latin": "Oleh"}, "adult": True, "field_of_study": None}},
    {"attributes": {"skills": ["http://a/b"], "given_name": {"latin": "Olena"}, "adult": False, "field_of_study": None}},
    {"attributes": {"skills": ["http://a/b"], "given_name": {"latin": "Olena"}, "adult": True, "field_of_study": "0913"}},
    {"provenance": {"skills": {"verified": False}}},
    {"withheld": {"gender": "consent-missing"}},
    {"updated_at": "2026-01-02T00:00:00Z"},
)


def test_where_there_is_nothing_the_area_is_a_half_however_few_there_are() -> None:
    """Models of different folds score on different scales; taken together they would seem to know less than nothing."""
    rows = [features(_telling("nothing", answer=False)) for _ in range(100)]
    found = [learn(table(rows), CHANCE.random(100) < 0.3).auc.value for _ in range(12)]
    assert sum(found) / len(found) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("source", [REASONS, ID])
def test_a_reason_or_an_id_that_tells_is_found(source: str) -> None:
    """Nothing about the values gives it away, only the form of the answer."""
    labels = CHANCE.random(200) < 0.5
    found = learn(table([features(_telling(source, bool(label))) for label in labels]), labels, explained=True)
    assert found.auc.low > 0.9
    assert max(found.carried, key=lambda name: found.carried[name]) == source


def _telling(source: str, answer: bool) -> Sighting:
    reason = "consent-missing" if source == REASONS and answer else "not-necessary"
    letters = "".join(CHANCE.choice(list("abcdefg"), 20))
    first = "z" if answer else "a"
    return Sighting(
        {
            "id": f"psn_{first if source == ID else 'q'}{letters}",
            "attributes": {"skills": [f"s{number}" for number in CHANCE.integers(0, 9, 3)]},
            "provenance": {},
            "withheld": {"gender": reason},
            "updated_at": None,
        }
    )


def test_only_what_goes_beyond_what_is_known_is_a_finding() -> None:
    def result(value: float, verdict: Verdict = "hinted") -> Result:
        return Result("job-ranking", "gender", verdict, 500, 250, Auc(value, value - 0.03, value + 0.03), {"skills": 0.2})

    known = {("job-ranking", "gender"): {"verdict": "hinted", "auc": {"value": 0.75}}}
    assert attacker.beyond([result(0.85)], known) == ("job-ranking gives away gender: AUC 0.850, was 0.750; by skills",)
    assert attacker.beyond([result(0.6)], {}) == ("job-ranking gives away gender: AUC 0.600, was 0.500; by skills",)
    assert attacker.beyond([result(1.0, "shown")], known) == ("job-ranking shows gender, and did not",)
    assert not attacker.beyond([result(0.77), result(0.99, "accepted"), result(0.5, "chance")], known)


def test_every_purpose_is_tried_or_it_is_said_why_not() -> None:
    assert CALLERS.keys() | NOT_TRIED.keys() == {purpose.id for purpose in CATALOGUE.purposes}
    assert not CALLERS.keys() & NOT_TRIED.keys()


@pytest.mark.parametrize("make", [attacker_report.aucs, attacker_report.prices, attacker_report.carriers])
def test_the_page_tells_what_was_recorded(make: FunctionType) -> None:
    assert make(json.loads(RECORD.read_text())) in PAGE.read_text(), f"docs/attacker.md lacks the table of {make.__name__}"


async def test_a_purpose_gives_nothing_away_beyond_what_is_known(target: Target) -> None:
    guesses = [guess for guess in GUESSES if guess.name in ("gender", "over 40")]
    outcome = await attacker.attack(target, 240, ("job-ranking", "anonymous-shortlist"), guesses, 1, unwatched)
    assert all(control.holds for control in outcome.controls), outcome.controls
    assert not attacker.section(outcome).findings
