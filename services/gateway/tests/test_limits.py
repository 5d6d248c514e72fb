"""Limits: each caller its own, told on every answer, whole again in time; of who is too much nobody behind the wall hears."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.alerting.judging import Hour
from gateway.calls import Caller as Who
from gateway.limits import buckets, rules
from gateway.limits.admitting import Admission
from gateway.limits.buckets import Bucket, Buckets
from gateway.limits.door import Door
from gateway.limits.quotas import Quotas, Used
from gateway.limits.rules import BadLimits, Limit, Limits
from gateway.limits.standing import Standing, headers
from gateway.limits.turns import Turns
from gateway.main import create_app
from stena.problems import TooManyRequests, Unavailable
from stena_local.testing import Database

from .neighbours import Neighbours, view
from .running import PUBLIC_URL, Running, serving, settings
from .test_wall import PERSON, named

NONE: dict[str, Any] = {"calls_at_once": None, "failed_tokens_per_minute": None, "everybody": {}}
AGENCY, OTHER = Who("cli_a", "employment-agency"), Who("cli_b", "employment-agency")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def nothing(since: datetime) -> Mapping[str, Mapping[datetime, Hour]]:
    return {}


def limits(**everybody: int) -> Limits:
    return Limits.model_validate(NONE | {"everybody": everybody})


class Gate:
    """Calls through an admission whose clock can be moved. ``used``: what the employment agency did today."""

    def __init__(self, limits: Limits, *, replicas: int = 1, used: Used | None = None) -> None:
        self.clock = Clock()
        quotas = Quotas(nothing, clock=lambda: NOON)
        quotas._used = {"employment-agency": used} if used else {}
        self.admission = Admission(limits, replicas, quotas, clock=self.clock)

    async def call(self, who: Who = AGENCY) -> tuple[str, Any]:
        """``RateLimit`` of the answer, and what ends the call."""

        async def identify(authorization: str | None) -> Who:
            return who

        visit = self.admission.begin()
        try:
            await self.admission.admitting(identify)(None)
        finally:
            told = dict(self.admission.headers(visit)).get(b"ratelimit", b"").decode()
        return told, lambda: self.admission.end(visit)

    async def is_let_in(self, who: Who = AGENCY) -> bool:
        try:
            _, end = await self.call(who)
        except TooManyRequests:
            return False
        end()
        return True


async def test_all_of_a_minute_may_come_at_once_and_then_as_much_as_time_gives_back() -> None:
    gate = Gate(limits(calls_per_minute=6))
    assert [await gate.is_let_in() for _ in range(8)] == [True] * 6 + [False] * 2
    gate.clock.now += 9.9
    assert not await gate.is_let_in()
    gate.clock.now += 0.2
    assert [await gate.is_let_in() for _ in range(2)] == [True, False]
    gate.clock.now += 3600
    assert [await gate.is_let_in() for _ in range(8)] == [True] * 6 + [False] * 2


async def test_whoever_is_asked_for_several_times_in_one_request_is_counted_once() -> None:
    gate = Gate(limits(calls_per_minute=2, at_once=1))

    async def identify(authorization: str | None) -> Who:
        return AGENCY

    visit = gate.admission.begin()
    for _ in range(3):
        assert await gate.admission.admitting(identify)(None) == AGENCY
    gate.admission.end(visit)
    assert [await gate.is_let_in() for _ in range(2)] == [True, False]


async def test_one_caller_s_calls_take_nothing_from_another() -> None:
    gate = Gate(limits(calls_per_minute=2, at_once=2))
    held = [await gate.call() for _ in range(2)]
    assert not await gate.is_let_in()
    assert await gate.is_let_in(OTHER)
    assert len(held) == 2


async def test_as_many_at_once_as_may_and_the_next_when_one_has_ended() -> None:
    gate = Gate(limits(at_once=2))
    ends = [(await gate.call())[1] for _ in range(2)]
    with pytest.raises(TooManyRequests) as refused:
        await gate.call()
    assert refused.value.headers["Retry-After"] == "1"
    assert refused.value.members == {"violated-policies": ["at-once"]}
    ends.pop()()
    assert await gate.is_let_in()


async def test_a_refused_call_takes_no_place_and_no_part_of_the_minute() -> None:
    gate = Gate(limits(calls_per_minute=3, at_once=1))
    told, end = await gate.call()
    for _ in range(5):
        assert not await gate.is_let_in()
    end()
    assert told == '"minute";r=2;t=20, "at-once";r=0'
    assert [await gate.is_let_in() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("said", "used", "policy"),
    [({"calls_per_day": 100}, Used(calls=100), "day"), ({"people_per_day": 500}, Used(people=1200), "people-day")],
    ids=["calls", "people"],
)
async def test_what_an_organisation_did_today_counts_for_all_its_clients(said: dict[str, int], used: Used, policy: str) -> None:
    gate = Gate(limits(**said), used=used)
    for who in (AGENCY, OTHER):
        with pytest.raises(TooManyRequests) as refused:
            await gate.call(who)
        assert refused.value.members == {"violated-policies": [policy]}
        assert refused.value.headers["Retry-After"] == str(12 * 3600 + 10)  # at midnight, and until everybody knows
    assert await gate.is_let_in(Who("cli_c", "bread-and-bridges"))


async def test_the_day_is_the_sum_of_its_hours_and_begins_at_midnight() -> None:
    asked: list[datetime] = []

    async def read(since: datetime) -> Mapping[str, Mapping[datetime, Hour]]:
        asked.append(since)
        hour = Hour(entries=7, people=20, denied=0, forbidden=0, emergencies=0, breadth=None)
        return {"employment-agency": {NOON: hour, NOON.replace(hour=3): replace(hour, entries=3)}}

    quotas = Quotas(read, clock=lambda: NOON)
    await quotas.look()
    assert quotas.used("employment-agency") == Used(10, 40)
    assert quotas.used("somebody-else") == Used()
    assert asked == [datetime(2026, 3, 1, tzinfo=UTC)]


async def test_gateways_that_share_the_calls_let_no_more_through_together_than_is_said() -> None:
    gates = [Gate(limits(calls_per_minute=10, at_once=3), replicas=4) for _ in range(4)]
    let_in = [await gate.is_let_in() for gate in gates for _ in range(10)]
    assert sum(let_in) == 4 * (10 // 4)


def test_what_is_said_of_a_client_counts_before_its_organisation_and_that_before_everybody() -> None:
    said = Limits.model_validate(
        NONE
        | {
            "everybody": {"calls_per_minute": 10, "at_once": 2, "calls_per_day": 100},
            "organisations": {"employment-agency": {"at_once": 5, "calls_per_day": None}},
            "clients": {"cli_a": {"calls_per_minute": None, "people_per_day": 7}},
        }
    )
    assert said.of("employment-agency", "cli_a", 1) == Limit(None, 5, None, 7)
    assert said.of("employment-agency", "cli_b", 1) == Limit(10, 5, None, None)
    assert said.of("language-house", "cli_c", 1) == Limit(10, 2, 100, None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("everybody: {}", "calls_at_once"),
        ("{calls_at_once: 0, failed_tokens_per_minute: 1, everybody: {}}", "calls_at_once"),
        ("{calls_at_once: 1, failed_tokens_per_minute: 1, everybody: {per_minute: 3}}", "everybody.per_minute"),
        ("{calls_at_once: 1, failed_tokens_per_minute: 1, everybody: {at_once: yes}}", "everybody.at_once"),
        ("- calls", "the file"),
        ("a: [", "YAML"),
    ],
)
def test_a_file_with_a_fault_says_where_it_is(tmp_path: Path, text: str, place: str) -> None:
    (file := tmp_path / "limits.yaml").write_text(text)
    with pytest.raises(BadLimits, match=place):
        rules.read(file)


def test_the_shipped_limits_are_limits() -> None:
    shipped = rules.read(rules.SHIPPED)
    assert None not in (shipped.calls_at_once, shipped.failed_tokens_per_minute, shipped.everybody.calls_per_minute)


def test_names_that_callers_think_of_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "MOST", 3)
    known = Buckets()
    first = known.of("a", 2, 0)
    assert first.take(0)
    for name in "bca":
        known.of(name, 2, 0)
    assert known.of("a", 2, 0) is first
    for name in "xyz":
        known.of(name, 2, 0)
    assert known.of("a", 2, 0) == Bucket(2, 2, 0)


def test_headers_are_those_of_the_draft() -> None:
    told = dict(headers([Standing("minute", 6000, 5999.3, 0.01), Standing("at-once", 32, 0), Standing("day", 9, -4, 60)]))
    assert told[b"ratelimit-policy"] == b'"minute";q=6000;w=60, "at-once";q=32;qu="concurrent-requests", "day";q=9;w=86400'
    assert told[b"ratelimit"] == b'"minute";r=5999;t=1, "at-once";r=0, "day";r=0;t=60'
    assert headers([]) == []


@asynccontextmanager
async def limited(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path, **said: Any
) -> AsyncIterator[Running]:
    (file := tmp_path / "limits.yaml").write_text(yaml.safe_dump(NONE | said))
    neighbours = Neighbours()
    told = settings(database.app_url, key_files).model_copy(update={"limits_file": file})
    app = create_app(told, transport=neighbours)
    async with serving(app) as http:
        running = Running(app, http, neighbours, engine)
        neighbours.answer = lambda request: httpx.Response(200, json=view(PERSON))
        yield running


async def test_who_is_too_much_is_told_so_and_nothing_else_hears_of_it(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path
) -> None:
    async with limited(engine, database, key_files, tmp_path, everybody={"calls_per_minute": 2}) as running:
        running.app.state.parts.admission._clock = (clock := Clock())
        caller, other = await running.caller(), await running.caller()
        path = f"/v1/persons/{named(running)}"
        answers = [await caller.call("GET", path) for _ in range(2)]
        assert [answer.headers["ratelimit"] for answer in answers] == ['"minute";r=1;t=30', '"minute";r=0;t=30']
        asked = len(running.neighbours.asked)
        refused = await caller.call("GET", path)
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert refused.headers["retry-after"] == "30"
        assert refused.headers["ratelimit-policy"] == '"minute";q=2;w=60'
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert refused.json()["violated-policies"] == ["minute"]
        # Whatever is asked for, and whoever is there or not, the answer is the same.
        absent = await caller.call("GET", f"/v1/persons/{named(running)[:-4]}aaaa")
        nowhere = await caller.call("GET", "/v1/purposes", purpose=None)
        for answer in (absent, nowhere):
            assert {**answer.json(), "instance": ""} == {**refused.json(), "instance": ""}
        assert len(running.neighbours.asked) == asked
        assert len(await running.ledger()) == 2
        assert (await other.call("GET", path)).status_code == 200
        clock.now += 30
        assert (await caller.call("GET", path)).status_code == 200


async def test_without_a_token_there_is_no_limit_to_tell_of(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path
) -> None:
    async with limited(engine, database, key_files, tmp_path, everybody={"calls_per_minute": 2}) as running:
        answer = await running.http.get("/v1/purposes")
        assert answer.status_code == 401
        assert "ratelimit" not in answer.headers


async def test_an_export_in_many_parts_is_one_call(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path
) -> None:
    async with limited(engine, database, key_files, tmp_path, everybody={"calls_per_minute": 1, "at_once": 1}) as running:
        people = [f"00000000-0000-7000-8000-{number:012d}" for number in range(3)]
        pages = [{"people": [view(person)], "more": number < 2} for number, person in enumerate(people)]
        running.neighbours.answer = lambda request: httpx.Response(200, json=pages.pop(0))
        caller = await running.caller()
        answer = await caller.call("GET", "/v1/persons/export")
        assert answer.text.count('{"person"') == 3
        assert '"complete":true' in answer.text


async def test_who_fails_to_show_itself_is_told_to_wait_and_a_right_secret_is_always_taken(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path
) -> None:
    async with limited(engine, database, key_files, tmp_path, failed_tokens_per_minute=3) as running:
        running.app.state.parts.admission.failures._clock = (clock := Clock())
        caller, grant = await running.caller(), {"grant_type": "client_credentials"}

        async def ask(client_id: str, secret: str) -> httpx.Response:
            return await running.http.post("/oauth2/token", auth=(client_id, secret), data=grant)

        for client_id in (caller.client_id, "cli_of_nobody"):  # by the answers nobody can tell which of them is there
            answers = [await ask(client_id, "wrong") for _ in range(5)]
            assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 2
            assert answers[-1].headers["retry-after"] == "20"
            assert (answers[-1].json()["type"], answers[-1].json()["error"]) == (
                "/problems/too-many-requests",
                "invalid_client",
            )
        assert (await ask(caller.client_id, caller.secret)).status_code == 200
        assert (await ask("cli_of_somebody_else", "wrong")).status_code == 401
        clock.now += 20
        assert [(await ask(caller.client_id, "wrong")).status_code for _ in range(2)] == [401, 429]


async def test_more_at_once_than_a_gateway_takes_are_refused_at_once() -> None:
    arrived, released = asyncio.Semaphore(0), asyncio.Event()

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.release()
        await released.wait()
        await Response(b"answered")(scope, receive, send)

    admission = Gate(limits()).admission
    state = SimpleNamespace(state=SimpleNamespace(parts=SimpleNamespace(admission=admission)))
    door = Door(inside, most=2)

    async def ask(path: str = "/v1/purposes") -> httpx.Response:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await door({**scope, "app": state}, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL) as http:
            return await http.get(path)

    waiting = [asyncio.create_task(ask()) for _ in range(2)]
    for _ in waiting:
        await arrived.acquire()
    async with asyncio.timeout(10):
        refused = await ask()
    assert (refused.status_code, refused.json()["type"], refused.headers["retry-after"]) == (503, "/problems/busy", "1")
    machines = asyncio.create_task(ask("/readyz"))
    released.set()
    answers = [*await asyncio.gather(*waiting), await machines, await ask()]
    assert [answer.text for answer in answers] == ["answered"] * 4


async def test_a_page_waits_for_its_turn_with_nothing_decided_and_not_for_ever(running: Running) -> None:
    caller, turns = await running.caller(), Turns(at_once=1, within=0.2)
    running.app.state.parts = replace(running.app.state.parts, pages=turns)
    for path, body in (("/v1/persons", None), ("/v1/persons/search", {})):
        method = "GET" if body is None else "POST"
        async with turns:
            refused = await caller.call(method, path, json=body)
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/busy"
        assert running.neighbours.asked == []
        assert await running.ledger() == []
    async with turns:
        waiting = asyncio.create_task(caller.call("GET", "/v1/persons"))
        await asyncio.sleep(0.05)
        assert running.neighbours.asked == []
    assert (await waiting).status_code != 503
    assert running.neighbours.asked


async def test_turns_go_round_in_the_order_of_coming_whatever_becomes_of_a_call() -> None:
    turns, done = Turns(at_once=2, within=5), list[int]()

    async def call(number: int) -> None:
        async with turns:
            await asyncio.sleep(0)
            done.append(number)
            if number % 3 == 0:
                raise ValueError

    calls = [asyncio.create_task(call(number)) for number in range(9)]
    given_up = calls.pop(4)
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert done == [0, 1, 2, 3, 5, 6, 7, 8]
    async with turns, turns:
        with pytest.raises(Unavailable):
            async with Turns(at_once=0, within=0):
                raise AssertionError("there was no place")
