"""A follower of the feed who would rather wait: told as soon as there is something to tell it, and of nothing else."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gateway import store
from gateway.limits import rules
from stena import health

from .neighbours import view
from .running import Caller, Running

ANNA = str(uuid.uuid4())


@dataclass
class Log:
    """profile-svc's log of changes: its end, and what it has to tell this follower."""

    newest: str | None = "1"
    people: list[dict[str, Any]] = field(default_factory=list)
    settled: bool = True
    looks: int = 0
    asked: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/persons/changes/newest":
            self.looks += 1
            return httpx.Response(404, json={}) if self.newest is None else httpx.Response(200, json={"newest": self.newest})
        self.asked += 1
        page = {"changes": self.people, "position": {"at": self.asked}, "more": False, "settled": self.settled}
        return httpx.Response(200, json=page)


@pytest.fixture
def log(running: Running) -> Log:
    running.neighbours.answer = log = Log()
    return log


@pytest.fixture
async def caller(running: Running) -> Caller:
    return await running.caller()


async def ask(caller: Caller, prefer: str = "wait=9") -> httpx.Response:
    return await caller.call("GET", "/v1/persons/changes", headers={"Prefer": prefer})


@asynccontextmanager
async def waiting(caller: Caller, log: Log, prefer: str = "wait=9") -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """A call that waits: it has looked at least twice, so that only what comes now can end it."""
    call = asyncio.create_task(ask(caller, prefer))
    looks = log.looks
    for _ in range(500):
        if log.looks >= looks + 2 or call.done():
            break
        await asyncio.sleep(0.01)
    assert not call.done(), (await call).text
    yield call


async def within_a_second(call: asyncio.Task[httpx.Response]) -> httpx.Response:
    async with asyncio.timeout(1):
        return await call


async def test_it_is_told_as_soon_as_there_is_something_by_a_decision_of_that_moment(
    running: Running, caller: Caller, log: Log
) -> None:
    async with waiting(caller, log) as call:
        decided = len(running.neighbours.decided())
        log.newest, log.people = "2", [{"id": ANNA, "person": view(ANNA)}]
        answer = await within_a_second(call)
    assert [change["person"]["attributes"] for change in answer.json()["changes"]] == [view(ANNA)["attributes"]]
    assert answer.headers["preference-applied"] == "wait"
    assert len(running.neighbours.decided()) == decided + 1
    (entry,) = await running.ledger()
    assert (entry["operation"], entry["outcome"], entry["people"]) == ("changes", "answered", 1)


async def test_what_changed_for_others_ends_no_waiting(running: Running, caller: Caller, log: Log) -> None:
    """Or else it would tell that somebody, somewhere, has changed."""
    began = time.monotonic()
    async with waiting(caller, log, "wait=2") as call:
        asked, log.newest = log.asked, "2"
        answer = await call
    assert 2.0 <= time.monotonic() - began < 3.0
    assert log.asked > asked, "it was asked anew, and there was nothing"
    assert (answer.json()["changes"], answer.headers["preference-applied"]) == ([], "wait")
    assert await running.ledger() == []


async def test_a_new_rulebook_is_asked_about_at_once(running: Running, caller: Caller, log: Log) -> None:
    async with waiting(caller, log) as call:
        running.neighbours.catalogue = running.neighbours.catalogue.model_copy(update={"revision": "sha256:other"})
        running.neighbours.deny = {"reason": "purpose-not-approved"}
        assert (await within_a_second(call)).status_code == 403


async def test_a_new_key_of_ids_too(running: Running, caller: Caller, log: Log) -> None:
    async with waiting(caller, log) as call:
        log.people = [{"id": ANNA, "person": view(ANNA)}]
        running.app.state.parts.ids.learn({2: bytes(64)})
        assert (await within_a_second(call)).json()["changes"] != []


async def test_a_client_that_is_revoked_waits_no_more(running: Running, caller: Caller, log: Log) -> None:
    async with waiting(caller, log) as call:
        assert await store.revoke(running.engine, caller.client_id)
        assert (await within_a_second(call)).status_code == 401


async def test_a_gateway_that_leaves_keeps_nobody_waiting(running: Running, caller: Caller, log: Log) -> None:
    async with waiting(caller, log) as call:
        health.leave(running.app)
        answer = await within_a_second(call)
    assert (answer.json()["changes"], "preference-applied" in answer.headers) == ([], False)


@pytest.mark.parametrize(
    "prefer", ["", "respond-async", "wait", "wait=", "wait=-1", "wait=0", "x; wait=9", "swait=9", "wait=9x"]
)
async def test_who_does_not_ask_for_it_does_not_wait(caller: Caller, log: Log, prefer: str) -> None:
    answer = await within_a_second(asyncio.create_task(ask(caller, prefer)))
    assert (answer.json()["changes"], "preference-applied" in answer.headers, log.looks) == ([], False, 0)


@pytest.mark.parametrize("prefer", ['respond-async, WAIT = "9"; x=1', "handling=lenient,wait=999999999"])
async def test_it_may_be_asked_in_any_form_of_the_standard(caller: Caller, log: Log, prefer: str) -> None:
    async with waiting(caller, log, prefer) as call:
        call.cancel()


async def test_a_source_that_cannot_say_what_is_new_is_asked_as_ever(caller: Caller, log: Log) -> None:
    """The previous release of profile-svc, in the middle of an upgrade."""
    log.newest = None
    answer = await within_a_second(asyncio.create_task(ask(caller)))
    assert (answer.status_code, answer.json()["changes"], "preference-applied" in answer.headers) == (200, [], False)


async def test_nobody_waits_in_the_middle_of_a_walk(caller: Caller, log: Log) -> None:
    log.settled = False
    answer = await within_a_second(asyncio.create_task(ask(caller)))
    assert "preference-applied" not in answer.headers


async def test_so_many_wait_and_the_next_one_is_answered(running: Running, caller: Caller, log: Log) -> None:
    running.app.state.parts.news._most = 1
    for _ in range(5):  # on a machine that stands still for a while the first one may have been told that nobody can tell
        async with waiting(caller, log) as call:
            answer = await ask(caller, "wait=1")
            if still := not call.done():
                call.cancel()
                break
    assert still
    assert "preference-applied" not in answer.headers


async def test_one_look_does_for_all_who_wait(caller: Caller, log: Log) -> None:
    answers = await asyncio.gather(*(ask(caller, "wait=2") for _ in range(5)))
    assert {answer.headers["preference-applied"] for answer in answers} == {"wait"}
    assert log.looks <= 8


@pytest.mark.parametrize(("at_once", "most"), [(None, 64), (256, 64), (16, 4)])
def test_most_of_the_room_is_for_those_who_want_an_answer_now(at_once: int | None, most: int) -> None:
    assert rules.read(rules.SHIPPED).model_copy(update={"calls_at_once": at_once}).most_waiting == most
