"""Parts of a running house that fail, each in one way, for as long as a context is open: services, databases, pools."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from stena.database import PLANNED_ANEW, PLANNED_ONCE
from stena.statements import MOST, statements
from tests.system.house import Switchboard

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]
LONG: Final = 20  # seconds; nobody here waits for it


async def gone(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody answers")


async def hangs(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(LONG)
    raise httpx.ReadTimeout("too late for everybody")


async def hangs_up(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("closed in the middle of an answer")


def says(status: int, content: bytes, **headers: str) -> Answer:
    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=content, headers={"content-type": "application/json", **headers})

    return answer


FAULTS: Final[Mapping[str, Answer]] = {
    "gone": gone,
    "hangs": hangs,
    "hangs up": hangs_up,
    "fails": says(500, b'{"type": "/problems/internal-error", "detail": "a secret of the inside"}'),
    "is a proxy that fails": says(502, b"<html>a secret of the inside</html>"),
    "sends elsewhere": says(302, b"", location="http://evil.example/"),
    "says nothing": says(200, b""),
    "says no JSON": says(200, b"<html>a secret of the inside</html>"),
    "is cut short": says(200, b'{"people": [{"id": "'),
    "refuses the gateway": says(401, b'{"type": "/problems/grant-refused", "detail": "a secret of the inside"}'),
}

SHAPES: Final[Mapping[str, Answer]] = {
    "a list": says(200, b"[]"),
    "an empty object": says(200, b"{}"),
    "a number": says(200, b"7"),
    "nothing known": says(200, b'{"evaluations": [{"decision": true}], "people": null, "attributes": {"gender": "female"}}'),
    "yes and no grant": says(200, b'{"evaluations": [{"decision": true, "context": {}}]}'),
}


@contextmanager
def answering(board: Switchboard, host: str, answer: Answer) -> Iterator[None]:
    """In place of the service at ``host``: ``answer``."""
    whole = board.handle_async_request

    async def handle(request: httpx.Request) -> httpx.Response:
        return await (answer(request) if request.url.host == host else whole(request))

    board.handle_async_request = handle  # type: ignore[method-assign]
    try:
        yield
    finally:
        del board.handle_async_request


@asynccontextmanager
async def exhausted(engine: AsyncEngine) -> AsyncIterator[None]:
    """Every connection is in somebody else's hands, those for single statements too."""
    pool: Any = engine.pool
    async with AsyncExitStack() as stack:
        for each in (statements(engine), statements(engine, PLANNED_ONCE), statements(engine, PLANNED_ANEW)):
            for _ in range(MOST):
                await stack.enter_async_context(each._places)
        for _ in range(pool.size()):
            await stack.enter_async_context(engine.connect())
        yield


class Line:
    """A TCP line to a database, which can be cut or fall silent."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._flowing = asyncio.Event()
        self._cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Line"]:
        self._flowing.set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
            self._hang_up()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """What is open is closed, and nothing new is taken."""
        self._cut = True
        self._hang_up()
        try:
            yield
        finally:
            self._cut = False

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Everything stays open, new connections too, and not a byte passes."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def _hang_up(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}
        with suppress(OSError):
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._open -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while part := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(part)
                await writer.drain()
        finally:
            writer.close()
