"""The feed when the key of ids is renewed: nobody is told of as somebody new, and nobody whom a follower holds is forgotten."""

import uuid
from typing import Any

import httpx
import orjson
import pytest

from gateway.following import Place
from gateway.identity import Scope

from .neighbours import view
from .running import Caller, Running

ANNA, BORYS = sorted(str(uuid.uuid4()) for _ in range(2))
SCOPE = Scope("purpose", "employment-agency", "job-ranking")
KEYS = {version: bytes([version]) * 64 for version in (2, 3)}


@pytest.fixture
async def caller(running: Running) -> Caller:
    return await running.caller()


def answer(running: Running, *, settled: bool, **people: Any) -> None:
    items = [{"id": id_, "person": person} for id_, person in people.items()]
    page = {"changes": items, "position": {"at": len(running.neighbours.asked)}, "more": False, "settled": settled}
    running.neighbours.answer = lambda request: httpx.Response(200, json=page)


async def follow(caller: Caller, since: str | None = None) -> tuple[list[dict[str, Any]], str]:
    response = await caller.call("GET", "/v1/persons/changes", params={"since": since} if since else {})
    assert response.status_code == 200, response.text
    return response.json()["changes"], response.json()["cursor"]


def asked(running: Running) -> Any:
    return orjson.loads(running.neighbours.sources_asked()[-1].content)


def turn(running: Running, version: int) -> None:
    running.app.state.parts.ids.learn({version: KEYS[version]})


def named(running: Running, person: str, *versions: int) -> list[str]:
    return [running.app.state.parts.ids.name(person, SCOPE, version) for version in versions]


async def test_everybody_comes_once_more_with_the_ids_from_before(running: Running, caller: Caller) -> None:
    answer(running, settled=True, **{ANNA: view(ANNA), BORYS: view(BORYS)})
    first, cursor = await follow(caller)
    assert [item["id"] for item in first] == [*named(running, ANNA, 1), *named(running, BORYS, 1)]
    left_at = len(running.neighbours.asked)
    turn(running, 2)
    answer(running, settled=False, **{ANNA: view(ANNA), BORYS: None})
    again, cursor = await follow(caller, cursor)
    assert (asked(running)["again"], asked(running)["position"] is not None) == (True, True)
    assert left_at
    assert [item["id"] for item in again] == [*named(running, ANNA, 2), *named(running, BORYS, 2)]
    assert [item["replaces"] for item in again] == [named(running, ANNA, 1), named(running, BORYS, 1)]
    answer(running, settled=True, **{BORYS: None})
    owed, cursor = await follow(caller, cursor)
    assert asked(running)["again"] is False
    assert owed == [{"id": named(running, BORYS, 2)[0], "replaces": named(running, BORYS, 1), "person": None}]
    after, _ = await follow(caller, cursor)
    assert after == [{"id": named(running, BORYS, 2)[0], "replaces": [], "person": None}]


async def test_a_second_renewal_on_the_way_names_both_ids_from_before(running: Running, caller: Caller) -> None:
    answer(running, settled=False, **{ANNA: view(ANNA)})
    _, cursor = await follow(caller)
    turn(running, 2)
    _, cursor = await follow(caller, cursor)
    turn(running, 3)
    (item,), _ = await follow(caller, cursor)
    assert asked(running)["again"] is True
    assert [item["id"]] == named(running, ANNA, 3)
    assert item["replaces"] == named(running, ANNA, 1, 2)


async def test_a_gateway_that_has_not_heard_of_the_activation_does_not_go_back(running: Running, caller: Caller) -> None:
    ids = running.app.state.parts.ids
    answer(running, settled=True, **{ANNA: view(ANNA)})
    turn(running, 2)
    _, cursor = await follow(caller)
    ids._making = 1  # another replica, where the second version is still staged
    (item,), _ = await follow(caller, cursor)
    assert ([item["id"]], item["replaces"]) == (named(running, ANNA, 2), [])
    assert asked(running)["again"] is False
    ids._ciphers = {1: ids._ciphers[1]}  # one where it was never staged
    response = await caller.call("GET", "/v1/persons/changes", params={"since": cursor})
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


async def test_an_id_of_an_earlier_key_still_finds_the_person(running: Running, caller: Caller) -> None:
    (old,) = named(running, ANNA, 1)
    turn(running, 2)
    running.neighbours.answer = lambda request: httpx.Response(200, json=view(ANNA))
    response = await caller.call("GET", f"/v1/persons/{old}")
    assert response.json()["id"] == named(running, ANNA, 2)[0]
    assert running.neighbours.sources_asked()[-1].url.path == f"/persons/{ANNA}"


async def test_an_export_names_everybody_by_the_key_that_it_began_with(running: Running, caller: Caller) -> None:
    def turned(request: httpx.Request) -> httpx.Response:
        begun = orjson.loads(request.content)["after"] is not None
        turn(running, 2)
        return httpx.Response(200, json={"people": [view(BORYS if begun else ANNA)], "more": not begun})

    running.neighbours.answer = turned
    lines = [orjson.loads(line) for line in (await caller.call("GET", "/v1/persons/export")).text.splitlines()]
    said = [line["person"]["id"] for line in lines if "person" in line]
    assert said == [*named(running, ANNA, 1), *named(running, BORYS, 1)]


def test_a_place_survives_its_cursor() -> None:
    place = Place(3, (1, 2), {"at": 7})
    assert Place.of(orjson.loads(orjson.dumps(place.content))) == place
