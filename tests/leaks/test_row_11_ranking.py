"""Row 11, the ranking itself: who differs only in what is withheld stands equal."""

import asyncio
import time
from typing import Any

import pytest

from .rows import ask, bring
from .target import Target

SKILL = "http://data.europa.eu/esco/skill/0f11ace0-0000-4000-8000-00000000000b"
EQUAL: dict[str, Any] = {"skills": [SKILL], "legal_status": [{"status": "refugee", "from": "2022-04-01", "until": None}]}
WITHHELD: dict[str, dict[str, Any]] = {
    "a woman": {"gender": "female", "given_name": {"native": "Олена", "latin": "Olena"}},
    "a man": {"gender": "male", "given_name": {"native": "Олег", "latin": "Oleh"}},
    "of another origin": {"ethnic_origin": "another", "religion": "another", "nationalities": ["AFG"], "mother_tongue": "prs"},
    "expecting": {"pregnancy": True, "health_needs": ["diabetes-care"], "disability": ["mobility"]},
    "with children": {"dependants": [{"relation": "child", "born": "2020-01-01"}] * 3, "marital_status": "widowed"},
    "who says little": {"documents": [], "asylum_grounds": [], "vulnerabilities": []},
}
ASKING = ("vitosha-bakery", "anonymous-shortlist")


@pytest.fixture
async def job(target: Target) -> str:
    body = {"kind": "job", "title": "J", "essential_skills": [SKILL], "region": "BG411"}
    answer = await ask(target, ASKING[0], "opportunity-management", "POST", "/v1/opportunities", json=body)
    return str(answer.json()["id"])


async def ranked(target: Target, job: str, wanted: set[str], asking: tuple[str, str] = ASKING) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        answer = await ask(target, *asking, "GET", f"/v1/opportunities/{job}/candidates?limit=100")
        found = {each["person"]["id"]: each for each in answer.json()["candidates"] if each["person"]["id"] in wanted}
        if found.keys() == wanted:
            return found
        assert time.monotonic() < deadline, "they never came"
        await asyncio.sleep(0.2)


async def test_people_who_differ_in_what_is_withheld_rank_alike(target: Target, job: str) -> None:
    """Also those with a consent to more and those without: what is disclosed of some is no ground for an order."""
    facts = {"with children": {"consents": ["job-ranking", "anonymous-shortlist"]}}
    people = [await bring(target, f"ranked, {name}", facts.get(name), **EQUAL, **more) for name, more in WITHHELD.items()]
    ids = {await target.pairwise(each, *ASKING) for each in people}
    found = await ranked(target, job, ids)
    said = [(each["score"], each["eligible"], each["explanation"]) for each in found.values()]
    assert all(each == said[0] for each in said)


async def test_what_is_seen_of_some_ranks_nobody(target: Target) -> None:
    """training-placement sees the experience of its own cases alone. Of two others it cannot tell who has more, nor may its
    ranking."""
    asking, occupation = ("language-house", "training-placement"), "http://data.europa.eu/esco/occupation/" + SKILL[-36:]
    body = {"kind": "training", "title": "T", "occupation": occupation, "essential_skills": [SKILL], "region": "BG411"}
    offered = await ask(target, asking[0], "opportunity-management", "POST", "/v1/opportunities", json=body)
    worked: list[Any] = [{"occupation": occupation, "months": 240, "country": "UKR"}]
    people = [await bring(target, f"seen of some, {len(work)}", **EQUAL, work_history=work) for work in (worked, [])]
    found = await ranked(target, offered.json()["id"], {await target.pairwise(each, *asking) for each in people}, asking)
    assert len({each["score"] for each in found.values()}) == 1


async def test_an_order_stays_when_what_is_withheld_changes(target: Target, job: str) -> None:
    people = [await bring(target, f"ordered, {name}", None, **EQUAL, **more) for name, more in WITHHELD.items()]
    ids = {await target.pairwise(each, *ASKING) for each in people}
    before = await ranked(target, job, ids)
    turned = dict(zip(WITHHELD, reversed(WITHHELD.values()), strict=True))
    for name, more in turned.items():
        await bring(target, f"ordered, {name}", None, **EQUAL, **more)
    await asyncio.sleep(1.5)
    after = await ranked(target, job, ids)
    assert list(after) == list(before)
    assert [each["score"] for each in after.values()] == [each["score"] for each in before.values()]


async def test_an_allocation_stays_when_what_is_withheld_changes(target: Target, job: str) -> None:
    """Fewer seats than people who differ in nothing that counts: what is withheld moves nobody, and no score."""
    agency = ("employment-agency", "job-ranking")
    people = [await bring(target, f"placed, {name}", None, **EQUAL, **more) for name, more in WITHHELD.items()]
    ids = [await target.pairwise(each, *agency) for each in people]
    await ranked(target, job, set(ids), agency)
    before = await placed(target, job, ids)
    for name, more in zip(WITHHELD, reversed(WITHHELD.values()), strict=True):
        await bring(target, f"placed, {name}", None, **EQUAL, **more)
    await asyncio.sleep(1.5)
    assert await placed(target, job, ids) == before
    assert sum(each["opportunity"] == job for each in before.values()) == 1


async def placed(target: Target, job: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    """What is proposed to each of these people for one seat, by their ids, without what is shown of them."""
    asked = {"kind": "job", "opportunities": [job], "people": ids}
    made = await ask(target, "employment-agency", "job-ranking", "POST", "/v1/allocations", json=asked)
    assert made.status_code == 202, made.text
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = (await ask(target, "employment-agency", "job-ranking", "GET", made.headers["location"])).json()
        if found["state"] not in ("queued", "running"):
            break
        await asyncio.sleep(0.2)
    assert found["state"] == "done", found["state"]
    told = {each.pop("person")["id"]: each for each in found["placements"]}
    assert told.keys() == set(ids)
    return told


async def test_matching_is_given_nothing_protected_to_rank_by(target: Target) -> None:
    """What matching-svc reads, as a client like any other, through the door."""
    internal = await bring(target, "ranked, followed")
    for purpose in ("job-ranking", "training-placement", "mentoring", "service-referral"):
        since, seen = "", dict[str, Any]()
        while True:
            page = (await ask(target, "stena-matching", purpose, "GET", f"/v1/persons/changes?limit=500{since}")).json()
            seen |= {change["id"]: change["person"] for change in page["changes"]}
            since = f"&since={page['cursor']}"
            if not page["more"]:
                break
        shown = seen[await target.pairwise(internal, "stena-matching", purpose)]["attributes"].keys()
        assert not shown & {"gender", "date_of_birth", "ethnic_origin", "religion", "nationalities", "asylum_grounds"}, purpose
        assert not shown & {"given_name", "family_name", "pregnancy", "health_needs", "disability", "marital_status"}, purpose
