"""Notes across organisations: shared on purpose, for a purpose, for a time; and nowhere else in any answer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from .house import Caller, House, put
from .people import line
from .test_refusals import RECORD

CANARY = "canary-of-a-note: Mariam fears her uncle in Plovdiv"


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    """A person whose case three organisations have, with a note by the reception agency."""
    record = RECORD | {"assigned": ["reception-agency", "bread-and-bridges", "employment-agency"]}
    return (await put(house, line(await house.parts.rulebook.catalogue(), request.node.name, record)))[0]


class Desk:
    """One organisation, with one person, for one purpose."""

    def __init__(self, caller: Caller, person: str, purpose: str) -> None:
        self._caller, self._path, self._purpose = caller, f"/v1/persons/{person}/notes", purpose

    async def write(self, text: str = CANARY) -> str:
        headers = {"Acting-User": "canary-user"}
        answer = await self._caller("POST", self._path, self._purpose, json={"text": text}, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def read(self) -> list[dict[str, Any]]:
        answer = await self._caller("GET", self._path, self._purpose)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["notes"])

    async def share(self, note: str, until: datetime | None = None, **body: Any) -> httpx.Response:
        body = {"until": (until or datetime.now(UTC) + timedelta(days=7)).isoformat(), **body}
        return await self._caller("POST", f"{self._path}/{note}/shares", self._purpose, json=body)

    async def shares(self, note: str) -> httpx.Response:
        return await self._caller("GET", f"{self._path}/{note}/shares", self._purpose)

    async def end(self, note: str, share: str) -> httpx.Response:
        return await self._caller("DELETE", f"{self._path}/{note}/shares/{share}", self._purpose)


async def desk(house: House, internal: str, organisation: str, purpose: str = "case-continuity") -> Desk:
    return Desk(await house.caller(organisation), await house.pairwise(internal, organisation, purpose), purpose)


async def test_a_shared_note_is_read_by_whom_it_is_shared_with_until_it_is_not(house: House, somebody: str) -> None:
    writer, reader = await desk(house, somebody, "reception-agency"), await desk(house, somebody, "bread-and-bridges")
    other = await desk(house, somebody, "employment-agency")
    note = await writer.write()
    assert await reader.read() == []
    shared = await writer.share(note, purpose="case-continuity", recipient="bread-and-bridges")
    assert shared.status_code == 201, shared.text
    (seen,) = await reader.read()
    assert (seen["text"], seen["written_by"], seen["acting_user"]) == (CANARY, "reception-agency", None)
    assert seen["shared_until"] == shared.json()["until"]
    assert await other.read() == []
    (own,) = await writer.read()
    assert (own["acting_user"], own["shared_until"]) == ("canary-user", None)

    assert (await reader.shares(note)).status_code == 404, "with whom else is its writer's to know"
    assert (await reader.share(note, purpose="case-continuity", recipient="employment-agency")).status_code == 404
    assert [each["recipient"] for each in (await writer.shares(note)).json()["shares"]] == ["bread-and-bridges"]
    assert (await writer.end(note, shared.json()["id"])).status_code == 204
    assert await reader.read() == [], "the very next read"


async def test_a_note_is_shared_for_one_purpose_and_no_other(house: House, somebody: str) -> None:
    writer = await desk(house, somebody, "reception-agency")
    note = await writer.write()
    assert (await writer.share(note, purpose="legal-aid")).status_code == 201
    assert [each["text"] for each in await (await desk(house, somebody, "open-door-legal", "legal-aid")).read()] == [CANARY]
    assert await (await desk(house, somebody, "open-door-legal")).read() == []


async def test_a_share_ends_on_the_second(house: House, somebody: str) -> None:
    writer, reader = await desk(house, somebody, "reception-agency"), await desk(house, somebody, "bread-and-bridges")
    note, until = await writer.write(), datetime.now(UTC) + timedelta(seconds=1)
    assert (await writer.share(note, until, purpose="case-continuity")).status_code == 201
    assert len(await reader.read()) == 1
    await asyncio.sleep((until - datetime.now(UTC)).total_seconds() + 0.02)
    assert await reader.read() == []


@pytest.mark.parametrize(
    "body",
    [
        {"purpose": "case-continuity", "recipient": "vitosha-bakery"},
        {"purpose": "job-ranking", "recipient": "employment-agency"},
        {"purpose": "case-continuity", "recipient": "return-desk"},
        {"purpose": "case-continuity", "recipient": "nobody"},
        {"purpose": "gossip"},
    ],
)
async def test_a_note_is_not_shared_with_who_could_not_read_it(house: House, somebody: str, body: dict[str, Any]) -> None:
    writer = await desk(house, somebody, "reception-agency")
    answer = await writer.share(await writer.write(), **body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] in ("/recipient", "/purpose")


async def test_region_and_restriction_hold_for_shared_notes_too(house: House) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    varna = RECORD | {"region_path": ["BG", "BG3", "BG33", "BG331"], "assigned": ["reception-agency"]}
    protected = RECORD | {"restricted": True, "assigned": ["reception-agency"]}
    for name, record in (("notes-varna", varna), ("notes-protected", protected)):
        internal = (await put(house, line(catalogue, name, record)))[0]
        writer = await desk(house, internal, "reception-agency")
        assert (await writer.share(await writer.write(), purpose="case-continuity")).status_code == 201
        caller = await house.caller("bread-and-bridges")
        theirs = await house.pairwise(internal, "bread-and-bridges", "case-continuity")
        answer = await caller("GET", f"/v1/persons/{theirs}/notes", "case-continuity")
        absent = await caller("GET", f"/v1/persons/{'psn_' + 'a' * 55}/notes", "case-continuity")
        assert answer.status_code == absent.status_code == 404
        assert {**answer.json(), "instance": ""} == {**absent.json(), "instance": ""}


async def test_a_note_is_in_no_answer_but_notes(house: House, somebody: str) -> None:
    writer = await desk(house, somebody, "reception-agency")
    note = await writer.write()
    for purpose in ("case-continuity", "legal-aid", "registration"):
        assert (await writer.share(note, purpose=purpose)).status_code == 201
    calls = [
        ("employment-agency", "job-ranking", "/v1/persons?limit=500"),
        ("employment-agency", "job-ranking", "/v1/persons/changes?limit=500"),
        ("employment-agency", "job-ranking", "/v1/persons/export"),
        ("employment-agency", "job-ranking", "/v1/persons/{id}"),
        ("employment-agency", "job-ranking", "/v1/persons/{id}/matches?kind=job"),
        ("reception-agency", "registration", "/v1/persons/{id}"),
        ("bread-and-bridges", "case-continuity", "/v1/persons/{id}"),
        ("self-service", "data-subject-access", "/v1/persons/{id}"),
        ("self-service", "data-subject-access", "/v1/persons/{id}/notes"),
        ("self-service", "data-subject-access", "/v1/persons/{id}/disclosures"),
    ]
    for organisation, purpose, path in calls:
        caller = await house.caller(organisation, somebody if organisation == "self-service" else None)
        answer = await caller("GET", path.replace("{id}", await house.pairwise(somebody, organisation, purpose)), purpose)
        assert answer.status_code in (200, 403), answer.text
        assert "canary-of-a-note" not in answer.text
    agency = await house.caller("employment-agency")
    for query in ("filter=notes:eq:uncle", "sort=notes", "fields=notes", "filter=text:eq:uncle"):
        assert (await agency("GET", f"/v1/persons?{query}", "job-ranking")).json()["type"] == "/problems/unknown-attribute"


async def test_sharing_ending_and_reading_stand_in_the_ledger_and_before_the_person(house: House, somebody: str) -> None:
    writer, reader = await desk(house, somebody, "reception-agency"), await desk(house, somebody, "bread-and-bridges")
    note = await writer.write()
    share = (await writer.share(note, purpose="case-continuity")).json()["id"]
    await reader.read()
    await writer.end(note, share)
    own = await house.caller("self-service", somebody)
    path = f"/v1/persons/{await house.pairwise(somebody, 'self-service', 'data-subject-access')}/disclosures"
    told = (await own("GET", path, "data-subject-access")).json()["disclosures"]
    lines = [(each["organisation"], each["operation"], each["outcome"]) for each in told if each["resource"] == "note"]
    assert lines == [
        ("reception-agency", "unshare", "done"),
        ("bread-and-bridges", "read", "answered"),
        ("reception-agency", "share", "done"),
        ("reception-agency", "create", "done"),
    ]
