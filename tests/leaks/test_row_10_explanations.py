"""Row 10, explanations: a reason for a match rests on what its reader sees, and nobody is explained away."""

import asyncio
import time
from typing import Any

import pytest

from .rows import ask, bring, path
from .target import Target

SKILL = "http://data.europa.eu/esco/skill/0f11ace0-0000-4000-8000-00000000000a"
OCCUPATION = "http://data.europa.eu/esco/occupation/0f11ace0-0000-4000-8000-00000000000a"
KNOWS: dict[str, Any] = {
    "skills": [SKILL],
    "work_history": [{"occupation": OCCUPATION, "months": 60, "country": "UKR"}],
    "legal_status": [{"status": "refugee", "from": "2022-04-01", "until": None}],
}


@pytest.fixture
async def training(target: Target) -> str:
    body = {"kind": "training", "title": "T", "occupation": OCCUPATION, "essential_skills": [SKILL], "region": "BG411"}
    answer = await ask(target, "language-house", "opportunity-management", "POST", "/v1/opportunities", json=body)
    return str(answer.json()["id"])


async def candidates(target: Target, opportunity: str, wanted: set[str]) -> dict[str, Any]:
    """Those shown, once everybody of ``wanted`` is among them."""
    where, deadline = f"/v1/opportunities/{opportunity}/candidates?limit=100", time.monotonic() + 30
    while True:
        answer = await ask(target, "language-house", "training-placement", "GET", where)
        found = {each["person"]["id"]: each for each in answer.json()["candidates"]}
        if wanted <= found.keys():
            return found
        assert time.monotonic() < deadline, "they never came"
        await asyncio.sleep(0.2)


def rests_on(candidate: Any) -> set[str]:
    explained = candidate["explanation"]
    used = {name for item in explained["components"] + explained["gates"] for name in item["uses"]}
    return used | ({"skills"} if explained["matched"] or explained["missing"] else set())


async def test_no_item_rests_on_what_is_withheld_of_that_very_person(target: Target, training: str) -> None:
    """Experience is disclosed of own cases alone: it explains nothing about others, and ranks nobody before them."""
    own = await bring(target, "explained, own", {"assigned": ["language-house"]}, **KNOWS)
    other = await bring(target, "explained, other", **KNOWS)
    ids = [await target.pairwise(each, "language-house", "training-placement") for each in (own, other)]
    found = await candidates(target, training, set(ids))
    for candidate in found.values():
        assert rests_on(candidate) <= candidate["person"]["attributes"].keys()
    first, second = (found[each] for each in ids)
    assert "work_history" in first["person"]["attributes"]
    assert "work_history" in second["person"]["withheld"]
    assert first["score"] == second["score"]


async def test_nobody_is_told_why_somebody_is_not_shown(target: Target) -> None:
    """A child is no candidate for a job; the answer knows candidates and no reasons for others."""
    body = {"kind": "job", "title": "J", "essential_skills": [SKILL], "region": "BG411"}
    offered = await ask(target, "vitosha-bakery", "opportunity-management", "POST", "/v1/opportunities", json=body)
    child = await bring(target, "explained, a child", {"minor": True}, **KNOWS)
    where = f"/v1/opportunities/{offered.json()['id']}/candidates?limit=100"
    answer = await ask(target, "vitosha-bakery", "anonymous-shortlist", "GET", where)
    assert answer.json().keys() == {"candidates", "truncated", "disclosure"}
    hidden = await target.pairwise(child, "vitosha-bakery", "anonymous-shortlist")
    assert hidden not in answer.text


async def test_a_match_says_nothing_of_what_a_purpose_withholds(target: Target) -> None:
    """training-placement sees an age band and not whether somebody is of working age: no gate may tell it."""
    internal = await bring(target, "explained, matched", **KNOWS)
    where = await path(target, internal, "language-house", "training-placement", "/matches?kind=training&limit=100")
    answer = await ask(target, "language-house", "training-placement", "GET", where)
    for match in answer.json()["matches"]:
        used = rests_on(match)
        assert not used & {"of_working_age", "date_of_birth", "work_history", "gender", "nationalities", "mother_tongue"}
