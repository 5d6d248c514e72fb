"""The socket in front of everything: HTTP/1.1 by the letter, bounded in size, in time and in number. It knows no call.

INVARIANT: what is refused here has reached no route; what it refuses, and why, depends on the caller's bytes alone.
"""

import asyncio
from typing import Any, Final

import orjson
from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stena import problems
from stena.problems import BadRequest, HeadTooLarge, Problem, RequestTimeout, Unavailable

HEAD_WITHIN: Final = 10.0  # seconds from the first byte of a request to the last of its headers
TAKEN_WITHIN: Final = 30.0  # seconds in which a caller takes at least something of an answer that waits for it
MAX_HEAD: Final = 32 * 1024  # bytes
MAX_HEADERS: Final = 100
MAX_CONNECTIONS: Final = 500


class Refused(HttpParserError):
    """Raised out of a callback of the parser, so that it reads no further."""


class Listener(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience: one connection, from its first byte to its last."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = True
        self._size = 0  # bytes of the head that is being received
        self._fault: Problem = BadRequest("The request is not HTTP/1.1 as RFC 9112 has it.")
        self._head_timer: asyncio.TimerHandle | None = None
        self._taking_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(Unavailable("Too many connections are open. Try again shortly, over fewer."))
        else:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        _stop(self._head_timer)
        _stop(self._taking_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            # The parser itself keeps a header for as long as it goes on.
            self._grow(len(data))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._size = True, 0
        self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if b"#" in url:
            raise self._faulty(BadRequest("The address holds a fragment, which is for the caller alone. Leave it out."))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            # uvicorn would put it among the headers, behind the back of every proxy that has looked at those.
            raise self._faulty(BadRequest("Headers behind the body (trailers) are not taken. Leave them out."))
        super().on_header(name, value)
        self._size += len(name) + len(value)
        if len(self.headers) > MAX_HEADERS or self._size > MAX_HEAD:
            raise self._faulty(_too_large())

    def on_headers_complete(self) -> None:
        self._in_head = False
        _stop(self._head_timer)
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking_timer = self.loop.call_later(TAKEN_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        _stop(self._taking_timer)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's word for every fault that its parser finds."""
        self._refuse(self._fault)

    def _wait_for_head(self) -> None:
        _stop(self._head_timer)
        self._head_timer = self.loop.call_later(HEAD_WITHIN, self._head_is_late)

    def _head_is_late(self) -> None:
        self._refuse(RequestTimeout(f"The headers were not whole within {HEAD_WITHIN:g} seconds. Send them again, faster."))

    def _grow(self, received: int) -> None:
        self._size += received
        if self._size > MAX_HEAD and not self.transport.is_closing():
            self._refuse(_too_large())

    def _faulty(self, fault: Problem) -> Refused:
        self._fault = fault
        return Refused(fault.slug)

    def _refuse(self, problem: Problem) -> None:
        """Say why and hang up; without a word while an earlier answer may be on its way, which it would seem to be part of."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_as_bytes(problem))
        self.transport.close()


def _too_large() -> Problem:
    return HeadTooLarge(f"The request's head is larger than {MAX_HEAD} bytes or {MAX_HEADERS} headers. Send less.")


def _as_bytes(problem: Problem) -> bytes:
    body = orjson.dumps(problems.document(problem))
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **problem.headers,
    }
    lines = [f"HTTP/1.1 {problem.status} {problem.title}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
