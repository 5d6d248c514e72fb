"""Exports: decided and recorded part by part, never more than was taken, and honest about how they end."""

import asyncio
import csv
import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from gateway import store
from gateway.routes import export
from stena.contracts.access import Disclosure, Grant

from .neighbours import CATALOGUE, view
from .running import Caller, Running

PEOPLE = sorted(str(uuid.uuid4()) for _ in range(5))


@pytest.fixture(autouse=True)
def parts_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)


def source(before: Callable[[int], None] = lambda part: None, **members: Any) -> Callable[[httpx.Request], httpx.Response]:
    """profile-svc with five people; ``before`` is called with the number of each part that is asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = orjson.loads(request.content)
        begin = 0 if asked["after"] is None else PEOPLE.index(asked["after"]) + 1
        before(begin // 2)
        page = PEOPLE[begin : begin + asked["limit"]]
        more = begin + asked["limit"] < len(PEOPLE)
        return httpx.Response(200, json={"people": [view(person, **members) for person in page], "more": more})

    return answer


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def people_of(response: httpx.Response) -> list[dict[str, Any]]:
    return [line["person"] for line in lines(response) if "person" in line]


async def exported(caller: Caller, accept: str = "*/*", path: str = "/v1/persons/export", **rest: Any) -> httpx.Response:
    return await caller.call(rest.pop("method", "GET"), path, headers={"Accept": accept}, **rest)


async def test_everybody_comes_each_part_with_a_decision_and_an_entry_of_its_own(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = source()
    response = await exported(caller)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["cache-control"] == "no-store"
    assert not {"etag", "link"} & response.headers.keys()
    said = lines(response)
    assert [next(iter(line)) for line in said] == [*["disclosure", "person", "person"] * 2, "disclosure", "person", "export"]
    decisions = [line["disclosure"]["decision"] for line in said if "disclosure" in line]
    assert said[-1]["export"] == {
        "complete": True,
        "reason": None,
        "people": 5,
        "disclosure": {"purpose": "job-ranking", "decision": decisions[-1], "rulebook": CATALOGUE.revision},
    }
    entries = await running.ledger()
    assert [(entry["operation"], entry["outcome"], entry["people"]) for entry in entries] == [
        ("export", "answered", 2),
        ("export", "answered", 2),
        ("export", "answered", 1),
    ]
    assert [entry["decision"] for entry in entries] == decisions
    assert len(set(decisions)) == 3
    assert [str(row["person_id"]) for row in await running.people_in_ledger()] == PEOPLE


async def test_a_part_is_the_list_that_was_asked_for(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = source(attributes={"adult": True}, provenance={})
    await exported(caller, path="/v1/persons/export?filter=education_level:ge:3&sort=-education_level&fields=adult")
    wanted = {
        "filters": [{"attribute": "education_level", "operator": "ge", "value": 3}],
        "sort": "-education_level",
        "fields": ["adult"],
    }
    await exported(caller, method="POST", json=wanted)
    asked = [(str(each.url.query, "ascii"), orjson.loads(each.content)) for each in running.neighbours.sources_asked()]
    after = [None, PEOPLE[1], PEOPLE[3]]
    assert asked == [("operation=export", wanted | {"limit": 2, "after": last}) for last in after] * 2


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/x-ndjson"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/*, application/x-ndjson;q=0.1", "text/csv; charset=utf-8"),
        ("text/csv;q=0, */*", "application/x-ndjson"),
        ("application/*;q=0.2, */*;q=0.1", "application/x-ndjson"),
    ],
)
async def test_the_format_is_the_callers_choice(running: Running, accept: str, kind: str) -> None:
    caller = await running.caller()
    running.neighbours.answer = source()
    assert (await exported(caller, accept)).headers["content-type"] == kind


async def test_what_cannot_be_told_in_any_accepted_format_is_not_asked_for(running: Running) -> None:
    caller = await running.caller()
    for accept in ("application/json", "text/csv;q=0, application/x-ndjson;q=0", "text/csv;q=nan", "nonsense"):
        response = await exported(caller, accept)
        assert (response.status_code, response.json()["type"]) == (406, "/problems/not-acceptable")
    assert not running.neighbours.asked


async def test_a_refusal_of_the_first_part_is_an_ordinary_answer(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.deny = {"reason": "not-necessary"}
    response = await exported(caller)
    assert (response.status_code, response.headers["content-type"]) == (403, "application/problem+json")
    running.neighbours.deny = None
    running.neighbours.answer = source(attributes={"gender": "female"}, provenance={}, withheld={})
    assert (await exported(caller)).status_code == 500
    assert [entry["outcome"] for entry in await running.ledger()] == ["denied", "incident"]


Stop = Callable[[Running], None]


def deny(running: Running) -> None:
    running.neighbours.deny = {"reason": "approval-expired"}


def lose_policy(running: Running) -> None:
    running.neighbours.gone.add("policy")


def lose_source(running: Running) -> None:
    running.neighbours.answer = lambda request: httpx.Response(503, json={})


def lose_last_person(running: Running) -> None:
    problem = {"type": "/problems/cursor-expired", "detail": "gone", "title": "Gone", "status": 410}
    running.neighbours.answer = lambda request: httpx.Response(410, json=problem)


def tell_too_much(running: Running) -> None:
    running.neighbours.answer = source(attributes={"gender": "CANARY"}, provenance={}, withheld={})


def break_down(running: Running) -> None:
    running.neighbours.answer = lambda request: httpx.Response(200, json={"people": [{"id": 1}], "more": "CANARY"})


@pytest.mark.parametrize(
    ("stop", "reason", "outcome"),
    [
        (deny, "refused", "denied"),
        (lose_policy, "unavailable", "undecided"),
        (lose_source, "unavailable", "failed"),
        (lose_last_person, "cursor-expired", "failed"),
        (tell_too_much, "internal-error", "incident"),
        (break_down, "internal-error", "incident"),
    ],
)
@pytest.mark.parametrize("accept", ["application/x-ndjson", "text/csv"])
async def test_whatever_stops_a_later_part_the_last_line_says_so(
    running: Running, stop: Stop, reason: str, outcome: str, accept: str
) -> None:
    caller = await running.caller()
    running.neighbours.answer = source(before=lambda part: stop(running) if part == 0 else None)
    response = await exported(caller, accept)
    assert response.status_code == 200
    assert "CANARY" not in response.text
    end = end_of(response)
    assert (end["complete"], end["reason"], end["people"]) == (False, reason, 2)
    assert [entry["outcome"] for entry in await running.ledger()] == ["answered", outcome]
    assert len(await running.people_in_ledger()) == 2


def end_of(response: httpx.Response) -> dict[str, Any]:
    if response.headers["content-type"].startswith("text/csv"):
        first, *_, last = list(csv.reader(io.StringIO(response.text, newline="")))[-1]
        assert first == "#export"
        return dict(json.loads(last))
    return dict(lines(response)[-1]["export"])


async def test_a_client_that_is_revoked_meanwhile_gets_no_further_part(running: Running) -> None:
    caller = await running.caller()

    async def revoke() -> None:
        await store.revoke(running.engine, caller.client_id)
        await running.app.state.parts.directory.refresh()

    pending: list[asyncio.Task[None]] = []
    running.neighbours.answer = source(before=lambda part: pending.append(asyncio.create_task(revoke())))
    taken: list[bytes] = []

    async def take(part: bytes) -> None:
        taken.append(part)
        await asyncio.gather(*pending)

    await call(running, caller, take)
    end = json.loads(b"".join(taken).splitlines()[-1])["export"]
    assert (end["complete"], end["reason"], end["people"]) == (False, "token-invalid", 2)


async def test_a_token_that_ends_meanwhile_does_not_end_the_export(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = await running.caller()

    def expire(token: str) -> str:
        raise AssertionError("the token was looked at again")

    running.neighbours.answer = source(
        before=lambda part: monkeypatch.setattr(running.app.state.parts.tokens, "client_of", expire) if part == 0 else None
    )
    assert end_of(await exported(caller))["complete"] is True


async def test_without_a_record_the_part_does_not_leave(running: Running, owner: Any) -> None:
    caller = await running.caller()
    seen: list[int] = []
    running.neighbours.answer = source(before=seen.append)
    taken: list[bytes] = []
    async with owner.connect() as connection:

        async def take(part: bytes) -> None:
            taken.append(part)
            if len(taken) == 1:
                await connection.execute(text("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE"))

        await call(running, caller, take)
        await connection.rollback()
    said = [json.loads(line) for line in b"".join(taken).splitlines()]
    assert seen == [0, 1]
    assert sum("person" in line for line in said) == 2
    assert (said[-1]["export"]["complete"], said[-1]["export"]["reason"]) == (False, "unavailable")


async def test_nothing_is_read_ahead_of_a_slow_reader_nor_for_one_that_left(running: Running) -> None:
    caller = await running.caller()
    seen: list[int] = []
    running.neighbours.answer = source(before=seen.append)
    taken: list[int] = []

    async def take(part: bytes) -> None:
        await asyncio.sleep(0.05)
        taken.append(len(seen))
        if len(taken) == 2:
            raise OSError("the reader is gone")

    with pytest.raises(OSError, match="gone"):
        await call(running, caller, take)
    assert (taken, seen) == ([1, 2], [0, 1])


async def call(running: Running, caller: Caller, take: Callable[[bytes], Any]) -> None:
    """An export as the server sees it, whose every part ``take`` accepts."""
    headers = {"authorization": f"Bearer {caller.token}", "processing-purpose": "job-ranking", "host": "stena.example"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": "/v1/persons/export",
        "raw_path": b"/v1/persons/export",
        "query_string": b"",
        "scheme": "https",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[dict[str, Any]] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            await take(message["body"])

    await running.app(scope, receive, send)


def under(revision: str, **disclose: bool) -> Callable[[Grant], Grant]:
    more = {name: Disclosure(when=when) for name, when in disclose.items()}
    return lambda grant: grant.model_copy(update={"rulebook": revision, "disclose": grant.disclose | more, "withhold": {}})


async def test_another_rulebook_on_the_way_is_told(running: Running) -> None:
    caller = await running.caller()

    def change(part: int) -> None:
        if part == 0:
            running.neighbours.catalogue = CATALOGUE.model_copy(update={"revision": "sha256:later"})

    running.neighbours.answer = source(before=change)
    said = lines(await exported(caller))
    revisions = [line["disclosure"]["rulebook"] for line in said if "disclosure" in line]
    assert revisions == [CATALOGUE.revision, "sha256:later", "sha256:later"]
    assert said[-1]["export"]["complete"] is True
    assert [entry["rulebook"] for entry in await running.ledger()] == revisions


async def test_a_csv_ends_where_its_columns_would_change(running: Running) -> None:
    caller = await running.caller()

    def change(part: int) -> None:
        if part == 0:
            running.neighbours.catalogue = CATALOGUE.model_copy(update={"revision": "sha256:later"})
            running.neighbours.spoil_grant = under("sha256:later", gender=True)

    running.neighbours.answer = source(before=change, withheld={})
    end = end_of(await exported(caller, "text/csv"))
    assert (end["complete"], end["reason"], end["people"]) == (False, "rulebook-changed", 2)


async def test_both_formats_say_the_same(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = source()
    told = people_of(await exported(caller))
    rows = list(csv.DictReader(io.StringIO((await exported(caller, "text/csv")).text, newline="")))[:-1]
    assert [row["id"] for row in rows] == [person["id"] for person in told]
    for row, person in zip(rows, told, strict=True):
        assert json.loads(row["withheld"]) == person["withheld"]
        assert json.loads(row["provenance"]) == person["provenance"]
        assert {name: json.loads(row[name]) for name in person["attributes"]} == person["attributes"]
        assert row["adjustments_needed"] == ""
        assert row["updated_at"] == person["updated_at"]
