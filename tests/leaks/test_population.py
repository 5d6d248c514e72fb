"""The people who are brought are as the figures say, and what hangs together in life hangs together in them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from .attacker_guesses import age
from .population import chosen, stream

PEOPLE = 800


@pytest.fixture(scope="module")
def people() -> list[Mapping[str, Any]]:
    return [line["attributes"] for line in stream(PEOPLE, seed=3)]


def share(people: list[Mapping[str, Any]], of: Any) -> float:
    return float(sum(map(of, people)) / len(people))


def test_the_same_seed_gives_the_same_people() -> None:
    assert stream(30, seed=5) == stream(30, seed=5) != stream(30, seed=6)


def test_people_from_ukraine_are_mostly_women_and_children_and_other_applicants_mostly_men() -> None:
    lives = list(chosen(PEOPLE, seed=3))
    ukrainian = [life for life in lives if life.origin.name == "ukrainian"]
    applicants = [life for life in lives if life.origin.name in ("syrian", "afghan", "moroccan", "iraqi", "iranian")]
    assert sum(life.woman and not life.minor for life in ukrainian) / len(ukrainian) == pytest.approx(0.47, abs=0.07)
    assert sum(life.minor for life in ukrainian) / len(ukrainian) == pytest.approx(0.33, abs=0.07)
    assert sum(life.woman and not life.minor for life in applicants) / len(applicants) == pytest.approx(0.07, abs=0.05)
    assert sum(life.alone for life in applicants) / len(applicants) == pytest.approx(0.17, abs=0.07)


def test_mother_tongue_religion_and_group_hang_together(people: list[Mapping[str, Any]]) -> None:
    russian = [each for each in people if each["nationalities"][0] == "UKR" and each["mother_tongue"] == "rus"]
    ukrainian = [each for each in people if each["nationalities"][0] == "UKR" and each["mother_tongue"] == "ukr"]
    assert share(russian, lambda each: each["ethnic_origin"] == "russian") > 0.4
    assert share(ukrainian, lambda each: each["ethnic_origin"] == "russian") < 0.1
    yazidi = {each["ethnic_origin"] for each in people if each["religion"] == "yazidi"}
    assert yazidi <= {"kurdish"}


def test_trades_follow_gender(people: list[Mapping[str, Any]]) -> None:
    """An attacker who could learn nothing from a trade would prove nothing."""
    grown = [each for each in people if age(each) >= 25 and "C" in each.get("driving_licences", ())]
    assert share(grown, lambda each: each["gender"] == "male") > 0.8


def test_records_come_in_the_order_of_registration(people: list[Mapping[str, Any]]) -> None:
    first = [each["legal_status"][0]["from"] for each in people if "legal_status" in each]
    assert first == sorted(first)
    assert len(Counter(day[:4] for day in first)) > 3
