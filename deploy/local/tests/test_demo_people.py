"""Invented people: the same for the same seed, valid against the rulebook, coherent as lives are, in constant memory."""

import itertools
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from stena.contracts.condition import facts_of_people
from stena_local.demo import people, protagonists, vocabulary
from stena_local.demo.identity import national_number
from stena_local.demo.reference import trade

RULEBOOK = Path(__file__).resolve().parents[2] / "rulebook"
COUNT = 1500


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return list(people.stream(COUNT, seed=1))


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((RULEBOOK / "attributes.yaml").read_text())["attributes"]
    return found


@pytest.fixture(scope="module")
def organisations() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((RULEBOOK / "organisations.yaml").read_text())
    return found


def test_a_person_depends_on_seed_and_index_alone(lines: list[dict[str, Any]]) -> None:
    assert people.person(1, 700) == lines[700]
    assert people.person(2, 700) != lines[700]
    assert list(people.stream(20, seed=1)) == lines[:20]


def test_every_value_is_valid_against_the_rulebook(lines: list[dict[str, Any]], catalogue: dict[str, Any]) -> None:
    stored = {name: entry["schema"] for name, entry in catalogue.items() if "derived_from" not in entry}
    validators = {name: jsonschema_rs.validator_for(schema, validate_formats=True) for name, schema in stored.items()}
    faults = [
        f"{line['external_id']}: {name}: {error.message}"
        for line in lines
        for name, value in line["attributes"].items()
        for error in validators[name].iter_errors(value)
    ]
    assert faults == []
    assert set(stored) == {name for line in lines for name in line["attributes"]}, "an attribute that nobody has shows nothing"


def test_whoever_is_named_exists_and_may_register(lines: list[dict[str, Any]], organisations: dict[str, Any]) -> None:
    registrars = {
        name
        for name, entry in organisations.items()
        if any(approval["purpose"] == "registration" for approval in entry["approvals"])
    }
    assert {line["created_by"] for line in lines} <= registrars
    assert {name for line in lines for name in [*line["assigned"], *line["verified"].values()]} <= set(organisations)
    assert all(line["created_by"] in line["assigned"] for line in lines)


def test_consents_are_for_purposes_that_exist(lines: list[dict[str, Any]]) -> None:
    purposes = yaml.safe_load((RULEBOOK / "purposes.yaml").read_text())
    assert {consent["purpose"] for line in lines for consent in line["consents"]} <= set(purposes)


def test_what_is_verified_is_there(lines: list[dict[str, Any]]) -> None:
    assert all(line["attributes"].get(name) for line in lines for name in line["verified"])


def test_every_record_fact_occurs(lines: list[dict[str, Any]]) -> None:
    """A wall is tried only by people who differ in what it decides by."""
    assert facts_of_people == {"region_path", "assigned", "consents", "objections", "restricted", "minor", "created_by"}
    for member in ("restricted", "consents"):
        assert {bool(line[member]) for line in lines} == {True, False}, member
    assert {"residence" in line["attributes"] for line in lines} == {True, False}
    assert {date.fromisoformat(line["attributes"]["date_of_birth"]) > date(2008, 11, 1) for line in lines} == {True, False}


def statuses(lines: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for line in lines:
        for status in line["attributes"]["legal_status"]:
            yield line["attributes"], status


def test_temporary_protection_is_for_ukrainians_since_the_invasion(lines: list[dict[str, Any]]) -> None:
    protected = [(who, s) for who, s in statuses(lines) if s["status"] == "temporary-protection"]
    assert protected
    assert all(who["nationalities"][0] == "UKR" and s["from"] >= "2022-02-24" for who, s in protected)
    assert all(s["from"] >= "2022-01-01" for who, s in statuses(lines) if who["nationalities"][0] == "UKR")


def test_statuses_follow_each_other_and_the_procedure(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        who = line["attributes"]
        held = who["legal_status"]
        assert all(first["until"] < second["from"] for first, second in itertools.pairwise(held))
        assert held[-1]["until"] is None
        assert all(who["date_of_birth"] <= status["from"] <= "2026-11-01" for status in held)
        if held[-1]["status"] in ("applicant", "refugee", "humanitarian", "rejected"):
            stage = who["procedure_stage"]
            assert stage["registered_on"] == held[0]["from"]
            assert (stage["stage"] == "closed") is (held[-1]["status"] != "applicant")


def test_citizens_of_the_union_never_asked_for_asylum(lines: list[dict[str, Any]]) -> None:
    citizens = [line["attributes"] for line in lines if line["attributes"]["nationalities"][0] in ("BGR", "ROU")]
    assert citizens
    assert not any("asylum_grounds" in who or "permit" in who for who in citizens)


def test_skills_go_with_the_occupation(lines: list[dict[str, Any]]) -> None:
    known = {occupation.uri: occupation for occupation in vocabulary.occupations().values()}
    for line in lines:
        history = line["attributes"].get("work_history")
        if history:
            named = known[line["attributes"]["wanted_occupations"][0]]
            assert set(named.essential_skills) & set(line["attributes"]["skills"]), line["external_id"]


def test_gender_shows_in_occupations_as_in_life(lines: list[dict[str, Any]]) -> None:
    """An attacker that learns must find something to learn, or the leak tests would prove nothing."""
    builders = [
        line["attributes"]["gender"]
        for line in lines
        for uri in line["attributes"].get("wanted_occupations", [])[:1]
        if any(o.uri == uri and o.isco.startswith("71") for o in vocabulary.occupations().values())
    ]
    assert len(builders) > 20
    assert builders.count("male") / len(builders) > 0.7


def test_children_have_no_working_life_and_are_younger_than_their_parents(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        who = line["attributes"]
        if who["date_of_birth"] > "2008-11-01":
            assert not who.get("work_history")
            assert who["dependants"] == []
        assert all(int(child["born"][:4]) - int(who["date_of_birth"][:4]) >= 18 for child in who["dependants"])
        assert ("guardian" in who) is ("unaccompanied-minor" in who["vulnerabilities"])


def test_nobody_real_has_such_a_number() -> None:
    weights = (21, 19, 17, 13, 11, 9, 7, 3, 1)
    numbers = [national_number(index) for index in (0, 1, 999, 123_456_789)]
    numbers += [line["attributes"]["national_number"] for line in protagonists.lines()]
    for number in numbers:
        check = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 10
        assert int(number[9]) != check


def test_every_occupation_of_the_small_set_has_a_trade() -> None:
    assert all(trade(occupation.isco) for occupation in vocabulary.occupations().values())


def test_a_long_stream_needs_no_more_memory_than_a_short_one() -> None:
    """Peak memory of 2,000 people is that of 200: nothing is kept."""

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in people.stream(count, seed=3):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(200)  # fills the caches of the reference data
    assert peak(2000) < peak(200) + 200_000
