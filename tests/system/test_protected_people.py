"""Restricted people, and children without parents: each sentence that the design says of them, asked of the running system."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from profile_svc.upkeep import come_of_age

from .house import PROFILE, House, put
from .people import line
from .test_casework import call
from .test_matching import baker, until
from .test_refusals import RECORD

PLACES = ("Protected-municipality", "Protected-settlement", "protected-street")
"""Where the protected people of these tests live, as far as it is below the region."""

HIDDEN = {
    "residence": {"municipality": PLACES[0], "nuts": "BG411", "settlement": PLACES[1]},
    "postal_address": f"{PLACES[2]} 7",
}
WHY = {"Access-Justification": "Unconscious%20after%20an%20accident", "Acting-User": "nurse%20on%20duty"}
ASSIGNED = [
    "employment-agency",
    "reception-agency",
    "bread-and-bridges",
    "open-door-legal",
    "danube-health",
    "school-board",
    "guardians-office",
    "social-agency",
    "enic-desk",
    "vitosha-bakery",
    "language-house",
    "labour-inspectorate",
    "emergency-desk",
]


async def protected(house: House, name: str, *assigned: str, **changes: Any) -> str:
    record = RECORD | {"restricted": True, "assigned": list(assigned), "minor": changes.pop("minor", False)}
    return (await put(house, line(await house.parts.rulebook.catalogue(), name, record, **{**HIDDEN, **changes})))[0]


async def readers(house: House) -> list[tuple[str, str]]:
    """Every organisation and purpose that may read one person."""
    found = []
    for organisation in ASSIGNED:
        promises = (await house.parts.policy.promises(organisation)).promises
        found += [(organisation, each.purpose.id) for each in promises if "read" in each.operations]
    return found


async def test_a_restricted_person_is_there_for_assigned_organisations_only(house: House) -> None:
    theirs = await protected(house, "protected-unseen")
    absent = "psn_" + "a" * 55
    for organisation, purpose in await readers(house):
        answers = [
            await call(house, organisation, purpose, "GET", path, theirs, headers=WHY)
            for path in ("/v1/persons/{id}", f"/v1/persons/{absent}")
        ]
        assert [each.status_code for each in answers] == [404, 404], (organisation, purpose)
        assert len({str({**each.json(), "instance": ""}) for each in answers}) == 1
    seen = await call(house, "self-service", "data-subject-access", "GET", "/v1/persons/{id}", theirs)
    assert seen.json()["attributes"]["residence"]["settlement"] == PLACES[1], "but for themselves"


async def test_where_a_restricted_person_lives_is_in_no_answer_whoever_has_the_case(house: House) -> None:
    somebody = await protected(house, "protected-placed", *ASSIGNED, minor=True)
    for organisation, purpose in await readers(house):
        answer = await call(house, organisation, purpose, "GET", "/v1/persons/{id}", somebody, headers=WHY)
        if answer.status_code == 404:  # registration: a record that others made; the school board: not in its region
            continue
        assert answer.status_code == 200, (organisation, purpose, answer.text)
        assert {"residence", "municipality", "postal_address"} <= answer.json()["withheld"].keys()
        assert not _places(answer), (organisation, purpose)


LISTED = [
    ("employment-agency", "job-ranking", "GET", "/v1/persons?limit=500", None),
    ("employment-agency", "job-ranking", "POST", "/v1/persons/search", {"limit": 500}),
    ("employment-agency", "job-ranking", "GET", "/v1/persons/changes?limit=500", None),
    ("employment-agency", "job-ranking", "GET", "/v1/persons/export", None),
    ("employment-agency", "training-placement", "GET", "/v1/persons/changes?limit=500", None),
    ("reception-agency", "accommodation", "GET", "/v1/persons?limit=500", None),
    ("reception-agency", "case-continuity", "GET", "/v1/persons?limit=500", None),
    ("danube-health", "health-access", "GET", "/v1/persons?limit=500", None),
    ("guardians-office", "guardianship", "GET", "/v1/persons?limit=500", None),
]


@pytest.mark.parametrize(("organisation", "purpose", "method", "path", "body"), LISTED)
async def test_nor_in_lists_searches_exports_and_the_feed(
    house: House, organisation: str, purpose: str, method: str, path: str, body: Any
) -> None:
    somebody = await protected(house, f"protected-{organisation}-{purpose}", organisation, minor=True)
    answer = await call(house, organisation, purpose, method, path, json=body)
    assert answer.status_code == 200, answer.text
    if "changes" not in path:
        assert await house.pairwise(somebody, organisation, purpose) in answer.text, "they are there; where they live is not"
    assert not _places(answer)


async def test_nobody_finds_a_restricted_person_by_where_they_live(house: House) -> None:
    somebody = await protected(house, "protected-filtered", "employment-agency")
    me = await house.pairwise(somebody, "employment-agency", "job-ranking")
    for query in ("filter=municipality:eq:" + PLACES[0], "sort=municipality"):
        answer = await call(house, "employment-agency", "job-ranking", "GET", f"/v1/persons?limit=500&{query}")
        assert answer.status_code == 200, answer.text
        assert me not in answer.text
    assert me in (await call(house, "employment-agency", "job-ranking", "GET", "/v1/persons?limit=500")).text


async def test_a_restricted_person_is_no_candidate_and_no_match_tells_where_they_live(house: House) -> None:
    vacancy = {"kind": "job", "title": "Baker", "region": "BG411", "municipality": PLACES[0]}
    offered = await call(house, "vitosha-bakery", "opportunity-management", "POST", "/v1/opportunities", json=vacancy)
    somebody = await protected(house, "protected-baker", "employment-agency", "vitosha-bakery", **baker())
    open_one = (await put(house, line(await house.parts.rulebook.catalogue(), "open-baker", RECORD, **baker())))[0]
    path = f"/v1/opportunities/{offered.json()['id']}/candidates?limit=100"

    async def candidates() -> Any:
        answer = await call(house, "vitosha-bakery", "anonymous-shortlist", "GET", path)
        other = await house.pairwise(open_one, "vitosha-bakery", "anonymous-shortlist")
        return answer if answer.status_code == 200 and other in answer.text else None

    answer = await until(candidates)
    assert await house.pairwise(somebody, "vitosha-bakery", "anonymous-shortlist") not in answer.text
    assert not _places(answer)
    matches = await call(house, "employment-agency", "job-ranking", "GET", "/v1/persons/{id}/matches?kind=job", somebody)
    shown = matches.json().get("matches", [])
    assert not [each for each in shown if "municipality" in str(each["explanation"])]


async def test_nor_in_casework(house: House) -> None:
    somebody = await protected(house, "protected-casework", "reception-agency")
    body = {"recipient": "open-door-legal", "purpose": "legal-aid", "reason": "an appeal"}
    made = await call(house, "reception-agency", "case-continuity", "POST", "/v1/persons/{id}/referrals", somebody, json=body)
    answers = [
        made,
        await call(house, "open-door-legal", "legal-aid", "GET", f"/v1/referrals/{made.json()['id']}"),
        await call(house, "open-door-legal", "legal-aid", "GET", "/v1/referrals?direction=in"),
        await call(house, "reception-agency", "case-continuity", "GET", "/v1/persons/{id}/cases", somebody),
        await call(house, "reception-agency", "case-continuity", "GET", "/v1/persons/{id}/notes", somebody),
    ]
    assert {each.status_code for each in answers} <= {200, 201}
    assert not [_places(each) for each in answers if _places(each)]


async def test_nobody_sees_people_outside_the_regions_of_the_approval(house: House) -> None:
    there = RECORD | {"region_path": ["BG", "BG3", "BG33", "BG331"], "assigned": ASSIGNED}
    somebody = (await put(house, line(await house.parts.rulebook.catalogue(), "protected-varna", there)))[0]
    for organisation in ("bread-and-bridges", "school-board"):
        for promise in (await house.parts.policy.promises(organisation)).promises:
            assert promise.regions == ("BG41",)
            if "read" in promise.operations:
                answer = await call(house, organisation, promise.purpose.id, "GET", "/v1/persons/{id}", somebody)
                assert answer.status_code == 404, (organisation, promise.purpose.id)


def born(years: int, then: date) -> str:
    return date(then.year - years, then.month, then.day).isoformat()


async def test_the_guardians_see_minors_and_lose_sight_of_them_on_the_eighteenth_birthday(house: House) -> None:
    """In a look that is taken each day, just after midnight: this is that look."""
    today = datetime.now(UTC).date()
    birthday = today + timedelta(days=1 if (today.month, today.day) != (2, 28) else 2)
    record = RECORD | {"assigned": ["guardians-office"], "minor": True}
    catalogue = await house.parts.rulebook.catalogue()
    somebody = (await put(house, line(catalogue, "protected-minor", record) | _born(catalogue, born(18, birthday))))[0]
    grown = (await put(house, line(catalogue, "protected-grown", record | {"minor": False})))[0]
    office = ("guardians-office", "guardianship", "GET", "/v1/persons/{id}")
    assert (await call(house, *office, grown)).status_code == 404
    assert (await call(house, *office, somebody)).status_code == 200

    vault = house.apps[PROFILE].state.vault
    await come_of_age(vault, today)
    assert (await call(house, *office, somebody)).status_code == 200, "not a day too early"
    await come_of_age(vault, birthday)
    assert (await call(house, *office, somebody)).status_code == 404
    listed = await call(house, "guardians-office", "guardianship", "GET", "/v1/persons?limit=500")
    assert await house.pairwise(somebody, "guardians-office", "guardianship") not in listed.text
    notes = await call(house, "guardians-office", "guardianship", "GET", "/v1/persons/{id}/notes", somebody)
    assert notes.status_code == 404


def _born(catalogue: Any, day: str) -> dict[str, Any]:
    made = line(catalogue, "protected-minor", RECORD | {"assigned": ["guardians-office"], "minor": True})
    return {"attributes": made["attributes"] | {"date_of_birth": day}}


def _places(answer: httpx.Response) -> list[str]:
    """What of where a restricted person lives stands in an answer, its headers included."""
    text = answer.text + str(answer.headers)
    return [place for place in PLACES if place in text]


async def test_a_restriction_takes_effect_with_the_next_call(house: House) -> None:
    record = RECORD | {"assigned": ["reception-agency"]}
    catalogue = await house.parts.rulebook.catalogue()
    somebody = (await put(house, line(catalogue, "protected-later", record, **HIDDEN)))[0]
    read = ("employment-agency", "job-ranking", "GET", "/v1/persons/{id}", somebody)
    assert (await call(house, *read)).status_code == 200
    await put(house, line(catalogue, "protected-later", record | {"restricted": True}, **HIDDEN))
    assert (await call(house, *read)).status_code == 404
