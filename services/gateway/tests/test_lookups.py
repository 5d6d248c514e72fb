"""A lookup at the second wall: whatever the source answers, only few people and only what the grant names may leave."""

import uuid
from typing import Any

import httpx
import pytest

from .neighbours import view
from .running import Running

LOOKUP, BODY = "/v1/persons/lookup", {"match": {"skills": "canary"}}


def found(*people: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"people": list(people), "more": False, **members}


async def look_up(running: Running, answer: dict[str, Any], **body: Any) -> httpx.Response:
    running.neighbours.answer = lambda request: httpx.Response(200, json=answer)
    caller = await running.caller()
    return await caller.call("POST", LOOKUP, json={**BODY, **body})


async def test_the_source_is_asked_by_a_body_under_a_grant_for_nobody_in_particular(running: Running) -> None:
    response = await look_up(running, found(view(str(uuid.uuid4()))))
    assert response.status_code == 200, response.text
    (question,) = running.neighbours.decided()
    assert (question["action"]["name"], question["resource"]) == ("read", {"type": "person", "id": "*", "properties": {}})
    (asked,) = running.neighbours.sources_asked()
    assert (asked.method, asked.url.path, asked.url.query) == ("POST", "/persons/lookup", b"")
    assert b"canary" in asked.content


@pytest.mark.parametrize(
    "answer",
    [
        found(view(str(uuid.uuid4()), attributes={"gender": "female"}, withheld={}, provenance={})),
        found(*(view(str(uuid.uuid4())) for _ in range(11))),
        found(*[view("6d3f7f0e-0000-4000-8000-000000000000")] * 2),
        found(count=1),
    ],
    ids=["a withheld attribute", "more than ten", "one of them twice", "a count"],
)
async def test_a_surplus_is_an_incident(running: Running, answer: dict[str, Any]) -> None:
    response = await look_up(running, answer)
    assert (response.status_code, "female" in response.text) == (500, False)
    assert [entry["outcome"] for entry in await running.ledger()] == ["incident"]


async def test_a_field_that_was_not_asked_for_is_a_surplus(running: Running) -> None:
    assert (await look_up(running, found(view(str(uuid.uuid4()))), fields=["adult"])).status_code == 500


async def test_nobody_found_is_written_down_as_such(running: Running) -> None:
    response = await look_up(running, found())
    assert (response.status_code, response.json()["people"]) == (200, [])
    (entry,) = await running.ledger()
    assert (entry["outcome"], entry["operation"], entry["people"]) == ("not-found", "read", 0)
    assert "canary" not in str(entry)
