"""Row 1, filter: whether somebody has a value is not learned by asking for those who have it."""

from typing import Any

import pytest

from .comparing import OPERATORS, comparable
from .expected import ATTRIBUTES, Expected
from .rows import ask, bring, listed, path, told
from .target import Target

WITHHELD = sorted(ATTRIBUTES.keys() - Expected("employment-agency", "job-ranking").ever())
ALL_OPERATORS = ("gender", "date_of_birth", "mother_tongue")
"""Tried with every operator; the others, to save time, with some. `make leaks` tries every cell."""

OCCUPATION = "http://data.europa.eu/esco/occupation/0f11ace0-0000-4000-8000-000000000001"


def filters(attribute: str, operator: str, value: Any) -> dict[str, Any]:
    return {"filters": [{"attribute": attribute, "operator": operator, "value": [value] if operator == "in" else value}]}


@pytest.mark.parametrize("attribute", WITHHELD)
async def test_a_withheld_attribute_is_refused_whatever_it_is_compared_with(target: Target, attribute: str) -> None:
    """The same answer for a value that somebody has, for one that nobody has, and for one that cannot be."""
    await bring(target, "filtered")
    here = comparable(attribute, ATTRIBUTES[attribute].examples[0])
    values: list[Any] = [here, "nobody-has-this", -1, None, []]
    answers = []
    for operator in OPERATORS[:: 1 if attribute in ALL_OPERATORS else 3]:
        for value in values:
            body = filters(attribute, operator, value)
            answer = await ask(target, "employment-agency", "job-ranking", "POST", "/v1/persons/search", json=body)
            answers.append(told(answer))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["status"], answers[0]["type"]) == (403, "/problems/attribute-not-disclosed")
    assert answers[0]["attributes"] == [attribute]


async def test_nor_beside_one_that_is_disclosed_and_finds_nobody(target: Target) -> None:
    nobody = {"attribute": "municipality", "operator": "eq", "value": "Nowhere"}
    asked = {"filters": [nobody, {"attribute": "gender", "operator": "eq", "value": "female"}]}
    answer = await ask(target, "employment-agency", "job-ranking", "POST", "/v1/persons/search", json=asked)
    assert answer.status_code == 403


async def test_what_is_disclosed_of_some_finds_only_those(target: Target) -> None:
    """training-placement sees the experience of its own cases; somebody else's with the same occupation is not found by it."""
    worked: Any = [{"occupation": OCCUPATION, "months": 7, "country": "UKR"}]
    own = await bring(target, "filtered, own", {"assigned": ["language-house"]}, work_history=worked)
    other = await bring(target, "filtered, other", work_history=worked)
    everybody = await listed(target, "language-house", "training-placement")
    found = await listed(target, "language-house", "training-placement", f"&filter=work_history:has:{OCCUPATION}")
    ids = [await target.pairwise(person, "language-house", "training-placement") for person in (own, other)]
    assert set(ids) <= everybody.keys()
    assert set(found) == {ids[0]}


@pytest.mark.parametrize("attribute", ["national_number", "phone", "email", "given_name"])
async def test_nor_by_looking_somebody_up(target: Target, attribute: str) -> None:
    internal = await bring(target, "filtered, looked up", email="filtered@example.org")
    known = {"match": {attribute: "filtered@example.org"}}
    refused = await ask(target, "employment-agency", "job-ranking", "POST", "/v1/persons/lookup", json=known)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/attribute-not-disclosed")
    if attribute == "email":
        found = await ask(target, "danube-health", "health-access", "POST", "/v1/persons/lookup", json=known)
        where = await path(target, internal, "danube-health", "health-access")
        assert [person["id"] for person in found.json()["people"]] == [where.rsplit("/", 1)[1]]
