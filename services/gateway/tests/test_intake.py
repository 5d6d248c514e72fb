"""The intake in front of a small application that tells what reached it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.types import Message

from gateway.intake import MAX_BODY, Intake

JSON = {"content-type": "application/json"}


class Reached:
    """The application behind; ``requests`` is what came through."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.app = FastAPI(openapi_url=None)
        self.app.add_middleware(Intake, within=0.2)
        self.app.add_api_route("/stream", self._stream)
        self.app.add_api_route("/{path:path}", self._note, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])

    async def _note(self, request: Request) -> dict[str, int]:
        body = await request.body()
        self.requests.append((request.method, dict(request.headers), body))
        return {"bytes": len(body)}

    async def _stream(self) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for part in (b"one ", b"two ", b"three"):
                yield part
                await asyncio.sleep(0)

        return StreamingResponse(parts(), media_type="application/x-ndjson")


@pytest.fixture
def reached() -> Reached:
    return Reached()


@pytest.fixture
async def http(reached: Reached) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(reached.app), base_url="http://gateway") as client:
        yield client


def _refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{slug}"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    return problem


async def test_a_plain_body_reaches_the_route_whole(http: httpx.AsyncClient, reached: Reached) -> None:
    body = b'{"text": "' + b"x" * (MAX_BODY - 12) + b'"}'
    assert (await http.post("/v1/persons", content=body, headers=JSON)).json() == {"bytes": MAX_BODY}
    merge = {"content-type": "Application/Merge-Patch+JSON; charset=UTF-8"}
    assert (await http.patch("/v1/persons/psn_x", content=b'{"a": null}', headers=merge)).status_code == 200
    assert [body for _, _, body in reached.requests] == [body, b'{"a": null}']


async def test_a_body_over_the_bound_is_refused_announced_or_not(http: httpx.AsyncClient, reached: Reached) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    _refused(await http.post("/v1/persons", content=b" " * (MAX_BODY + 1), headers=JSON), 413, "content-too-large")
    _refused(await http.post("/v1/persons", content=unannounced(), headers=JSON), 413, "content-too-large")
    assert reached.requests == []


@pytest.mark.parametrize("length", ["9" * 5_000, "1048577", "00001048577"])
async def test_an_announced_length_is_enough_to_refuse(http: httpx.AsyncClient, length: str) -> None:
    answer = await http.post("/v1/persons", headers={**JSON, "content-length": length})
    _refused(answer, 413, "content-too-large")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "+1", "1_0", "1,1", "", "٣".encode()])
async def test_a_length_that_is_no_number_is_refused(http: httpx.AsyncClient, length: str | bytes) -> None:
    raw = length if isinstance(length, bytes) else length.encode()
    request = http.build_request(
        "POST", "/v1/persons", headers=[(b"content-type", b"application/json"), (b"content-length", raw)]
    )
    _refused(await http.send(request), 400, "malformed-request")


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/v1/persons", None),
        ("/v1/persons", "text/plain"),
        ("/v1/persons", "application/x-www-form-urlencoded"),
        ("/v1/persons", "application/json; charset=utf-16"),
        ("/v1/persons", "application/json, text/plain"),
        ("/oauth2/token", "application/json"),
    ],
)
async def test_only_json_is_taken_and_only_a_form_for_a_token(
    http: httpx.AsyncClient, reached: Reached, path: str, media: str | None
) -> None:
    _refused(
        await http.post(path, content=b"{}", headers={"content-type": media} if media else {}), 415, "unsupported-media-type"
    )
    assert reached.requests == []


async def test_a_compressed_body_is_refused_unread(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/persons", content=b"\x1f\x8b", headers={**JSON, "content-encoding": "gzip"})
    _refused(answer, 415, "unsupported-media-type")


async def test_malformed_json_names_the_place(http: httpx.AsyncClient, reached: Reached) -> None:
    problem = _refused(await http.post("/v1/persons", content=b'{"a": {"b": 1, "b": 2}}', headers=JSON), 400, "malformed-json")
    assert problem["errors"] == [{"in": "body", "pointer": "/a/b", "detail": "An object names the same member twice."}]
    _refused(await http.post("/v1/persons", content=b'{"a": tru', headers=JSON), 400, "malformed-json")
    assert reached.requests == []


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Processing-Purpose", "Case-Reference", "Acting-User", "Access-Justification",
        "If-Match", "Idempotency-Key", "Content-Type", "Host",
    ],
)  # fmt: skip
async def test_a_deciding_header_stands_once(http: httpx.AsyncClient, reached: Reached, name: str) -> None:
    once = http.build_request("GET", "/v1/purposes", headers=[(name, "one")])
    twice = http.build_request("GET", "/v1/purposes", headers=[(name, "one"), (name.lower(), "one")])
    assert (await http.send(once)).status_code == 200
    problem = _refused(await http.send(twice), 400, "duplicate-header")
    assert name.lower() in problem["detail"]
    assert len(reached.requests) == 1


async def test_headers_that_only_the_house_may_set_are_refused(http: httpx.AsyncClient, reached: Reached) -> None:
    for name in ("Grant", "X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"):
        _refused(await http.get("/v1/purposes", headers={name: "DELETE"}), 400, "header-refused")
    assert reached.requests == []


async def test_headers_of_proxies_are_taken_away(http: httpx.AsyncClient, reached: Reached) -> None:
    proxies = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-User": "root", "Forwarded": "for=10.0.0.1", "X-Real-IP": "10.0.0.1"}
    assert (await http.get("/v1/purposes", headers={**proxies, "Accept-Language": "bg"})).status_code == 200
    [(_, headers, _)] = reached.requests
    assert not {name.lower() for name in proxies} & set(headers)
    assert headers["accept-language"] == "bg"


async def test_only_filter_may_be_repeated_in_a_query(http: httpx.AsyncClient, reached: Reached) -> None:
    allowed = "/v1/persons?filter=languages:has:ukr&filter=municipality:eq:Sofia&limit=5"
    assert (await http.get(allowed)).status_code == 200
    problem = _refused(await http.get("/v1/persons?fields=skills&%66ields=gender"), 400, "duplicate-parameter")
    assert problem["errors"][0]["pointer"] == "/fields"
    assert len(reached.requests) == 1


@pytest.mark.parametrize(
    "target",
    ["?a=%00", "?filter=x:eq:%FF", "?filter=%ED%A0%80", "?" + "&".join(["filter=a"] * 200), "?a=" + "x" * 9000, "/a%00b"],
)
async def test_queries_and_paths_that_cannot_be_meant_are_refused(
    http: httpx.AsyncClient, reached: Reached, target: str
) -> None:
    _refused(await http.get("/v1/persons" + target), 400, "malformed-request")
    assert reached.requests == []


async def test_a_header_whose_decoded_value_holds_a_nul_is_refused(http: httpx.AsyncClient) -> None:
    _refused(await http.get("/v1/persons", headers={"Case-Reference": "a%00b"}), 400, "malformed-request")


async def test_a_doubled_parameter_of_the_token_form_answers_in_the_words_of_oauth(
    http: httpx.AsyncClient, reached: Reached
) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await http.post("/oauth2/token", content=b"grant_type=client_credentials", headers=form)).status_code == 200
    answer = await http.post("/oauth2/token", content=b"grant_type=a&grant_type=client_credentials", headers=form)
    assert _refused(answer, 400, "duplicate-parameter")["error"] == "invalid_request"
    assert len(reached.requests) == 1


async def test_streamed_answers_stay_streams(reached: Reached) -> None:
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            sent.append(message.get("body", b""))

    await reached.app(_scope("GET", "/stream"), _messages(_part(b"", more=False)), send)
    assert [part for part in sent if part] == [b"one ", b"two ", b"three"]


@pytest.mark.parametrize("first", [b"", b'{"a": '])
async def test_a_body_that_does_not_end_is_given_up(reached: Reached, first: bytes) -> None:
    answer = await _post(reached.app, _part(first, more=True))
    assert answer == 408
    assert reached.requests == []


async def test_a_caller_that_hangs_up_reaches_nothing(reached: Reached) -> None:
    assert await _post(reached.app, _part(b'{"a"', more=True), {"type": "http.disconnect"}) is None
    assert reached.requests == []


async def _post(app: Any, *messages: Message) -> int | None:
    """The status of a POST whose body arrives as ``messages`` and then stays open; ``None`` without an answer."""
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(_scope("POST", "/v1/persons"), _messages(*messages), send)
    return statuses[0] if statuses else None


def _scope(method: str, path: str) -> Message:
    headers = [(b"host", b"gateway"), (b"content-type", b"application/json")]
    asgi = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1"}
    return {**asgi, "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}


def _part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def _messages(*messages: Message) -> Any:
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("nothing more comes")

    return receive
