"""HTTP/1.1 between the services: one call at a time over connections that are kept. It knows no service and no call.

INVARIANT: a connection serves the next call only after the whole answer to the last one, and is closed where anything about it
is odd: nobody ever gets the answer to somebody else's call.
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from ssl import SSLContext, create_default_context
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from httptools import HttpParserError, HttpResponseParser

MOST_CONNECTIONS: Final = 100
"""So many calls to one service at once; whoever comes then waits for one of them to end."""
LONGEST: Final = 64 * 1024 * 1024  # bytes of an answer, where nothing less is said

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Twice is as good as once (RFC 9110, 9.2.2)."""
_ENDS_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f]")


class Broken(OSError):
    """The connection ended, or what came over it is no HTTP. ``heard``: something of an answer had come."""

    def __init__(self, heard: bool) -> None:
        super().__init__("a connection ended before its answer")
        self.heard = heard


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Names of headers are in small letters."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300

    def json(self) -> Any:
        return orjson.loads(self.content)


class Connections:
    """One service, wherever its replicas are: each new connection goes to the next of them, and to one after it if that one
    does not take it. A connection that was not used for ``idle`` seconds is not used again. An answer of more than ``longest``
    bytes is none: its connection is closed as soon as that is known."""

    def __init__(self, base_url: str, *, idle: float, longest: int = LONGEST) -> None:
        address = urlsplit(base_url)
        self._host = address.hostname or ""
        self._secure: SSLContext | None = create_default_context() if address.scheme == "https" else None
        self._port = address.port or (443 if self._secure else 80)
        self._named = address.netloc.rpartition("@")[2]
        self._idle = idle
        self._made = partial(_Connection, longest)
        self._kept: deque[_Connection] = deque()
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._turn = 0

    async def request(self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None = None) -> Response:
        """One call; ``url`` is a path with its query, quoted. Raises ``OSError``; however long it takes."""
        message = _message(method, url, {"host": self._named, **headers}, content)
        async with self._places:
            while (connection := self._next_kept()) is not None:
                try:
                    return await self._ask(connection, message)
                except Broken as failure:
                    # Closed by the other end just now. What it may have heard is not said again unless that changes nothing.
                    if failure.heard or method not in _REPEATABLE:
                        raise
            return await self._ask(await self._open(), message)

    def close(self) -> None:
        while self._kept:
            self._kept.popleft().abort()

    async def _ask(self, connection: "_Connection", message: bytes) -> Response:
        try:
            response = await connection.ask(message)
        except BaseException:
            connection.abort()  # its answer may still come, and would be taken for another's
            raise
        if connection.is_open:
            connection.used_at = asyncio.get_running_loop().time()
            self._kept.append(connection)
        return response

    def _next_kept(self) -> "_Connection | None":
        """By turns, so that all replicas have their share."""
        oldest = asyncio.get_running_loop().time() - self._idle
        while self._kept:
            connection = self._kept.popleft()
            if connection.is_open and connection.used_at > oldest:
                return connection
            connection.abort()
        return None

    async def _open(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=1)
        self._turn += 1
        named = self._host if self._secure else None
        failure: OSError = Broken(heard=False)
        for place in range(len(found)):
            host, port = found[(self._turn + place) % len(found)][4][:2]
            opening = loop.create_connection(self._made, str(host), int(port), ssl=self._secure, server_hostname=named)
            try:
                return (await opening)[1]
            except OSError as error:
                failure = error
        raise failure


class _Connection(asyncio.Protocol):
    """The parser calls the methods that begin with ``on_``."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.is_open = False
        self.used_at = 0.0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._heard = False
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._parser = HttpResponseParser(self)

    async def ask(self, message: bytes) -> Response:
        if self._transport is None or not self.is_open:
            raise Broken(heard=False)
        self._answer = asyncio.get_running_loop().create_future()
        self._heard, self._headers, self._body, self._size = False, {}, [], 0
        self._transport.write(message)
        try:
            return await self._answer
        finally:
            self._answer = None

    def abort(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = transport, True  # type: ignore[assignment]  # a stream's, as it always is here

    def data_received(self, data: bytes) -> None:
        self._heard = True
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._fail()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail()

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self.abort()  # nobody has asked

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if int(self._headers.get("content-length", 0)) > self._longest:
            self._fail()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._size += len(body)
        if self._size > self._longest:
            self._fail()

    def on_message_complete(self) -> None:
        if self._answer is None or self._answer.done():
            return
        if not self._parser.should_keep_alive():
            self.abort()
        self._answer.set_result(Response(self._parser.get_status_code(), self._headers, b"".join(self._body)))

    def _fail(self) -> None:
        self.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(self._heard))


def _message(method: str, target: str, headers: Mapping[str, str], content: bytes | None) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if content is not None:
        lines.append(f"content-length: {len(content)}")
    if any(map(_ENDS_A_LINE.search, lines)) or " " in target:
        raise ValueError("what would be sent is another call than the one that is meant")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (content or b"")
