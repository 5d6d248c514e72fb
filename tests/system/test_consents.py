"""Consents through the wall: who gives them, what they open and for how long, what they are no basis of, and the receipt."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import jsonschema_rs
import pytest

from .house import Caller, House, put
from .people import line
from .test_refusals import RECORD

ASSIGNED = RECORD | {"assigned": ["reception-agency", "employment-agency"]}
GIVEN = {"state": "given", "text_version": "2026-1", "language": "uk", "method": "paper"}
GUARDIAN = {"given_by": "guardian", "child_view": "agrees"}
NEEDS = "adjustments_needed"


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    """The internal id of a person of this test alone."""
    return await person(house, request.node.name)


async def person(house: House, name: str, **facts: Any) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    return (await put(house, line(catalogue, f"consents-{name}", ASSIGNED | facts)))[0]


async def recorder(house: House, internal: str, organisation: str = "reception-agency") -> Callable[..., Awaitable[Any]]:
    """Calls on the consents of a person as an organisation that records them."""
    caller = await house.caller(organisation)
    path = f"/v1/persons/{await house.pairwise(internal, organisation, 'consent-management')}/consents"

    return partial(patiently, caller, path, "consent-management")


async def oneself(house: House, internal: str) -> Callable[..., Awaitable[Any]]:
    """The same by the person."""
    caller = await house.caller("self-service", internal)
    path = f"/v1/persons/{await house.pairwise(internal, 'self-service', 'data-subject-access')}/consents"

    return partial(patiently, caller, path, "data-subject-access")


async def patiently(caller: Caller, path: str, purpose: str, method: str, rest: str = "", **kwargs: Any) -> httpx.Response:
    """As callers are told to: a machine that is busy with other things answers 503, and is asked again."""
    for _ in range(3):
        answer = await caller(method, path + rest, purpose, **kwargs)
        if answer.status_code != 503:
            break
        await asyncio.sleep(float(answer.headers["retry-after"]))
    return answer


async def sees_needs(house: House, internal: str, organisation: str = "employment-agency") -> bool:
    caller = await house.caller(organisation)
    answer = await caller("GET", f"/v1/persons/{await house.pairwise(internal, organisation, 'job-ranking')}", "job-ranking")
    assert answer.status_code == 200, answer.text
    return NEEDS in answer.json()["attributes"]


async def lists_needs(house: House, internal: str) -> bool:
    agency = await house.caller("employment-agency")
    me, cursor = await house.pairwise(internal, "employment-agency", "job-ranking"), ""
    while True:
        page = (await agency("GET", f"/v1/persons?limit=500{cursor}", "job-ranking")).json()
        for each in page["people"]:
            if each["id"] == me:
                return NEEDS in each["attributes"]
        cursor = f"&cursor={page['next']}"


class Follower:
    """Follows the feed and remembers whether it was shown what the person consented to."""

    def __init__(self, house: House, me: str) -> None:
        self.house, self.me, self.cursor, self.shown = house, me, "", False

    async def sees(self) -> bool:
        agency = await self.house.caller("employment-agency")
        while True:
            page = (await agency("GET", f"/v1/persons/changes?limit=500{self.cursor}", "job-ranking")).json()
            for each in page["changes"]:
                if each["id"] == self.me:
                    self.shown = each["person"] is not None and NEEDS in each["person"]["attributes"]
            self.cursor = f"&since={page['cursor']}"
            if not page["more"]:
                return self.shown


async def seconds_until(condition: Callable[[], Awaitable[bool]]) -> float:
    begun = time.monotonic()
    while not await condition():
        assert time.monotonic() - begun < 5
        await asyncio.sleep(0.02)
    return time.monotonic() - begun


@pytest.mark.parametrize("end", ["withdrawn", "refused", "expired", "refused to one"])
async def test_what_ends_is_without_effect_everywhere_within_a_second(house: House, end: str) -> None:
    internal = await person(house, f"end {end}")
    consents, own = await recorder(house, internal), await oneself(house, internal)
    follower = Follower(house, await house.pairwise(internal, "employment-agency", "job-ranking"))
    ends_at = datetime.now(UTC) + timedelta(seconds=2)
    expiry = {"expires_at": ends_at.isoformat()} if end == "expired" else {}
    assert (await consents("PUT", "/job-ranking", json=GIVEN | expiry)).status_code == 200
    everywhere = (lambda: sees_needs(house, internal), lambda: lists_needs(house, internal), follower.sees)
    await asyncio.gather(*(seconds_until(where) for where in everywhere))

    match end:
        case "withdrawn":
            assert (await own("DELETE", "/job-ranking")).status_code == 200
        case "refused":
            assert (await own("PUT", "/job-ranking", json=GIVEN | {"state": "refused"})).status_code == 200
        case "refused to one":
            no = GIVEN | {"state": "refused", "recipient": "employment-agency"}
            assert (await consents("PUT", "/job-ranking", json=no)).status_code == 200
        case _:
            await asyncio.sleep((ends_at - datetime.now(UTC)).total_seconds())
    # Whoever asks the source is told at once; whoever follows it within a second.
    assert not await sees_needs(house, internal)
    assert not await lists_needs(house, internal)

    async def gone() -> bool:
        return not await follower.sees()

    assert await seconds_until(gone) < 1


async def test_all_but_one(house: House, somebody: str) -> None:
    consents = await recorder(house, somebody)
    await consents("PUT", "/job-ranking", json=GIVEN)
    withdrawn = await consents("DELETE", "/job-ranking?recipient=bread-and-bridges")
    assert (withdrawn.status_code, withdrawn.json()["recipient"]) == (200, "bread-and-bridges")
    assert await sees_needs(house, somebody)
    assert not await sees_needs(house, somebody, "bread-and-bridges")
    await consents("PUT", "/job-ranking", json=GIVEN | {"text_version": "2026-2"})
    assert not await sees_needs(house, somebody, "bread-and-bridges"), "a yes for all takes no single no back"
    assert (await consents("DELETE", "/job-ranking?recipient=nobody")).status_code == 404


async def test_consent_is_no_basis_where_the_law_is(house: House, somebody: str) -> None:
    consents = await recorder(house, somebody)
    for purpose in ("accommodation", "right-to-work-check", "anonymous-shortlist", "case-continuity", "consent-management"):
        answer = await consents("PUT", f"/{purpose}", json=GIVEN)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/consent-not-a-basis"), purpose
        assert answer.json()["legal_bases"]
        assert not {"GDPR-6-1-a", "GDPR-9-2-a"} & set(answer.json()["legal_bases"])
    for recipient in ("vitosha-bakery", "return-desk", "nobody"):
        refused = await consents("PUT", "/job-ranking", json=GIVEN | {"recipient": recipient})
        assert (refused.status_code, refused.json()["type"]) == (400, "/problems/malformed-request"), recipient
    assert (await consents("GET")).json()["consents"] == []


async def test_it_says_what_it_covers_and_what_goes_on_without(house: House, somebody: str) -> None:
    consents = await recorder(house, somebody)
    given = (await consents("PUT", "/job-ranking", json=GIVEN, headers={"Accept-Language": "bg"})).json()
    assert [each["attribute"] for each in given["covers"]["discloses"]] == [NEEDS]
    assert re.search("[а-я]", given["covers"]["discloses"][0]["title"])
    bases = {each["organisation"]: each["article"] for each in given["goes_on_without"]}
    assert bases["employment-agency"] == "GDPR Art 6(1)(e)"
    assert bases["bread-and-bridges"] == "GDPR Art 6(1)(f)"
    one = (await consents("PUT", "/registration", json=GIVEN | {"recipient": "reception-agency"})).json()
    assert [each["attribute"] for each in one["covers"]["writes"]] == ["ethnic_origin", "religion"]
    assert [each["organisation"] for each in one["goes_on_without"]] == ["reception-agency"]


async def test_a_person_gives_and_takes_back_what_is_theirs(house: House, somebody: str) -> None:
    own = await oneself(house, somebody)
    given = await own("PUT", "/job-ranking", json=GIVEN | {"method": "online"})
    assert (given.status_code, given.json()["recorded_by"]) == (200, "self-service")
    assert await sees_needs(house, somebody)
    assert (await own("DELETE", "/job-ranking")).status_code == 200
    history = (await own("GET", "/job-ranking")).json()
    assert [each["state"] for each in history["consents"]] == ["withdrawn", "given"]
    assert history["truncated"] is False

    other = await person(house, "somebody else")
    theirs = f"/v1/persons/{await house.pairwise(other, 'self-service', 'data-subject-access')}/consents/job-ranking"
    caller = await house.caller("self-service", somebody)
    assert (await caller("PUT", theirs, "data-subject-access", json=GIVEN)).status_code == 403


async def test_for_a_child_the_guardian_decides_and_the_child_is_heard(house: House) -> None:
    internal = await person(house, "a child", minor=True)
    consents, own = await recorder(house, internal), await oneself(house, internal)
    assert (await consents("PUT", "/school-enrolment", json=GIVEN)).json()["type"] == "/problems/guardian-needed"
    for body in (GIVEN, GIVEN | GUARDIAN):
        assert (await own("PUT", "/school-enrolment", json=body)).status_code == 404
    against = GIVEN | GUARDIAN | {"child_view": "disagrees"}
    assert (await consents("PUT", "/school-enrolment", json=against)).json()["type"] == "/problems/child-disagrees"
    heard = {"child_words": "I want the nurse to know, not the class."}
    assert (await consents("PUT", "/school-enrolment", json=GIVEN | GUARDIAN | heard)).status_code == 200
    assert (await own("GET", "/school-enrolment")).json()["consents"][0]["child_words"] == heard["child_words"]
    other = await recorder(house, internal, "bread-and-bridges")
    assert heard["child_words"] not in (await other("GET")).text
    assert heard["child_words"] not in (await consents("GET", "/school-enrolment/receipt")).text
    assert (await own("DELETE", "/school-enrolment")).json()["state"] == "withdrawn", "a child's no is heard"


async def test_the_receipt_is_what_its_schema_says_and_names_nobody(house: House, somebody: str) -> None:
    consents, own = await recorder(house, somebody), await oneself(house, somebody)
    assert (await consents("GET", "/legal-aid/receipt")).status_code == 404
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    await consents("PUT", "/legal-aid", json=GIVEN | {"expires_at": until})
    await own("DELETE", "/legal-aid")
    await consents("PUT", "/legal-aid", json=GIVEN | {"recipient": "open-door-legal"})
    document = (await house.http().get("/openapi.json")).json()
    schema = {"components": document["components"], "$ref": "#/components/schemas/ConsentReceipt"}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    receipts = [(await call("GET", "/legal-aid/receipt")) for call in (consents, own)]
    receipts.append(await consents("GET", "/legal-aid/receipt?recipient=open-door-legal"))
    for receipt in receipts:
        validator.validate(receipt.json())
        assert not names(receipt.text) & {somebody, *await ids_of(house, somebody)}
    record = receipts[0].json()["dpv:hasRecordOfActivity"]
    assert [event["@type"] for event in record["dpv:hasConsentStatus"]] == ["dpv:ConsentWithdrawn", "dpv:ConsentGiven"]
    consented, going_on = record["dpv:hasProcess"]
    assert "dpv:SpecialCategoryPersonalData" in {each["@type"] for each in consented["dpv:hasPersonalData"]}
    assert consented["dpv:hasLegalBasis"] == ["eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"]
    assert going_on["dpv:hasLegalBasis"] == ["eu-gdpr:A9-2-f"]
    # The record has another name for everybody who reads it: receipts cannot be joined by it.
    theirs = receipts[1].json()["dpv:hasRecordOfActivity"]
    assert theirs["dct:identifier"] != record["dct:identifier"]


def names(text: str) -> set[str]:
    """Everything in a receipt that could be an id of somebody."""
    return set(re.findall(r"[A-Za-z0-9_-]{20,}", text))


async def ids_of(house: House, internal: str) -> set[str]:
    asking = (("reception-agency", "consent-management"), ("self-service", "data-subject-access"))
    return {await house.pairwise(internal, *each) for each in asking}


async def test_every_term_of_a_receipt_has_a_meaning(house: House, somebody: str) -> None:
    consents = await recorder(house, somebody)
    await consents("PUT", "/job-ranking", json=GIVEN)
    receipt = (await consents("GET", "/job-ranking/receipt")).json()
    context = receipt.pop("@context")
    prefixes = {name for name, meaning in context.items() if isinstance(meaning, str)}
    for key in keys_of(receipt):
        assert key.startswith("@") or key in context or key.partition(":")[0] in prefixes, key


def keys_of(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(keys_of, node))
    if not isinstance(node, dict):
        return set()
    languages = {"en", "bg", "uk", "ar", "ru", "fa", "tr", "fr"}
    return {key for key in node if key not in languages}.union(*map(keys_of, node.values()))


async def test_whoever_is_erased_meanwhile_is_not_found(house: House) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    # No procedure and no authority's case: the law does not want the record kept.
    over = {"stage": "closed", "registered_on": "2024-01-01", "accelerated": False}
    record = RECORD | {"assigned": ["bread-and-bridges"]}
    somebody = (await put(house, line(catalogue, "consents-erased", record, procedure_stage=over)))[0]
    consents, own = await recorder(house, somebody, "bread-and-bridges"), await oneself(house, somebody)
    await consents("PUT", "/job-ranking", json=GIVEN)
    caller = await house.caller("self-service", somebody)
    me = f"/v1/persons/{await house.pairwise(somebody, 'self-service', 'data-subject-access')}"
    assert (await caller("DELETE", me, "data-subject-access")).status_code == 204
    again = [consents("PUT", "/job-ranking", json=GIVEN), consents("DELETE", "/job-ranking"), consents("GET", "/job-ranking")]
    again += [consents("GET"), consents("GET", "/job-ranking/receipt"), own("GET")]
    assert [answer.status_code for answer in await asyncio.gather(*again)] == [404] * 6


async def test_no_error_says_what_is_stored(house: House, somebody: str) -> None:
    consents = await recorder(house, somebody)
    await consents("PUT", "/job-ranking", json=GIVEN | {"text_version": "canary-version"})
    for body in (GIVEN | {"recipient": "nobody"}, GIVEN | GUARDIAN, GIVEN | {"state": "withdrawn"}, {}):
        refused = await consents("PUT", "/job-ranking", json=body)
        assert refused.status_code in (400, 409)
        assert "canary" not in json.dumps(refused.json())
