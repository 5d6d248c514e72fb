"""The other calls of the API: consents, notes, who has seen what, opportunities, the feed, and the end of a record."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from .house import House, put
from .people import line
from .test_refusals import RECORD

HERE_AND_ASSIGNED = RECORD | {"assigned": ["reception-agency", "employment-agency"]}
GIVEN = {"state": "given", "text_version": "2026-1", "language": "uk", "method": "paper"}


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    """The internal id of a person of this test alone."""
    catalogue = await house.parts.rulebook.catalogue()
    return (await put(house, line(catalogue, f"records-{request.node.name}", HERE_AND_ASSIGNED)))[0]


async def read(house: House, internal: str, organisation: str, purpose: str) -> dict[str, Any]:
    caller = await house.caller(organisation)
    answer = await caller("GET", f"/v1/persons/{await house.pairwise(internal, organisation, purpose)}", purpose)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_consent_opens_and_its_withdrawal_closes(house: House, somebody: str) -> None:
    reception = await house.caller("reception-agency")
    path = f"/v1/persons/{await house.pairwise(somebody, 'reception-agency', 'consent-management')}/consents"
    assert (await read(house, somebody, "employment-agency", "job-ranking"))["withheld"][
        "adjustments_needed"
    ] == "consent-missing"

    given = await reception("PUT", f"{path}/job-ranking", "consent-management", json=GIVEN)
    assert given.status_code == 200, given.text
    assert "adjustments_needed" in (await read(house, somebody, "employment-agency", "job-ranking"))["attributes"]
    assert "access_needs" not in (await read(house, somebody, "employment-agency", "training-placement"))["attributes"]

    listed = (await reception("GET", path, "consent-management")).json()["consents"]
    assert [(each["purpose"], each["state"]) for each in listed] == [("job-ranking", "given")]

    withdrawn = await reception("DELETE", f"{path}/job-ranking", "consent-management")
    assert withdrawn.status_code == 200, withdrawn.text
    seen = await read(house, somebody, "employment-agency", "job-ranking")
    assert seen["withheld"]["adjustments_needed"] == "consent-missing", "not why: it was withdrawn"


async def test_a_consent_to_one_recipient_opens_for_that_one_only(house: House, somebody: str) -> None:
    reception = await house.caller("reception-agency")
    path = f"/v1/persons/{await house.pairwise(somebody, 'reception-agency', 'consent-management')}/consents/job-ranking"
    answer = await reception("PUT", path, "consent-management", json=GIVEN | {"recipient": "bread-and-bridges"})
    assert answer.status_code == 200, answer.text
    assert "adjustments_needed" in (await read(house, somebody, "bread-and-bridges", "job-ranking"))["attributes"]
    assert "adjustments_needed" in (await read(house, somebody, "employment-agency", "job-ranking"))["withheld"]


async def test_a_note_is_read_by_who_wrote_it_and_nobody_else(house: House, somebody: str) -> None:
    texts = {}
    for organisation in ("reception-agency", "employment-agency"):
        caller = await house.caller(organisation)
        path = f"/v1/persons/{await house.pairwise(somebody, organisation, 'case-continuity')}/notes"
        written = await caller("POST", path, "case-continuity", json={"text": f"canary of {organisation}"})
        assert written.status_code == 201, written.text
        texts[organisation] = (await caller("GET", path, "case-continuity")).text
    assert "canary of reception-agency" in texts["reception-agency"]
    assert "canary of reception-agency" not in texts["employment-agency"]


async def test_a_person_sees_who_saw_what_and_nobody_elses(house: House, somebody: str) -> None:
    await read(house, somebody, "employment-agency", "job-ranking")
    own = await house.caller("self-service", somebody)
    path = f"/v1/persons/{await house.pairwise(somebody, 'self-service', 'data-subject-access')}/disclosures"
    answer = await own("GET", path, "data-subject-access")
    assert answer.status_code == 200, answer.text
    newest = next(each for each in answer.json()["disclosures"] if each["organisation"] == "employment-agency")
    assert (newest["purpose"], newest["operation"], newest["outcome"]) == ("job-ranking", "read", "answered")
    assert "skills" in newest["attributes"]

    catalogue = await house.parts.rulebook.catalogue()
    other = (await put(house, line(catalogue, "records-other", RECORD)))[0]
    theirs = f"/v1/persons/{await house.pairwise(other, 'self-service', 'data-subject-access')}/disclosures"
    assert (await own("GET", theirs, "data-subject-access")).status_code == 403


async def test_the_same_request_twice_makes_one_person(house: House) -> None:
    intake = await house.caller("reception-agency")
    body = {"attributes": {"remote": True, "residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"}}}
    headers = {"Idempotency-Key": "records-once"}

    async def asked(body: Mapping[str, Any]) -> httpx.Response:
        return await intake.patiently("/v1/persons", "registration", method="POST", json=body, headers=headers)

    first, again = [await asked(body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["id"], again.headers["idempotency-replayed"]) == (again.json()["id"], "true")
    other = await asked({"attributes": {"remote": False}})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")


async def test_an_opportunity_is_its_owners_to_change(house: House) -> None:
    bakery, other = await house.caller("vitosha-bakery"), await house.caller("rila-build")
    offered = await bakery("POST", "/v1/opportunities", "opportunity-management", json={"kind": "job", "title": "Baker"})
    assert offered.status_code == 201, offered.text
    path = f"/v1/opportunities/{offered.json()['id']}"
    assert (await other("GET", path, "opportunity-management")).status_code == 200
    merge = {"Content-Type": "application/merge-patch+json", "If-Match": offered.headers["etag"]}
    assert (await other("PATCH", path, "opportunity-management", content=b'{"title":"x"}', headers=merge)).status_code == 404
    assert (await bakery("PATCH", path, "opportunity-management", content=b'{"capacity":0}', headers=merge)).status_code == 400
    amended = await bakery("PATCH", path, "opportunity-management", content=b'{"title":"Head baker"}', headers=merge)
    assert (amended.status_code, amended.json()["title"]) == (200, "Head baker")
    assert (await bakery("PATCH", path, "opportunity-management", content=b'{"title":"x"}', headers=merge)).status_code == 412
    assert (await bakery("DELETE", path, "opportunity-management")).status_code == 204


async def test_the_feed_tells_of_what_the_follower_may_see_and_of_nothing_else(house: House, somebody: str) -> None:
    agency = await house.caller("employment-agency")

    async def follow(cursor: str | None) -> tuple[list[dict[str, Any]], str]:
        changes: list[dict[str, Any]] = []
        while True:
            since = f"&since={cursor}" if cursor else ""
            page = (await agency("GET", f"/v1/persons/changes?limit=500{since}", "job-ranking")).json()
            changes, cursor = changes + page["changes"], page["cursor"]
            if not page["more"]:
                return changes, cursor

    me = await house.pairwise(somebody, "employment-agency", "job-ranking")
    changes, cursor = await follow(None)
    assert me in {each["id"] for each in changes}

    catalogue = await house.parts.rulebook.catalogue()
    name = "records-test_the_feed_tells_of_what_the_follower_may_see_and_of_nothing_else"
    await put(house, line(catalogue, name, HERE_AND_ASSIGNED, gender="male", religion="another"))
    changes, cursor = await follow(cursor)
    assert me not in {each["id"] for each in changes}, "nothing that the follower sees has changed"

    await put(house, line(catalogue, name, HERE_AND_ASSIGNED, gender="male", digital_skills="none"))
    changes, cursor = await follow(cursor)
    assert [each["person"]["attributes"]["digital_skills"] for each in changes if each["id"] == me] == ["none"]


async def test_who_is_erased_is_gone_for_everybody_and_the_feed_says_no_more(house: House) -> None:
    over = {"stage": "closed", "registered_on": "2024-01-01", "accelerated": False}
    catalogue = await house.parts.rulebook.catalogue()
    (somebody,) = await put(house, line(catalogue, "records-leaving", RECORD, procedure_stage=over))
    own = await house.caller("self-service", somebody)
    path = f"/v1/persons/{await house.pairwise(somebody, 'self-service', 'data-subject-access')}"
    assert (await own("DELETE", path, "data-subject-access")).status_code == 204
    for organisation, purpose in (("employment-agency", "job-ranking"), ("danube-health", "health-access")):
        caller = await house.caller(organisation)
        answer = await caller("GET", f"/v1/persons/{await house.pairwise(somebody, organisation, purpose)}", purpose)
        assert answer.status_code == 404


async def test_what_a_caller_may_see_is_promised_before_any_data(house: House) -> None:
    agency = await house.caller("employment-agency")
    promised = (await agency("GET", "/v1/purposes")).json()["purposes"]
    job_ranking = next(each for each in promised if each["purpose"] == "job-ranking")
    assert "skills" in job_ranking["disclosed"]
    assert job_ranking["conditional"]["adjustments_needed"] == "consent-missing"
    assert job_ranking["withheld"]["gender"] == "not-necessary"
    attributes = (await agency("GET", "/v1/attributes")).json()["attributes"]
    assert {"gender", "skills"} <= {each["name"] for each in attributes}
