"""Requests that two readers of HTTP could read differently, and those that never end: refused before anybody is asked."""

import asyncio
import time

import pytest

from gateway import intake
from gateway.edge import listening

from .hostile.stand import Stand, assert_tells_nothing
from .hostile.wire import request, send

LIST = "/v1/persons?limit=1"
SEARCH = "/v1/persons/search"
JSON = ("Content-Type", "application/json")
CHUNKED = ("Transfer-Encoding", "chunked")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([("Content-Length", "4"), CHUNKED], b"0\r\n\r\n"),
        ([CHUNKED, ("Content-Length", "2")], b"2\r\n{}\r\n0\r\n\r\n"),
        ([("Content-Length", "2"), ("Content-Length", "2")], b"{}"),
        ([("Content-Length", "2"), ("Content-Length", "3")], b"{}"),
        ([("Content-Length", "2, 2")], b"{}"),
        ([("Content-Length", "+2")], b"{}"),
        ([("Content-Length", "-1")], b"{}"),
        ([("Content-Length", "0x2")], b"{}"),
        ([("Content-Length", "2 2")], b"{}"),
        ([("Content-Length", "9" * 30)], b"{}"),
        ([("Content-Length ", "2")], b"{}"),
        ([("Transfer-Encoding", "xchunked")], b"2\r\n{}\r\n0\r\n\r\n"),
        ([("Transfer-Encoding", "chunked, identity")], b"2\r\n{}\r\n0\r\n\r\n"),
        ([("Transfer-Encoding", "gzip, chunked")], b"2\r\n{}\r\n0\r\n\r\n"),
        ([("Transfer-Encoding", "identity")], b"{}"),
        ([CHUNKED, CHUNKED], b"2\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED, ("Transfer-Encoding", "identity")], b"2\r\n{}\r\n0\r\n\r\n"),
        ([("Transfer-Encoding", "\x0bchunked")], b"2\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED], b"0x2\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED], b"-2\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED], b"2\n{}\n0\n\n"),
        ([CHUNKED], b"2\r\n{}XX0\r\n\r\n"),
        ([CHUNKED], b"F" * 20 + b"\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED], b"2\r\n{}\r\n0\r\nGrant: x\r\n\r\n"),
        ([CHUNKED], b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n"),
    ],
)
async def test_a_body_has_one_length(untouched: Stand, headers: list[tuple[str, str]], body: bytes) -> None:
    raw = request("POST", SEARCH, untouched.headers(JSON, *headers), body)
    hidden = request("GET", LIST, untouched.headers())
    await untouched.refused(raw)
    await untouched.refused(raw + hidden)


async def test_a_purpose_behind_the_body_is_no_purpose(untouched: Stand) -> None:
    """A proxy that looks at the headers has not seen what stands in the trailers."""
    trailer = b"2\r\n{}\r\n0\r\nProcessing-Purpose: job-ranking\r\n\r\n"
    await untouched.refused(request("POST", SEARCH, untouched.headers(JSON, CHUNKED, purpose=None), trailer))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing-Purpose : job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\n Processing-Purpose: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\n health-access\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\nHost: a\n{auth}\nProcessing-Purpose: job-ranking\n\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\nProcessing-Purpose: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nX: y\rProcessing-Purpose: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing-Purpose: job-ranking\x00\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing\x00-Purpose: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\n: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing-Purpose job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1 x\r\nHost: a\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/3.7\r\nHost: a\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\n\r\n",
        b"GET\t/v1/persons\tHTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\n\r\n",
        b"get /v1/persons HTTP/1.1\r\nHost: a\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\nConnection: close\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost:\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\nConnection: close\r\n\r\n",
        b"GET /v1/persons HTTP/1.1\r\nHost: a@b/c\r\n{auth}\r\nProcessing-Purpose: job-ranking\r\nConnection: close\r\n\r\n",
        b"GET /v1/persons\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n{auth}\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 64,
    ],
)
async def test_a_head_is_http_by_the_letter(untouched: Stand, head: bytes) -> None:
    await untouched.refused(head.replace(b"{auth}", f"Authorization: Bearer {untouched.token}".encode()))


async def test_a_second_request_is_not_smuggled_in_a_body(untouched: Stand) -> None:
    """One request, one answer: what a wrong length would have made the next request is the end of the connection."""
    hidden = request("DELETE", f"/v1/persons/{untouched.person}", untouched.headers())
    raw = request("POST", SEARCH, untouched.headers(JSON, ("Content-Length", "2"), ("Connection", "close")), b"[]" + hidden)
    answers = await untouched.refused(raw)
    assert len(answers) == 1


@pytest.mark.parametrize(
    "head",
    [
        [(f"X-{number}", "y") for number in range(listening.MAX_HEADERS + 1)],
        [("X-Long", "y" * (listening.MAX_HEAD + 1))],
        [("X" * (listening.MAX_HEAD + 1), "y")],
        [(f"X-{number}", "y" * 1_000) for number in range(40)],
    ],
)
async def test_a_head_is_bounded_in_size(untouched: Stand, head: list[tuple[str, str]]) -> None:
    await untouched.refused(request("GET", LIST, untouched.headers(*head)), status=431, slug="head-too-large")


async def test_a_header_that_never_ends_is_not_kept(untouched: Stand) -> None:
    endless = [request("GET", LIST, untouched.headers())[:-4] + b"\r\nX: "] + [b"y" * 8_192] * 64
    begun = time.monotonic()
    await untouched.refused(*endless, status=431)
    assert time.monotonic() - begun < 3


async def test_a_head_is_bounded_in_time(untouched: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header every now and then: without an end to it, a handful of callers would hold every connection for ever."""
    monkeypatch.setattr(listening, "HEAD_WITHIN", 0.5)
    drops = [b"GET /v1/persons HTTP/1.1\r\nHost: a\r\n"] + [b"X: y\r\n"] * 50
    begun = time.monotonic()
    raw = await send(untouched.door.port, *drops, pause=0.1)
    assert time.monotonic() - begun < 3
    assert [answer.status for answer in raw] == [408]
    assert_tells_nothing(raw[0])
    assert [answer.status for answer in await send(untouched.door.port, b"")] == [408]


async def test_a_body_is_bounded_in_time(untouched: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = untouched.door.house.apps["http://gateway.test"].middleware_stack
    while not isinstance(layer, intake.Intake):
        layer = layer.app  # type: ignore[union-attr]
    monkeypatch.setattr(layer, "within", 0.5)
    head = request("POST", SEARCH, untouched.headers(JSON, ("Content-Length", "100")), close=False)
    begun = time.monotonic()
    await untouched.refused(head, *[b" "] * 3, status=408, slug="request-timeout")
    assert time.monotonic() - begun < 3


async def test_connections_are_bounded_in_number(untouched: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MAX_CONNECTIONS", 20)
    held = [await asyncio.open_connection("127.0.0.1", untouched.door.port) for _ in range(20)]
    try:
        (answer,) = await send(untouched.door.port, b"")
        assert (answer.status, answer.slug, answer.header("retry-after")) == (503, "unavailable", "1")
    finally:
        for _, writer in held:
            writer.close()
    await asyncio.sleep(0.1)
    assert (await send(untouched.door.port, request("GET", "/healthz")))[0].status == 200
