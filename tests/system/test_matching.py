"""From a person and a vacancy to a ranking with reasons, through the wall in both directions."""

import asyncio
import time
from typing import Any

import pytest

from matching_svc.concepts import small_set

from .house import Caller, House, put
from .people import line
from .test_refusals import RECORD

BAKER = next(each for each in small_set().occupations.values() if each.labels["en"].startswith("baker"))


def baker(**changes: Any) -> dict[str, Any]:
    return {
        "skills": list(BAKER.essential_skills),
        "work_history": [{"occupation": BAKER.uri, "months": 60, "country": "UKR"}],
        "wanted_occupations": [BAKER.uri],
        "legal_status": [{"status": "temporary-protection", "from": "2022-04-01", "until": None}],
    } | changes


@pytest.fixture
async def vacancy(house: House) -> str:
    bakery = await house.caller("vitosha-bakery")
    body = {
        "kind": "job",
        "title": "Baker",
        "occupation": BAKER.uri,
        "essential_skills": list(BAKER.essential_skills),
        "region": "BG411",
        "municipality": "Sofia",
    }
    answer = await bakery("POST", "/v1/opportunities", "opportunity-management", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def matches(agency: Caller, person: str) -> list[dict[str, Any]]:
    answer = await agency("GET", f"/v1/persons/{person}/matches?kind=job&limit=100", "job-ranking")
    # matching-svc says 503 until it has read the feed for the first time.
    assert answer.status_code in (200, 503), answer.text
    return list(answer.json().get("matches", ()))


async def until(condition: Any, seconds: float = 10) -> Any:
    """Wait for what the feed brings; the value when it is there."""
    deadline = time.monotonic() + seconds
    while not (value := await condition()):
        assert time.monotonic() < deadline, "the feed did not bring it"
        await asyncio.sleep(0.1)
    return value


async def test_a_baker_is_matched_with_a_bakery_and_told_why(house: House, vacancy: str) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    internal = (await put(house, line(catalogue, "baker", RECORD, **baker())))[0]
    agency = await house.caller("employment-agency")
    person = await house.pairwise(internal, "employment-agency", "job-ranking")
    found = await until(lambda: matches(agency, person))
    best = next(each for each in found if each["opportunity"]["id"] == vacancy)
    explanation = best["explanation"]
    assert {each["uri"] for each in explanation["matched"]} == set(BAKER.essential_skills)
    assert not explanation["missing"]
    assert {each["gate"]: each["outcome"] for each in explanation["gates"]}["right-to-work"] == "met"
    assert sum(each["contribution"] for each in explanation["components"]) == pytest.approx(best["score"], abs=0.01)


async def test_an_employer_sees_candidates_without_who_they_are(house: House, vacancy: str) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    internal = (await put(house, line(catalogue, "candidate", RECORD, **baker())))[0]
    bakery = await house.caller("vitosha-bakery")
    wanted = await house.pairwise(internal, "vitosha-bakery", "anonymous-shortlist")

    async def candidate() -> Any:
        answer = await bakery("GET", f"/v1/opportunities/{vacancy}/candidates?limit=100", "anonymous-shortlist")
        assert answer.status_code in (200, 503), answer.text
        return next((each for each in answer.json().get("candidates", ()) if each["person"]["id"] == wanted), None)

    found = await until(candidate)
    person = found["person"]
    assert {"given_name", "gender", "municipality", "availability", "date_of_birth"} <= set(person["withheld"])
    used = {name for each in found["explanation"]["components"] + found["explanation"]["gates"] for name in each["uses"]}
    assert used <= set(person["attributes"])


async def test_candidates_of_somebody_elses_vacancy_are_not_shown(house: House, vacancy: str) -> None:
    other = await house.caller("rila-build")
    answer = await other("GET", f"/v1/opportunities/{vacancy}/candidates", "anonymous-shortlist")
    assert answer.status_code == 404


async def test_a_withheld_attribute_moves_nothing(house: House, vacancy: str) -> None:
    """Flip what job ranking withholds: every match, order and explanation stays the same byte for byte."""
    catalogue = await house.parts.rulebook.catalogue()
    internal = (await put(house, line(catalogue, "twin", RECORD, **baker())))[0]
    agency = await house.caller("employment-agency")
    person = await house.pairwise(internal, "employment-agency", "job-ranking")
    before = await until(lambda: matches(agency, person))
    flipped = {"gender": "male", "religion": "another", "nationalities": ["UKR"], "mother_tongue": "ukr"}
    await put(house, line(catalogue, "twin", RECORD, **baker(**flipped)))
    await asyncio.sleep(1)
    assert await matches(agency, person) == before


async def test_who_is_no_longer_disclosed_is_forgotten_within_a_second(house: House, vacancy: str) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    gone = line(catalogue, "restricted later", RECORD, **baker())
    internal = (await put(house, gone))[0]
    bakery = await house.caller("vitosha-bakery")
    wanted = await house.pairwise(internal, "vitosha-bakery", "anonymous-shortlist")

    async def listed() -> bool:
        answer = await bakery("GET", f"/v1/opportunities/{vacancy}/candidates?limit=100", "anonymous-shortlist")
        return any(each["person"]["id"] == wanted for each in answer.json()["candidates"])

    await until(listed)
    await put(house, gone | {"restricted": True})
    assert not await listed(), "the source decides at once, whatever the index still holds"
