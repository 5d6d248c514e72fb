"""What a caller may not do, and how it is told: a problem document that names the fault, and nothing stored."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway import store

from .house import PROFILE, House, put
from .people import line

RECORD = {
    "region_path": ["BG", "BG4", "BG41", "BG411"],
    "assigned": [],
    "consents": [],
    "restricted": False,
    "minor": False,
    "created_by": "reception-agency",
}


@pytest.fixture
async def somebody(house: House) -> str:
    return (await put(house, line(await house.parts.rulebook.catalogue(), "refusals", RECORD)))[0]


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("filter=gender:eq:female", 403, "attribute-not-disclosed"),
        ("sort=date_of_birth", 403, "attribute-not-disclosed"),
        ("fields=gender", 403, "attribute-not-disclosed"),
        ("filter=adjustments_needed:has:x", 400, "not-filterable"),
        ("filter=shoe_size:eq:42", 400, "unknown-attribute"),
        ("fields=shoe_size", 400, "unknown-attribute"),
        ("filter=municipality", 400, None),
        ("filter=education_level:eq:high", 400, None),
        ("limit=0", 400, "malformed-request"),
        ("limit=501", 400, "malformed-request"),
        ("limit=5&limit=6", 400, None),
        ("cursor=AAAA", 400, "cursor-invalid"),
    ],
)
async def test_a_list_asks_only_for_what_is_disclosed(house: House, query: str, status: int, slug: str | None) -> None:
    agency = await house.caller("employment-agency")
    answer = await agency("GET", f"/v1/persons?{query}", "job-ranking")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert slug is None or answer.json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize(
    ("purpose", "status", "reason"),
    [
        ("return-enforcement", 403, "purpose-forbidden"),
        ("health-access", 403, "purpose-not-approved"),
        ("curiosity", 403, "purpose-unknown"),
        ("", 400, None),
        ("JOB-RANKING", 403, "purpose-unknown"),
        ("job-ranking, health-access", 403, "purpose-unknown"),
        ("jоb-ranking".encode().decode("latin-1"), 403, "purpose-unknown"),  # a Cyrillic о
    ],
)
async def test_a_purpose_is_taken_by_the_letter(house: House, purpose: str, status: int, reason: str | None) -> None:
    agency = await house.caller("employment-agency")
    raw = {"Processing-Purpose": purpose.encode("latin-1")}
    answer = await agency("GET", "/v1/persons", headers=raw)
    assert answer.status_code in (400, status) if purpose[1:2] > "\x80" else answer.status_code == status, answer.text
    if answer.status_code == 403:
        assert answer.json()["reason"] == reason


async def test_a_deciding_header_sent_twice_is_refused(house: House) -> None:
    agency = await house.caller("employment-agency")
    twice = [("Processing-Purpose", "job-ranking"), ("Processing-Purpose", "health-access")]
    request = agency.http.build_request("GET", "/v1/persons", headers=[*agency.http.headers.multi_items(), *twice])
    answer = await agency.http.send(request)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/duplicate-header")


def deep(levels: int) -> bytes:
    return b'{"attributes":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"attributes": {}, "attributes": {}}', 400),
        (b'{"attributes": {"languages": [], "languages": []}}', 400),
        (b'{"attributes": {"remote": NaN}}', 400),
        (b'{"attributes": {"email": "\xff"}}', 400),
        (deep(40), 400),
        (b'{"attributes": {"email": "' + b"a" * (1 << 20) + b'"}}', 413),
        (b'{"attributes": {"shoe_size": 42}}', 400),
        (b'{"attributes": {"remote": "yes"}}', 400),
        (b'{"attributes": {"adult": true}}', 400),
        (b'{"attributes": {}, "created_by": "danube-health"}', 400),
        (b'{"attributes": {"email": "a\\u0000b@example.org"}}', 400),
    ],
)
async def test_a_body_is_whole_and_plain_or_refused(house: House, body: bytes, status: int) -> None:
    intake = await house.caller("reception-agency")
    before = await count(house)
    headers = {"Content-Type": "application/json"}
    answer = await intake("POST", "/v1/persons", "registration", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await count(house) == before


async def count(house: House) -> int:
    async with house.apps[PROFILE].state.vault.transaction() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM persons")) or 0)


async def test_a_token_of_somebody_else_is_refused(house: House) -> None:
    agency = await house.caller("employment-agency")
    token = agency.http.headers["Authorization"]
    head, payload, signature = token.removeprefix("Bearer ").split(".")
    forged = [f"{head}.{payload}.{signature[:-4]}AAAA", f"{head}.{payload}.", "x.y.z", ""]
    for each in forged:
        answer = await agency("GET", "/v1/persons", "job-ranking", headers={"Authorization": f"Bearer {each}"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_person_elsewhere_and_nobody_look_the_same(house: House, somebody: str) -> None:
    """bread-and-bridges is approved for one region; a person of another, a made-up id and a foreign id are one answer."""
    catalogue = await house.parts.rulebook.catalogue()
    varna = RECORD | {"region_path": ["BG", "BG3", "BG33", "BG331"]}
    elsewhere = (await put(house, line(catalogue, "elsewhere", varna)))[0]
    coach = await house.caller("bread-and-bridges")
    ids = [
        await house.pairwise(elsewhere, "bread-and-bridges", "job-ranking"),
        await house.pairwise(somebody, "employment-agency", "job-ranking"),
        await house.pairwise(somebody, "bread-and-bridges", "mentoring"),
        "psn_aaaaaaaa",
        "nobody",
    ]
    answers = [await coach("GET", f"/v1/persons/{each}", "job-ranking") for each in ids]
    assert {answer.status_code for answer in answers} == {404}
    assert len({json.dumps(answer.json() | {"instance": ""}) for answer in answers}) == 1
    assert len({tuple(sorted(name for name, _ in answer.headers.items())) for answer in answers}) == 1
    mine = await house.pairwise(somebody, "bread-and-bridges", "job-ranking")
    assert (await coach("GET", f"/v1/persons/{mine}", "job-ranking")).status_code == 200


async def test_the_source_answers_nobody_without_a_grant(house: House, somebody: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.apps[PROFILE]), base_url=PROFILE) as inside:
        feed = [("POST", "/persons/changes"), ("GET", "/persons/changes/newest")]
        for method, path in [("GET", f"/persons/{somebody}"), ("POST", "/persons/search"), *feed]:
            answer = await inside.request(method, path, json={} if method == "POST" else None)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_revoked_client_is_out_within_a_second(house: House) -> None:
    client_id, secret = await house.register("employment-agency")
    token = await house.token(client_id, secret)
    async with house.http(headers={"Authorization": f"Bearer {token}", "Processing-Purpose": "job-ranking"}) as http:
        assert (await http.get("/v1/persons?limit=1")).status_code == 200
        assert await store.revoke(house.parts.ledger._reading, client_id)
        await asyncio.sleep(1)
        assert (await http.get("/v1/persons?limit=1")).status_code == 401


async def test_a_write_outside_the_purpose_is_refused_and_nothing_changes(house: House, somebody: str) -> None:
    record = RECORD | {"assigned": ["employment-agency"]}
    catalogue = await house.parts.rulebook.catalogue()
    internal = (await put(house, line(catalogue, "assigned", record)))[0]
    agency = await house.caller("employment-agency")
    path = f"/v1/persons/{await house.pairwise(internal, 'employment-agency', 'job-ranking')}"
    seen = await agency("GET", path, "job-ranking")

    async def amend(attributes: dict[str, Any], etag: str | None) -> int:
        headers = {"Content-Type": "application/merge-patch+json"} | ({"If-Match": etag} if etag else {})
        body = json.dumps({"attributes": attributes})
        return (await agency("PATCH", path, "job-ranking", content=body, headers=headers)).status_code

    etag = seen.headers["etag"]
    assert await amend({"gender": "male"}, etag) == 403
    assert await amend({"remote": True}, None) == 428
    assert await amend({"remote": True}, '"guess"') == 412
    assert (await agency("GET", path, "job-ranking")).headers["etag"] == etag
    assert await amend({"remote": not seen.json()["attributes"]["remote"]}, etag) == 200
    assert (await agency("GET", path, "job-ranking")).headers["etag"] != etag
