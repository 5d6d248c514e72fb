"""HTTP/1.1 by hand: requests leave as they are written, byte for byte, and answers are read as strictly as they should be.

A client library would repair most of what is sent here before it left.
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Headers = Iterable[tuple[bytes | str, bytes | str]]
WITHIN = 5.0  # seconds


@dataclass(frozen=True)
class Answer:
    """One answer; names of headers in lower case, a repeated one twice."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The header's one value; empty when it is not there."""
        values = [value for each, value in self.headers if each == name]
        assert len(values) < 2, f"{name} stands in the answer {len(values)} times"
        return values[0] if values else ""

    @property
    def problem(self) -> Any:
        """The problem document; whatever else came is a failure of the test."""
        assert self.header("content-type") == "application/problem+json", self
        document = json.loads(self.body)
        assert document["status"] == self.status
        return document

    @property
    def slug(self) -> str:
        return str(self.problem["type"]).removeprefix("/problems/")


def request(method: str, target: bytes | str, headers: Headers = (), body: bytes = b"", *, close: bool = True) -> bytes:
    """A request with the headers given, a Host, and, with a body, its length; none of them twice unless given twice."""
    lines = [(_bytes(name), _bytes(value)) for name, value in headers]
    given = {name.lower() for name, _ in lines}
    if b"host" not in given:
        lines.insert(0, (b"Host", b"gateway.test"))
    if body and not given & {b"content-length", b"transfer-encoding"}:
        lines.append((b"Content-Length", str(len(body)).encode()))
    if close and b"connection" not in given:
        lines.append((b"Connection", b"close"))
    head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
    return method.encode() + b" " + _bytes(target) + b" HTTP/1.1\r\n" + head + b"\r\n" + body


async def send(port: int, *pieces: bytes, pause: float = 0.0, within: float = WITHIN) -> list[Answer]:
    """All answers to ``pieces`` until the server hangs up; fails if it does not ``within`` so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(within):
            sending = asyncio.create_task(_write(writer, pieces, pause))
            received = await _everything(reader)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return parse(received)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def parse(received: bytes) -> list[Answer]:
    """Answers of a known length, one behind the other, and not a byte more."""
    answers = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, received[:200]
        status, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(":", 1) for line in lines]
        headers = tuple((name.lower(), value.strip()) for name, value in pairs)
        code = int(status.split()[1])
        if code == 100:
            received = rest
            continue
        length = int(dict(headers).get("content-length", 0))
        answers.append(Answer(code, headers, rest[:length]))
        received = rest[length:]
    return answers


async def _write(writer: asyncio.StreamWriter, pieces: Iterable[bytes], pause: float) -> None:
    with suppress(OSError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)


async def _everything(reader: asyncio.StreamReader) -> bytes:
    parts = []
    with suppress(ConnectionResetError):
        while part := await reader.read(65_536):
            parts.append(part)
    return b"".join(parts)


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
