"""One connection, many requests, good ones among them: each answer is the answer to its own request, and to nothing else."""

import asyncio
import time

import pytest

from gateway.edge import listening

from .hostile.stand import Stand
from .hostile.wire import request

LIST = "/v1/persons?limit=1"


async def test_an_answer_that_is_on_its_way_is_never_mixed_with_a_refusal(stand: Stand) -> None:
    """Behind a good request comes rubbish: either the good answer whole, or nothing, but no refusal in its place."""
    good = request("GET", LIST, stand.headers(), close=False)
    for answer in await stand.door.send(good + b"\x00\x00\r\n\r\n"):
        assert answer.status == 200


async def test_requests_in_a_row_are_answered_in_their_order(stand: Stand) -> None:
    first = request("GET", LIST, stand.headers(), close=False)
    second = request("GET", "/v1/purposes", stand.headers(purpose=None), close=False)
    third = request("GET", LIST, stand.headers(purpose="curiosity"))
    after_the_end = request("GET", LIST, stand.headers())
    answers = await stand.door.send(first + second + third + after_the_end)
    assert [answer.status for answer in answers] == [200, 200, 403]
    assert [next(iter(answer.body.split(b'"')[1:2])) for answer in answers[:2]] == [b"people", b"organisation"]


async def test_an_answer_that_nobody_takes_is_given_up(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "TAKEN_WITHIN", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.door.port, limit=1_024)
    raw = request("GET", "/openapi.json", close=False)
    begun = time.monotonic()
    while not writer.transport.is_closing() and time.monotonic() - begun < 10:
        writer.write(raw)
        await asyncio.sleep(0.02)
    assert writer.transport.is_closing(), "the server went on keeping what nobody takes"
    del reader


async def test_another_protocol_is_not_spoken(stand: Stand) -> None:
    """An upgrade may be ignored; it opens no way past the door."""
    socket = [("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="), ("Sec-WebSocket-Version", "13")]
    for wanted in ([("Upgrade", "websocket"), *socket], [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")]):
        headers = stand.headers(*wanted, ("Connection", "Upgrade, close"))
        answers = await stand.door.send(request("GET", LIST, headers))
        assert [answer.status for answer in answers] == [200]


async def test_an_absolute_address_is_the_same_call_here_and_goes_nowhere_else(stand: Stand) -> None:
    here = await stand.get(f"/v1/persons/{stand.person}")
    board = stand.door.house.board
    before = {request.url.host for request in board.seen}
    there = await stand.get(f"http://evil.example/v1/persons/{stand.person}")
    assert (there.status, there.header("etag")) == (200, here.header("etag"))
    assert {request.url.host for request in board.seen} == before
