"""Who somebody is moves nothing: flip what is protected of everyone, and every ranking and explanation stays byte for byte.

Approved conditions on a protected attribute are what they are for; tests of eligibility stand on their own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_svc.concepts import small_set
from matching_svc.features import of_attributes
from profile_svc.derived import derivations
from stena.contracts.matching import KIND_PURPOSE
from tests.matching.truth import rules

from .house import House, put
from .people import line
from .test_matching import until
from .test_refusals import RECORD

TRADES = sorted(small_set().occupations.values(), key=lambda each: each.uri)[:4]
YEAR = datetime.now(UTC).year

KINDS = ("job", "training", "language-course", "mentoring", "service")
CANDIDATES = (
    ("job", "vitosha-bakery", "anonymous-shortlist"),
    ("job", "employment-agency", "job-ranking"),
    ("training", "language-house", "training-placement"),
    ("language-course", "employment-agency", "training-placement"),
    ("mentoring", "bread-and-bridges", "mentoring"),
    ("service", "bread-and-bridges", "service-referral"),
)
"""Whose rankings of people for which kind are looked at, under which purpose."""

ONE: Mapping[str, Any] = {
    "gender": "female",
    "given_name": {"native": "Олена", "latin": "Olena"},
    "family_name": {"native": "Коваль", "latin": "Koval"},
    "nationalities": ["UKR"],
    "country_of_birth": "UKR",
    "ethnic_origin": "one",
    "religion": "one",
    "mother_tongue": "ukr",
    "date_of_birth": f"{YEAR - 19}-01-01",
}
OTHER: Mapping[str, Any] = {
    "gender": "male",
    "given_name": {"native": "أحمد", "latin": "Ahmad"},
    "family_name": {"native": "العلي", "latin": "Al-Ali"},
    "nationalities": ["SYR", "AFG"],
    "country_of_birth": "AFG",
    "ethnic_origin": "other",
    "religion": "other",
    "mother_tongue": "prs",
    "date_of_birth": f"{YEAR - 63}-01-01",
}


def person(number: int, **changes: Any) -> dict[str, Any]:
    """People who differ in what matching may know, so that there is an order to keep."""
    trade, other = TRADES[number % 4], TRADES[(number + 1) % 4]
    skills = [*trade.essential_skills[: 3 + number], *other.essential_skills[:number]]
    status = "temporary-protection" if number % 2 else "refugee"
    return {
        "skills": sorted(set(skills)),
        "work_history": [{"occupation": trade.uri, "months": 12 * number + 6, "country": "UKR"}],
        "wanted_occupations": [other.uri],
        "education_level": number % 9,
        "legal_status": [{"status": status, "from": "2022-04-01", "until": None}],
    } | changes


async def bring(house: House, world: Callable[[int], Mapping[str, Any]]) -> list[str]:
    catalogue = await house.parts.rulebook.catalogue()
    lines = [line(catalogue, f"invariant {n}", RECORD, **person(n, **world(n))) for n in range(6)]
    return [str(each) for each in await put(house, *lines)]


@pytest.fixture
async def offers(house: House) -> dict[str, str]:
    """One of each kind, with gates that look at languages, licences, age and the right to work."""
    made = {}
    for kind in KINDS:
        owner = await house.caller("vitosha-bakery" if kind == "job" else "language-house")
        body = {
            "kind": kind,
            "title": kind,
            "occupation": TRADES[0].uri,
            "essential_skills": list(TRADES[0].essential_skills[:8]),
            "languages": [{"language": "bul", "level": "A1", "essential": False}],
            "region": "BG411",
        }
        answer = await owner("POST", "/v1/opportunities", "opportunity-management", json=body)
        assert answer.status_code == 201, answer.text
        made[kind] = answer.json()["id"]
    return made


async def rankings(house: House, people: list[str], offers: Mapping[str, str]) -> dict[str, bytes]:
    """Every ranking both ways, as bytes, without the ids of decisions and without what else is shown of the people."""
    found: dict[str, Any] = {}
    for kind, organisation, purpose in CANDIDATES:
        caller = await house.caller(organisation)
        answer = await caller("GET", f"/v1/opportunities/{offers[kind]}/candidates?limit=100", purpose)
        ours = {await house.pairwise(each, organisation, purpose) for each in people}
        ranked = [each for each in _said(answer, "candidates") if each["person"]["id"] in ours]
        found[f"{kind} for {purpose}"] = [{**each, "person": each["person"]["id"]} for each in ranked]
    agency = await house.caller("employment-agency")
    for kind in ("job", "training"):
        for number, each in enumerate(people):
            id_ = await house.pairwise(each, "employment-agency", KIND_PURPOSE[kind])
            answer = await agency("GET", f"/v1/persons/{id_}/matches?kind={kind}&limit=100", KIND_PURPOSE[kind])
            found[f"{kind}s for {number}"] = _said(answer, "matches")
            answer = await agency("GET", f"/v1/persons/{id_}/skill-gaps?kind={kind}", KIND_PURPOSE[kind])
            found[f"{kind} gaps for {number}"] = [_said(answer, "gaps")]
    return {name: orjson.dumps(each) for name, each in found.items()}


def _said(answer: Any, member: str) -> list[dict[str, Any]]:
    if answer.status_code == 503:  # matching has not read the feed to its end yet
        return []
    assert answer.status_code == 200, answer.text
    return list(answer.json()[member])


def everybody(house: House, people: list[str], offers: Mapping[str, str]) -> Callable[[], Awaitable[dict[str, bytes] | None]]:
    async def complete() -> dict[str, bytes] | None:
        found = await rankings(house, people, offers)
        counts = [len(orjson.loads(each)) for name, each in found.items() if " for " in name and not name[-1].isdigit()]
        return found if counts == [len(people)] * len(CANDIDATES) and all(each != b"[]" for each in found.values()) else None

    return complete


async def test_who_everybody_is_moves_no_ranking_and_no_explanation(house: House, offers: dict[str, str]) -> None:
    people = await bring(house, lambda number: ONE if number % 2 else OTHER)
    before = await until(everybody(house, people, offers), 30)
    await bring(house, lambda number: OTHER if number % 2 else ONE)
    await asyncio.sleep(2)
    after = await rankings(house, people, offers)
    assert after.keys() == before.keys()
    for name in before:
        assert after[name] == before[name], name

    # The control: what matching may know of one of them does move it.
    await bring(house, lambda number: {**ONE, "skills": [], "work_history": []} if number == 3 else ONE)

    async def moved() -> bool:
        now = await rankings(house, people, offers)
        return bool(now["job for job-ranking"] != before["job for job-ranking"])

    assert await until(moved, 30)


protected = st.fixed_dictionaries(
    {
        "gender": st.sampled_from(["female", "male", "non-binary", "undisclosed"]),
        "ethnic_origin": st.text(max_size=5),
        "religion": st.text(max_size=5),
        "given_name": st.fixed_dictionaries({"native": st.text(max_size=5), "latin": st.text(max_size=5)}),
        "nationalities": st.lists(st.sampled_from(["UKR", "SYR", "AFG", "BGR"]), min_size=1, max_size=2),
        "date_of_birth": st.dates(date(YEAR - 66, 12, 31), date(YEAR - 17, 1, 1)).map(str),
    }
)
statuses = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(["refugee", "applicant", "rejected", "humanitarian"]),
            "from": st.dates().map(str),
            "until": st.none(),
        }
    ),
    max_size=2,
)


@given(protected, protected, statuses)
def test_features_are_the_same_whoever_somebody_is(one: dict[str, Any], other: dict[str, Any], status: Any) -> None:
    """Even if every attribute were disclosed to matching, stored and derived: nothing of who somebody is becomes a feature."""
    derive, today = derivations(rules("BGR")), datetime.now(UTC).date()

    def features(values: Mapping[str, Any]) -> Any:
        stored = {**values, "legal_status": status}
        return of_attributes({**stored, **{name: each(stored, today) for name, each in derive.items()}})

    assert features(one) == features(other)
