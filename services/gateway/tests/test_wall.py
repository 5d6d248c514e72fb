"""The five steps over HTTP: nothing leaves before it is recorded, nothing leaves that the grant does not name."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.identity import Reach, Scope
from stena.contracts.access import Grant

from .neighbours import view
from .running import Caller, Running

PERSON = str(uuid.uuid4())


def named(running: Running, organisation: str = "employment-agency", reach: Reach = "purpose", person: str = PERSON) -> str:
    name: str = running.app.state.parts.ids.name(person, Scope(reach, organisation, "job-ranking"))
    return name


def shows(running: Running, **members: Any) -> None:
    running.neighbours.answer = lambda request: httpx.Response(200, json=view(PERSON, **members))


async def read(running: Running, caller: Caller, **rest: Any) -> httpx.Response:
    return await caller.call("GET", f"/v1/persons/{named(running)}", **rest)


async def outcomes(running: Running) -> list[tuple[str, str | None]]:
    return [(entry["outcome"], entry["reason"]) for entry in await running.ledger()]


async def test_a_person_is_read_and_the_ledger_says_so(running: Running) -> None:
    caller = await running.caller()
    shows(running)
    response = await read(running, caller, headers={"Case-Reference": "C-1", "Acting-User": "%D0%98%D0%B2%D0%B0%D0%BD"})
    body = response.json()
    assert response.status_code == 200
    assert body["id"] == named(running)
    assert body["attributes"] == {"skills": ["a"], "adult": True, "education_level": 3}
    assert body["withheld"] == {"gender": "not-necessary", "adjustments_needed": "consent-missing"}
    assert (response.headers["etag"], response.headers["cache-control"]) == ('"tag"', "no-store")
    assert PERSON not in response.text
    (entry,) = await running.ledger()
    assert (entry["outcome"], entry["decision"], entry["rulebook"]) == (
        "answered",
        body["disclosure"]["decision"],
        "sha256:test",
    )
    assert entry["attributes"] == ["adult", "education_level", "skills"]
    assert (entry["acting_user"], entry["case_reference"], entry["withheld"]) == ("Иван", "C-1", 2)
    (listed,) = await running.people_in_ledger()
    assert (str(listed["person_id"]), listed["entry_id"]) == (PERSON, entry["entry_id"])


async def test_a_denial_is_recorded_and_no_source_is_asked(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.deny = {"reason": "consent-withdrawn"}
    response = await read(running, caller)
    assert (response.status_code, response.json()["reason"]) == (403, "consent-missing")
    assert running.neighbours.sources_asked() == []
    assert await outcomes(running) == [("denied", "consent-withdrawn")]


async def test_no_decision_no_answer_and_the_ledger_tells_of_it(running: Running) -> None:
    caller = await running.caller()
    shows(running)
    running.neighbours.gone = {"policy"}
    began = time.perf_counter()
    response = await read(running, caller)
    assert time.perf_counter() - began < 2, "a second, and one more for a busy machine"
    assert (response.status_code, "retry-after" in response.headers) == (503, True)
    assert running.neighbours.sources_asked() == []
    assert await outcomes(running) == [("undecided", None)]


@pytest.mark.parametrize("deny", [None, {"reason": "not-necessary"}])
async def test_no_record_no_answer_within_a_second(running: Running, owner: AsyncEngine, deny: Any) -> None:
    caller = await running.caller()
    shows(running)
    running.neighbours.deny = deny
    async with owner.begin() as held:
        await held.execute(text("LOCK TABLE ledger IN EXCLUSIVE MODE"))
        began = time.perf_counter()
        response = await read(running, caller)
        assert time.perf_counter() - began < 2, "a second, and one more for a busy machine"
    assert response.status_code == 503
    assert "skills" not in response.text
    assert "reason" not in response.json()


SPOILT: list[Callable[[Grant], Grant]] = [
    lambda grant: grant.model_copy(update={"organisation": "reception-agency"}),
    lambda grant: grant.model_copy(update={"client": "cli_other"}),
    lambda grant: grant.model_copy(update={"operation": "amend"}),
    lambda grant: grant.model_copy(update={"resource": "note"}),
    lambda grant: grant.model_copy(update={"target": str(uuid.uuid4())}),
    lambda grant: grant.model_copy(update={"target": None}),
    lambda grant: grant.model_copy(update={"purpose": "registration"}),
    lambda grant: grant.model_copy(update={"aud": "matching-svc"}),
    lambda grant: grant.model_copy(update={"ids": "organisation"}),
    lambda grant: grant.model_copy(update={"exp": grant.iat - 10}),
    lambda grant: grant.model_copy(update={"rulebook": "sha256:other"}),
]


@pytest.mark.parametrize("spoil", SPOILT)
async def test_a_grant_for_another_call_is_no_decision(running: Running, spoil: Callable[[Grant], Grant]) -> None:
    caller = await running.caller()
    shows(running)
    running.neighbours.spoil_grant = spoil
    assert (await read(running, caller)).status_code == 503
    assert running.neighbours.sources_asked() == []
    assert await outcomes(running) == [("undecided", None)]


SURPLUS: list[dict[str, Any]] = [
    {"attributes": {"skills": [], "gender": "female"}, "withheld": {}},
    {"attributes": {"skills": [], "unheard_of": 1}},
    {"attributes": {"skills": [], "adjustments_needed": ["quiet"]}},  # withheld, and shown all the same
    {"withheld": {"gender": "consent-missing"}},
    {"withheld": {"skills": "not-necessary"}, "attributes": {"adult": True}},
    {"withheld": {"gender": "restricted"}},
    {"id": str(uuid.uuid4())},
    {"provenance": {"gender": {"verified": True}}},
    {"provenance": {"skills": {"verified": True, "by": "reception-agency"}}},
    {"born": "1990-01-01"},
]
NO_ANSWERS: list[Any] = [None, [], "skills", {}, {"skills": ["a"]}, {"id": PERSON, "attributes": {"skills": ["a"]}}]


@pytest.mark.parametrize("members", SURPLUS)
async def test_a_surplus_is_an_incident_and_nothing_leaves(
    running: Running, members: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caller = await running.caller()
    shows(running, **members)
    response = await read(running, caller)
    assert response.status_code == 500
    assert set(response.json()) == {"type", "title", "status", "detail", "instance"}
    assert "attributes" not in response.text
    assert await outcomes(running) == [("incident", "surplus")]
    assert "female" not in caplog.text


@pytest.mark.parametrize("body", NO_ANSWERS)
async def test_what_is_no_person_at_all_is_an_incident_too(running: Running, body: Any) -> None:
    caller = await running.caller()
    running.neighbours.answer = lambda request: httpx.Response(200, content=orjson.dumps(body))
    assert (await read(running, caller)).status_code == 500
    assert await outcomes(running) == [("incident", "surplus")]


async def test_what_is_not_visible_and_what_does_not_exist_look_the_same(running: Running) -> None:
    caller, other = await running.caller(), await running.caller("reception-agency")
    texts = [
        named(running),  # the source says 404
        named(running)[:-4] + "aaaa",  # forged
        named(running, "reception-agency"),  # another organisation's
        named(running, reach="organisation"),  # of another reach
        "psn_" + "a" * 55,
        "psn_",
        "nobody",
        PERSON,
    ]
    answers = [await caller.call("GET", f"/v1/persons/{text_}") for text_ in texts]
    answers.append(await other.call("GET", f"/v1/persons/{named(running)}"))
    told = {(a.status_code, _but_for_the_trace(a), tuple(sorted(k for k in a.headers))) for a in answers}
    assert len(told) == 1
    assert next(iter(told))[0] == 404
    assert {(e["outcome"], e["people"]) for e in await running.ledger()} == {("not-found", 1)}
    # Every one of them went the whole way: no shorter path, no shorter time.
    assert len(running.neighbours.sources_asked()) == len(answers)


def _but_for_the_trace(response: httpx.Response) -> str:
    return str({name: value for name, value in response.json().items() if name != "instance"})


async def test_a_change_is_written_down_before_it_is_tried(running: Running) -> None:
    caller = await running.caller("reception-agency")
    running.neighbours.answer = lambda request: httpx.Response(201, json=view(PERSON))
    response = await caller.call("POST", "/v1/persons", purpose="registration", json={"attributes": {"skills": ["a"]}})
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/persons/{response.json()['id']}"
    entries = await running.ledger()
    assert [entry["outcome"] for entry in entries] == ["intent", "done"]
    assert len({entry["decision"] for entry in entries}) == 1


async def test_a_change_that_cannot_be_recorded_is_not_tried(running: Running, owner: AsyncEngine) -> None:
    caller = await running.caller("reception-agency")
    async with owner.begin() as held:
        await held.execute(text("LOCK TABLE ledger IN EXCLUSIVE MODE"))
        response = await caller.call("POST", "/v1/persons", purpose="registration", json={"attributes": {}})
    assert response.status_code == 503
    assert running.neighbours.sources_asked() == []


async def test_a_source_that_fails_leaves_the_end_of_an_intent_known(running: Running) -> None:
    caller = await running.caller("reception-agency")
    running.neighbours.gone = {"profile"}
    response = await caller.call(
        "DELETE", f"/v1/persons/{named(running, 'reception-agency', 'organisation')}", purpose="registration"
    )
    assert response.status_code == 503
    assert [entry["outcome"] for entry in await running.ledger()] == ["intent", "failed"]


async def test_a_refusal_of_the_source_reaches_the_caller_as_far_as_it_speaks_of_the_call(running: Running) -> None:
    caller = await running.caller()
    problem = {
        "type": "/problems/attribute-not-disclosed",
        "title": "x",
        "status": 403,
        "detail": "gender is withheld.",
        "attribute": "gender",
        "row": "a stored value",
        "instance": "urn:inside",
    }
    running.neighbours.answer = lambda request: httpx.Response(403, json=problem)
    response = await caller.call("GET", "/v1/persons?filter=gender:eq:female")
    body = response.json()
    assert (response.status_code, body["type"], body["attribute"]) == (403, "/problems/attribute-not-disclosed", "gender")
    assert "row" not in body
    assert body["instance"] != "urn:inside"
    assert await outcomes(running) == [("denied", "attribute-not-disclosed")]


async def test_a_source_that_does_not_know_the_grant_is_a_503(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = lambda request: httpx.Response(401, json={"type": "/problems/grant-refused", "detail": "x"})
    assert (await read(running, caller)).status_code == 503


@pytest.mark.parametrize(
    ("headers", "slug"),
    [
        ({"Processing-Purpose": ""}, "purpose-missing"),
        ({"Acting-User": "x" * 201}, "malformed-request"),
        ({"Access-Justification": "%ff"}, "malformed-request"),
        ({"Case-Reference": "a%00b"}, "malformed-request"),
        ({"Processing-Purpose": "x" * 65}, "malformed-request"),
    ],
)
async def test_headers_that_say_nothing_of_use_are_refused(running: Running, headers: dict[str, str], slug: str) -> None:
    caller = await running.caller()
    response = await caller.call(
        "GET", f"/v1/persons/{named(running)}", purpose=None, headers={"Processing-Purpose": "job-ranking"} | headers
    )
    assert (response.status_code, response.json()["type"]) == (400, f"/problems/{slug}")
    assert running.neighbours.asked == []


async def test_a_caller_without_a_token_learns_nothing(running: Running) -> None:
    response = await running.http.get(f"/v1/persons/{PERSON}", headers={"Processing-Purpose": "job-ranking"})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert running.neighbours.asked == []
    assert await running.ledger() == []
