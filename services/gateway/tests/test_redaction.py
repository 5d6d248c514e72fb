"""The second wall for what is not a person's view: explanations, rows, notes."""

from typing import Any

import pytest

from gateway.redaction import PersonWall, Surplus, check_page, check_rows, explanation
from stena.contracts.access import Disclosure, Grant
from stena.contracts.condition import Overlaps

from .neighbours import view

GATES = [
    {"gate": "working-age", "outcome": "not-met", "code": "not-working-age", "uses": ["of_working_age"]},
    {"gate": "dates", "outcome": "met", "code": "open-until", "uses": []},
]
COMPONENTS = [
    {"component": "skills", "value": 1, "weight": 1, "contribution": 1, "uses": ["skills"]},
    {"component": "place", "value": 1, "weight": 1, "contribution": 1, "uses": ["municipality", "remote"]},
]
NEAR = [{"uri": "c", "uses": ["skills"]}, {"uri": "d", "uses": ["skills", "work_history"]}]
SKILLS = {"matched": [{"uri": "a"}], "near": NEAR, "missing": [{"uri": "b"}]}
WHOLE = {**SKILLS, "components": COMPONENTS, "gates": GATES, "model": "m1"}


def test_an_explanation_keeps_what_rests_on_disclosed_attributes_alone() -> None:
    kept = explanation(WHOLE, {"skills", "municipality"})
    assert kept == {
        "matched": [{"uri": "a"}],
        "near": NEAR[:1],
        "missing": [{"uri": "b"}],
        "components": COMPONENTS[:1],
        "gates": GATES[1:],
        "model": "m1",
    }


def test_skills_found_or_missing_fall_with_skills() -> None:
    kept = explanation(WHOLE, {"municipality", "remote", "of_working_age", "work_history"})
    assert (kept["matched"], kept["near"], kept["missing"]) == ([], [], [])
    assert kept["components"] == COMPONENTS[1:]


def grant(rows: object) -> Grant:
    members = {"iss": "x", "aud": "x", "iat": 0, "exp": 1, "jti": "x", "organisation": "open-door-legal", "operation": "read"}
    return Grant.model_validate({**members, "resource": "note", "purpose": "legal-aid", "rulebook": "x", "rows": rows})


OWN = {"op": "is_in", "fact": "created_by", "values": ["open-door-legal"]}
REGION = {"op": "overlaps", "fact": "region_path", "values": ["BG"]}


@pytest.mark.parametrize("rows", [OWN, {"op": "all", "of": [OWN, REGION]}, False])
def test_a_note_of_another_organisation_is_a_surplus(rows: object) -> None:
    with pytest.raises(Surplus):
        check_rows(grant(rows), created_by="danube-health")


@pytest.mark.parametrize("rows", [True, OWN, {"op": "all", "of": [OWN, REGION]}, {"op": "any", "of": [OWN, REGION]}])
def test_a_note_that_may_be_within_the_grant_passes(rows: object) -> None:
    check_rows(grant(rows), created_by="open-door-legal")


@pytest.mark.parametrize("people", [["a", "b", "c"], ["a", "a"]])
def test_more_people_than_asked_for_or_one_twice_are_a_surplus(people: list[str]) -> None:
    with pytest.raises(Surplus):
        check_page([view(person) for person in people], 2)


PERSON: dict[str, Any] = {"id": "p", "provenance": {}, "updated_at": None, "etag": "e"}


def permitted() -> Grant:
    disclose = {
        "skills": Disclosure(when=True),
        "email": Disclosure(when=Overlaps(fact="assigned", values=("agency",)), otherwise="not-assigned"),
    }
    return grant(True).model_copy(update={"disclose": disclose, "withhold": {"gender": "not-necessary"}})


def test_that_one_has_passed_lets_nobody_else_through() -> None:
    good = {"attributes": {"skills": []}, "withheld": {"email": "not-assigned", "gender": "not-necessary"}}
    bad: list[dict[str, Any]] = [
        {**good, "attributes": {"skills": [], "gender": None}},
        {**good, "attributes": {"gender": []}},
        {**good, "withheld": {"email": "not-assigned", "gender": "consent-missing"}},
        {**good, "withheld": {"skills": "not-assigned"}},
        {**good, "provenance": {"gender": {"verified": True}}},
    ]
    for wrong in bad:
        wall = PersonWall(permitted())
        for _ in range(2):
            wall.check({**PERSON, **good})
        for _ in range(2):
            with pytest.raises(Surplus):
                wall.check({**PERSON, **wrong})
        wall.check({**PERSON, **good})


SHOWN: dict[str, Any] = {"id": "p", "attributes": {"skills": []}, "provenance": 0, "withheld": 1, "updated_at": None}
BRIEF: dict[str, Any] = {
    "people": [SHOWN, {**SHOWN, "id": "q", "attributes": {"skills": None, "email": "q"}, "provenance": 1, "withheld": 0}],
    "more": False,
    "provenance": [{}, {"skills": {"verified": True}}],
    "withheld": [{"gender": "not-necessary"}, {"gender": "not-necessary", "email": "not-assigned"}],
}


def test_a_brief_page_is_the_whole_page_said_once() -> None:
    one, two = PersonWall(permitted()).check_people(BRIEF, 2)
    assert one == {**SHOWN, "provenance": BRIEF["provenance"][0], "withheld": BRIEF["withheld"][1]}
    assert two == {**BRIEF["people"][1], "provenance": BRIEF["provenance"][1], "withheld": BRIEF["withheld"][0]}
    whole = {"people": [{**each, "etag": "e"} for each in (one, two)], "more": False}
    assert PersonWall(permitted()).check_people(whole, 2) == whole["people"]


NO_PLACES: tuple[object, ...] = (-1, 2, True, None, "0", {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": [{**SHOWN, "attributes": {"skills": [], "gender": "female"}}]},
        {"people": [{**SHOWN, "etag": "e"}]},
        {"people": [{**SHOWN, "note": "x"}]},
        {"people": [{name: value for name, value in SHOWN.items() if name != "updated_at"}]},
        {"people": [{**SHOWN, "provenance": 1, "attributes": {}}]},
        {"people": [{**SHOWN, "attributes": {"skills": [], "email": "p"}}]},
        *({"people": [{**SHOWN, name: place}]} for name in ("provenance", "withheld") for place in NO_PLACES),
        {"people": [SHOWN, SHOWN]},
        {"people": [{**SHOWN, "id": name} for name in "abc"]},
        {"people": [], "provenance": [{"gender": {"verified": True}}]},
        {"people": [], "provenance": [{"skills": {"verified": True, "by": "agency"}}]},
        {"people": [], "provenance": [{"skills": {"verified": True, "value": "x"}}]},
        {"people": [], "withheld": [{"gender": "consent-missing"}]},
        {"people": [], "withheld": [{"skills": "not-assigned"}]},
        {"notes": []},
    ],
)
def test_a_surplus_in_a_brief_page_is_one_whether_anybody_shares_it_or_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(Surplus):
        PersonWall(permitted()).check_people({**BRIEF, **wrong}, 2)
