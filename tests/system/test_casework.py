"""Cases and referrals through the wall: access that rests on one begins with it, and is gone with the very next call."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from .house import House, put
from .people import line
from .test_refusals import RECORD

HERE = RECORD | {"assigned": ["reception-agency"]}
LEGAL = {"recipient": "open-door-legal", "purpose": "legal-aid", "reason": "canary-reason: an appeal runs out on Friday"}


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    """Somebody whose case the reception agency has."""
    return await person(house, request.node.name)


async def person(house: House, name: str, **record: Any) -> str:
    return (await put(house, line(await house.parts.rulebook.catalogue(), name, HERE | record)))[0]


async def call(
    house: House, organisation: str, purpose: str, method: str, path: str, internal: str | None = None, **kwargs: Any
) -> httpx.Response:
    """``{id}`` in the path is the person as the organisation names them. What a busy machine has no answer to is read again."""
    caller = await house.caller(organisation, internal if organisation == "self-service" else None)
    if internal is not None:
        path = path.replace("{id}", await house.pairwise(internal, organisation, purpose))
    answer = await caller(method, path, purpose, **kwargs)
    if method == "GET" and answer.status_code == 503:
        answer = await caller(method, path, purpose, **kwargs)
    return answer


async def refer(house: House, internal: str, **body: Any) -> str:
    answer = await call(
        house, "reception-agency", "case-continuity", "POST", "/v1/persons/{id}/referrals", internal, json=LEGAL | body
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/referrals/{answer.json()['id']}"
    return str(answer.json()["id"])


async def take(house: House, referral: str, step: str, organisation: str, purpose: str = "case-continuity") -> httpx.Response:
    return await call(house, organisation, purpose, "POST", f"/v1/referrals/{referral}/{step}")


async def lawyer_sees(house: House, internal: str) -> dict[str, Any]:
    answer = await call(house, "open-door-legal", "legal-aid", "GET", "/v1/persons/{id}", internal)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(("step", "by"), [("revoke", "reception-agency"), ("done", "open-door-legal")])
async def test_access_that_rests_on_a_referral_is_gone_with_the_next_read(
    house: House, somebody: str, step: str, by: str
) -> None:
    referral = await refer(house, somebody)
    assert (await lawyer_sees(house, somebody))["withheld"]["gender"] == "not-assigned", "asked is not yet given"
    accepted = await take(house, referral, "accept", "open-door-legal", "legal-aid")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert "gender" in (await lawyer_sees(house, somebody))["attributes"]
    assert (await take(house, referral, step, by)).status_code == 200
    assert (await lawyer_sees(house, somebody))["withheld"]["gender"] == "not-assigned"


async def test_access_ends_within_a_second_when_the_time_of_a_referral_is_up(house: House, somebody: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=3)
    referral = await refer(house, somebody, until=until.isoformat())
    await take(house, referral, "accept", "open-door-legal")
    assert "gender" in (await lawyer_sees(house, somebody))["attributes"]
    await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    assert await passed(lambda: _gone(house, somebody)) < 2.0, "two looks a second, and a margin for a busy machine"
    answer = await call(house, "open-door-legal", "legal-aid", "GET", f"/v1/referrals/{referral}")
    assert answer.json()["state"] == "expired"


async def _gone(house: House, internal: str) -> bool:
    return "gender" in (await lawyer_sees(house, internal))["withheld"]


async def passed(condition: Callable[[], Awaitable[bool]]) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not await condition():
        assert time.monotonic() < began + 5
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_closing_a_case_ends_the_assignment(house: House, somebody: str) -> None:
    cases = (await call(house, "reception-agency", "case-continuity", "GET", "/v1/persons/{id}/cases", somebody)).json()
    (case,) = cases["cases"]
    assert (case["organisation"], case["basis"], case["closed_at"]) == ("reception-agency", "import", None)
    read = ("reception-agency", "case-continuity", "GET", "/v1/persons/{id}", somebody)
    assert "given_name" in (await call(house, *read)).json()["attributes"]
    close = f"/v1/persons/{{id}}/cases/{case['id']}/close"
    closed = await call(house, "reception-agency", "case-continuity", "POST", close, somebody)
    assert (closed.status_code, closed.json()["closed_by"]) == (200, "reception-agency")
    assert (await call(house, *read)).json()["withheld"]["given_name"] == "not-assigned"
    refused = await call(
        house, "reception-agency", "case-continuity", "POST", "/v1/persons/{id}/referrals", somebody, json=LEGAL
    )
    assert refused.status_code == 404, "who no longer has the case refers nobody"


async def test_two_organisations_cannot_join_what_they_know_by_their_cases(house: House) -> None:
    """One import gives the case to both in one moment, and ids that count time would stand side by side."""
    internal = await person(house, "casework-joined", assigned=["reception-agency", "bread-and-bridges", "open-door-legal"])
    found = {}
    for organisation in ("reception-agency", "bread-and-bridges", "open-door-legal"):
        answer = await call(house, organisation, "case-continuity", "GET", "/v1/persons/{id}/cases", internal)
        (found[organisation],) = answer.json()["cases"]
    assert not found["reception-agency"]["opened_at"].endswith("T00:00:00+00:00"), "whose import it was"
    assert found["bread-and-bridges"]["opened_at"].endswith("T00:00:00+00:00")
    assert {UUID(case["id"]).version for case in found.values()} == {4}


async def test_who_registers_somebody_has_the_case(house: House) -> None:
    body = {"attributes": {"residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"}}}
    made = (await call(house, "bread-and-bridges", "registration", "POST", "/v1/persons", json=body)).json()
    caller = await house.caller("bread-and-bridges")
    (case,) = (await caller("GET", f"/v1/persons/{made['id']}/cases", "case-continuity")).json()["cases"]
    assert (case["basis"], case["opened_by"]) == ("registration", "bread-and-bridges")


async def test_no_organisation_takes_on_a_case_by_itself(house: House, somebody: str) -> None:
    for organisation, purpose in (("bread-and-bridges", "case-continuity"), ("reception-agency", "registration")):
        body = {"organisation": organisation}
        answer = await call(house, organisation, purpose, "POST", "/v1/persons/{id}/cases", somebody, json=body)
        assert (answer.status_code, answer.json()["reason"]) == (403, "not-necessary")


async def test_the_person_sees_who_has_the_case_gives_it_and_takes_it_back(house: House, somebody: str) -> None:
    own = ("self-service", "data-subject-access")
    given = await call(house, *own, "POST", "/v1/persons/{id}/cases", somebody, json={"organisation": "open-door-legal"})
    assert given.status_code == 201, given.text
    assert "gender" in (await lawyer_sees(house, somebody))["attributes"]
    seen = (await call(house, *own, "GET", "/v1/persons/{id}/cases", somebody)).json()["cases"]
    assert {(each["organisation"], each["basis"]) for each in seen} == {
        ("open-door-legal", "person"),
        ("reception-agency", "import"),
    }
    assert (
        len(
            (await call(house, "open-door-legal", "case-continuity", "GET", "/v1/persons/{id}/cases", somebody)).json()["cases"]
        )
        == 1
    )
    agencys = next(each["id"] for each in seen if each["organisation"] == "reception-agency")
    refused = await call(house, *own, "POST", f"/v1/persons/{{id}}/cases/{agencys}/close", somebody)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-your-step")
    closed = await call(house, *own, "POST", f"/v1/persons/{{id}}/cases/{given.json()['id']}/close", somebody)
    assert closed.status_code == 200
    assert "gender" in (await lawyer_sees(house, somebody))["withheld"]

    other = await person(house, "casework-other")
    theirs = await house.pairwise(other, "self-service", "data-subject-access")
    caller = await house.caller("self-service", somebody)
    for method, body in (("GET", None), ("POST", {"organisation": "open-door-legal"})):
        answer = await caller(method, f"/v1/persons/{theirs}/cases", "data-subject-access", json=body)
        assert answer.status_code == 403


async def test_a_restricted_person_is_seen_by_the_recipient_once_it_has_said_yes(house: House) -> None:
    internal = await person(house, "casework-restricted", restricted=True)
    person_there = ("open-door-legal", "legal-aid", "GET", "/v1/persons/{id}", internal)
    assert (await call(house, *person_there)).status_code == 404
    referral = await refer(house, internal)
    asked = await call(house, "open-door-legal", "legal-aid", "GET", "/v1/referrals?direction=in&state=in-progress&limit=200")
    assert referral in {each["id"] for each in asked.json()["referrals"]}
    assert (await call(house, *person_there)).status_code == 404, "the request alone shows nobody"
    assert (await take(house, referral, "accept", "open-door-legal", "legal-aid")).status_code == 200
    assert (await call(house, *person_there)).status_code == 200
    assert (await take(house, referral, "revoke", "reception-agency")).status_code == 200
    assert (await call(house, *person_there)).status_code == 404


async def test_nothing_is_matched_for_a_restricted_person_once_the_referral_has_ended(house: House) -> None:
    internal = await person(house, "casework-matched", restricted=True)
    matches = ("employment-agency", "job-ranking", "GET", "/v1/persons/{id}/matches?kind=job", internal)
    assert (await call(house, *matches)).status_code == 404
    referral = await refer(house, internal, recipient="employment-agency", purpose="job-ranking")
    await take(house, referral, "accept", "employment-agency")
    assert (await call(house, *matches)).status_code in (200, 503), "503: before the matcher has read the feed"
    await take(house, referral, "revoke", "reception-agency")
    assert (await call(house, *matches)).status_code == 404


@pytest.mark.parametrize(
    ("organisation", "purpose", "attribute"),
    [("danube-health", "health-access", "marital_status"), ("guardians-office", "guardianship", "religion")],
)
async def test_a_referral_is_answered_for_the_purpose_that_it_asks_for(
    house: House, organisation: str, purpose: str, attribute: str
) -> None:
    internal = await person(house, f"casework-{purpose}", minor=True)
    read = (organisation, purpose, "GET", "/v1/persons/{id}", internal)
    referral = await refer(house, internal, recipient=organisation, purpose=purpose)
    assert (await call(house, *read)).json()["withheld"][attribute] == "not-assigned"
    assert (await take(house, referral, "accept", organisation, purpose)).status_code == 200
    assert attribute in (await call(house, *read)).json()["attributes"]
    assert (await take(house, referral, "done", organisation, purpose)).status_code == 200
    assert (await call(house, *read)).json()["withheld"][attribute] == "not-assigned"


async def test_a_referral_reaches_nobody_outside_the_regions_of_the_approval(house: House) -> None:
    internal = await person(house, "casework-varna", region_path=["BG", "BG3", "BG33", "BG331"])
    referral = await refer(house, internal, recipient="bread-and-bridges", purpose="mentoring")
    purpose = "case-continuity"
    listed = await call(house, "bread-and-bridges", purpose, "GET", "/v1/referrals?direction=in&limit=200")
    assert referral not in {each["id"] for each in listed.json()["referrals"]}
    assert (await call(house, "bread-and-bridges", purpose, "GET", f"/v1/referrals/{referral}")).status_code == 404
    assert (await take(house, referral, "accept", "bread-and-bridges", purpose)).status_code == 404


async def test_a_referral_of_others_is_as_absent_as_none(house: House, somebody: str) -> None:
    referral = await refer(house, somebody)
    nobody = "0191d0a4-0000-7000-8000-000000000000"
    for organisation, purpose in (("bread-and-bridges", "case-continuity"), ("danube-health", "health-access")):
        answers = [await call(house, organisation, purpose, "GET", f"/v1/referrals/{each}") for each in (referral, nobody)]
        assert [each.status_code for each in answers] == [404, 404]
        assert len({str({**each.json(), "instance": ""}) for each in answers}) == 1
        assert (await take(house, referral, "accept", organisation, purpose)).status_code == 404
        listed = await call(house, organisation, purpose, "GET", "/v1/referrals?direction=out&limit=200")
        assert referral not in listed.text


async def test_each_side_knows_the_person_by_its_own_id_and_by_no_name(house: House, somebody: str) -> None:
    referral = await refer(house, somebody)
    sent = await call(house, "reception-agency", "case-continuity", "GET", f"/v1/referrals/{referral}")
    received = await call(house, "open-door-legal", "legal-aid", "GET", f"/v1/referrals/{referral}")
    assert sent.json()["person"] == await house.pairwise(somebody, "reception-agency", "case-continuity")
    assert received.json()["person"] == await house.pairwise(somebody, "open-door-legal", "legal-aid")
    assert received.json()["reason"] == LEGAL["reason"]
    catalogue = await house.parts.rulebook.catalogue()
    names = next(each.examples[0] for each in catalogue.attributes if each.name == "family_name")
    for text in (sent.text, received.text):
        assert somebody not in text
        assert not [name for name in names.values() if name in text]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"recipient": "open-door-legal", "purpose": "health-access"}, "is not approved for this purpose"),
        ({"recipient": "return-desk", "purpose": "legal-aid"}, "is not approved for this purpose"),
        ({"recipient": "nobody", "purpose": "legal-aid"}, "is not approved for this purpose"),
        ({"recipient": "vitosha-bakery", "purpose": "introduction"}, "receives no referrals"),
    ],
)
async def test_nobody_is_asked_who_may_not_do_it(house: House, somebody: str, body: dict[str, str], detail: str) -> None:
    path = "/v1/persons/{id}/referrals"
    answer = await call(house, "reception-agency", "case-continuity", "POST", path, somebody, json=LEGAL | body)
    assert answer.status_code == 400
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["detail"]) == ("/recipient", detail)


async def test_a_step_too_late_is_told_where_the_referral_stands(house: House, somebody: str) -> None:
    referral = await refer(house, somebody)
    both = await asyncio.gather(
        take(house, referral, "accept", "open-door-legal"), take(house, referral, "reject", "open-door-legal")
    )
    assert sorted(each.status_code for each in both) == [200, 409]
    won, lost = sorted(both, key=lambda answer: answer.status_code)
    assert (lost.json()["type"], lost.json()["state"]) == ("/problems/not-in-this-state", won.json()["state"])
    sender = await take(house, referral, "done", "reception-agency")
    assert (sender.status_code, sender.json()["type"]) == (403, "/problems/not-your-step")


async def test_the_feed_tells_that_an_assignment_began_and_ended(house: House, somebody: str) -> None:
    """training-placement discloses experience to those who have the case."""
    purpose = "training-placement"
    me = await house.pairwise(somebody, "employment-agency", purpose)

    async def news(cursor: str | None) -> tuple[list[bool], str]:
        seen: list[bool] = []
        while True:
            since = f"&since={cursor}" if cursor else ""
            page = (await call(house, "employment-agency", purpose, "GET", f"/v1/persons/changes?limit=500{since}")).json()
            mine = [each["person"] for each in page["changes"] if each["id"] == me]
            seen, cursor = seen + ["work_history" in each["attributes"] for each in mine], page["cursor"]
            if not page["more"]:
                return seen, str(cursor)

    seen, cursor = await news(None)
    assert seen == [False]
    referral = await refer(house, somebody, recipient="employment-agency", purpose=purpose)
    seen, cursor = await news(cursor)
    assert seen == [], "a request changes nothing that is disclosed"
    await take(house, referral, "accept", "employment-agency")
    seen, cursor = await news(cursor)
    assert seen == [True]
    await take(house, referral, "revoke", "reception-agency")
    seen, cursor = await news(cursor)
    assert seen == [False]


async def test_everything_stands_in_the_ledger_before_the_person(house: House, somebody: str) -> None:
    referral = await refer(house, somebody)
    await call(house, "open-door-legal", "legal-aid", "GET", "/v1/referrals?direction=in&limit=200")
    await take(house, referral, "accept", "open-door-legal", "legal-aid")
    answer = await call(house, "self-service", "data-subject-access", "GET", "/v1/persons/{id}/disclosures", somebody)
    lines = [
        (each["organisation"], each["operation"], each["outcome"])
        for each in answer.json()["disclosures"]
        if each["resource"] == "referral"
    ]
    assert lines == [
        ("open-door-legal", "amend", "done"),
        ("open-door-legal", "list", "answered"),
        ("reception-agency", "create", "done"),
    ]
    assert "canary-reason" not in answer.text
