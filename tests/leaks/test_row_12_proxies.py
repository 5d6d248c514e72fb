"""Row 12, proxies: what gives away what is withheld is withheld with it, or the rulebook says why not."""

from typing import Any

import pytest

from matching_svc.concepts import small_set

from .expected import ATTRIBUTES
from .rows import ask, bring, read
from .target import CATALOGUE, Target

ACCEPTED = {each.id: set(each.accepts) for each in CATALOGUE.purposes}
PROMISED = ("employment-agency", "bread-and-bridges", "vitosha-bakery", "language-house", "open-door-legal", "school-board")


@pytest.mark.parametrize("organisation", PROMISED)
async def test_an_attribute_that_reveals_what_is_withheld_is_promised_to_nobody_by_accident(
    target: Target, organisation: str
) -> None:
    """Read from the wall's own promise: `GET /v1/purposes` and `GET /v1/attributes`, as every caller may."""
    caller = await target.client(organisation)
    reveals = {each["name"]: each["reveals"] for each in (await caller("GET", "/v1/attributes")).json()["attributes"]}
    assert any(reveals.values())
    for promise in (await caller("GET", "/v1/purposes")).json()["purposes"]:
        shown = {*promise["disclosed"], *promise["conditional"]}
        whole = {each.category for each in ATTRIBUTES.values()} - {ATTRIBUTES[name].category for name in promise["withheld"]}
        giving_away = {name for name in shown if set(reveals[name]) - whole - {ATTRIBUTES[name].category}}
        assert giving_away <= ACCEPTED[promise["purpose"]], promise["purpose"]


async def test_two_people_who_differ_in_proxies_look_the_same(target: Target) -> None:
    """Names, years, mother tongue, place of birth: of none of them anything is left for job ranking."""
    proxies: dict[str, Any] = {
        "given_name": {"native": "ليلى", "latin": "Layla"},
        "national_number": "8001015678",
        "mother_tongue": "ara",
        "country_of_birth": "SYR",
        "nationalities": ["SYR"],
        "qualification_dates": [{"qualification": "Food technologist", "year": 1979}],
        "work_dates": [{"occupation": ATTRIBUTES["work_dates"].examples[0][0]["occupation"], "from": "1979-03", "until": None}],
        "marital_status": "widowed",
        "email": "layla@example.org",
    }
    views = []
    for name, more in (("alike, one", {}), ("alike, two", proxies)):
        internal = await bring(target, name, **more)
        view = (await read(target, internal, "employment-agency", "job-ranking")).json()
        views.append({each: view[each] for each in ("attributes", "withheld", "provenance")})
    assert views[0] == views[1]


async def test_work_is_told_in_months_and_not_in_years(target: Target) -> None:
    internal = await bring(target, "in months")
    shown = (await read(target, internal, "employment-agency", "job-ranking")).json()["attributes"]
    assert [each.keys() for each in shown["work_history"]] == [{"occupation", "months", "country"}]
    assert all("year" not in each and "from" not in each for each in shown["qualifications"])


async def test_a_concept_is_called_the_same_whoever_has_it(target: Target) -> None:
    """Labels come from the concept. Nobody's skills are named by a word for women, or for men."""
    skill = next(iter(small_set().skills))
    body = {"kind": "job", "title": "J", "essential_skills": [skill], "region": "BG411"}
    await ask(target, "vitosha-bakery", "opportunity-management", "POST", "/v1/opportunities", json=body)
    labels = []
    for name, gender in (("called, one", "female"), ("called, two", "male")):
        internal = await bring(target, name, gender=gender, skills=[skill])
        answer = await read(target, internal, "employment-agency", "job-ranking", "/matches?kind=job&limit=100")
        labels.append({found["label"] for match in answer.json()["matches"] for found in match["explanation"]["matched"]})
    assert labels[0] == labels[1]
