"""A wire between two services: TCP on loopback that passes everything on, until it is told to be slow, deaf, lossy or a liar.

It knows HTTP only so far that it can tell where an answer ends.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from stena_local.processes import HOST

CHUNK: Final = 64 * 1024
RETRANSMITTED: Final = 0.2  # seconds: the least that TCP waits before it sends anew what was lost
MOST_LOST: Final = 5  # times one after the other


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer as it came: ``head`` without the empty line, ``body`` whole."""

    head: bytes
    body: bytes

    def with_body(self, body: bytes) -> "Answer":
        return Answer(self.with_length(len(body))[:-4], body)

    def with_length(self, length: int) -> bytes:
        """The head of an answer that is so long, with the empty line."""
        lines = [line for line in self.head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        return b"\r\n".join([*lines, b"content-length: %d" % length, b"", b""])

    def with_status(self, status: bytes) -> "Answer":
        _, _, rest = self.head.partition(b"\r\n")
        return replace(self, head=b"HTTP/1.1 " + status + b"\r\n" + rest)

    def and_goodbye(self) -> "Answer":
        return replace(self, head=self.head + b"\r\nconnection: close")

    def bytes(self) -> bytes:
        return self.head + b"\r\n\r\n" + self.body


Send = Callable[[bytes], Awaitable[None]]
Retell = Callable[[Answer, Send], Awaitable[None]]
"""Says what is said in place of an answer."""


@dataclass(frozen=True)
class Manner:
    """How a wire behaves. ``delay`` in seconds on the way back; ``lost`` and ``reset`` are shares of what goes over it.

    ``deaf``: it takes everything and passes nothing on. ``noise``: answers become bytes that are no HTTP. ``cut``: answers end
    in their middle.
    """

    delay: float = 0.0
    lost: float = 0.0
    reset: float = 0.0
    deaf: bool = False
    noise: bool = False
    cut: bool = False
    retell: Retell | None = None


WELL: Final = Manner()


@dataclass
class Wire:
    """From ``port`` to ``to``, both on loopback. ``manner`` may be changed at any moment, for what comes then.

    So may ``to``: new connections go there then, and the others end with their next answer, which says so.
    """

    name: str
    port: int
    to: int
    manner: Manner = WELL
    _chance: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 -- nothing secret
    _ways: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._carry, HOST, self.port)
        try:
            yield
        finally:
            server.close()
            for way in self._ways:
                way.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection. Whatever ends on one side ends on the other, as if they were one."""
        to = self.to
        try:
            there, back = await asyncio.open_connection(HOST, to)
        except OSError:
            writer.transport.abort()
            return
        ways = [asyncio.create_task(self._there(reader, back)), asyncio.create_task(self._back(there, writer, to))]
        self._ways.update(ways)
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._ways.difference_update(ways)
            writer.transport.abort()
            back.transport.abort()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            if self.manner.deaf:
                continue
            if self._happens(self.manner.reset):
                return
            await asyncio.sleep(self._late())
            await _send(writer, chunk)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: int) -> None:
        while (answer := await _answer(reader)) is not None:
            manner = self.manner
            await asyncio.sleep(manner.delay + self._late())
            if manner.deaf:
                continue
            if self._happens(manner.reset):
                return
            if to != self.to:
                await _send(writer, answer.and_goodbye().bytes())
                return
            if manner.cut:
                whole = answer.bytes()
                await _send(writer, whole[: len(whole) * 2 // 3])
                return
            if manner.noise:
                await _send(writer, self._chance.randbytes(400))
            elif manner.retell is not None:
                await manner.retell(answer, lambda said: _send(writer, said))
            else:
                await _send(writer, answer.bytes())

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _late(self) -> float:
        """TCP brings what was lost all the same, later; each time that it is lost again it waits for twice as long."""
        times = 0
        while times < MOST_LOST and self._happens(self.manner.lost):
            times += 1
        return RETRANSMITTED * ((1 << times) - 1)


async def _send(writer: asyncio.StreamWriter, chunk: bytes) -> None:
    writer.write(chunk)
    await writer.drain()


async def _answer(reader: asyncio.StreamReader) -> Answer | None:
    """The next whole answer; ``None`` where there is none any more. Services say how long their answers are."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
        return Answer(head, await reader.readexactly(_length(head)))
    except (asyncio.IncompleteReadError, OSError):
        return None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
