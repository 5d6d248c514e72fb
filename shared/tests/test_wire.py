"""What goes over a kept connection belongs to the call that is on it, and to no other: against a server that misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from stena.wire import Broken, Connections

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """Answers each call by ``answer``, which is given its request line; ``calls`` by connection, in the order of both."""

    answer: Answer
    port: int = 0
    calls: list[list[bytes]] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[bytes] = []
        self.calls.append(mine)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                mine.append(head.partition(b"\r\n")[0])
                await self.answer(mine[-1], writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: Answer, idle: float = 2.0, longest: int = 100) -> AsyncIterator[tuple[Server, Connections]]:
    server = Server(answer)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    connections = Connections(f"http://127.0.0.1:{server.port}", idle=idle, longest=longest)
    try:
        yield server, connections
    finally:
        connections.close()
        listening.close()


async def echo(line: bytes, writer: asyncio.StreamWriter) -> None:
    path = line.split()[1]
    writer.write(b"HTTP/1.1 200 OK\r\nX-Path: %b\r\ncontent-length: %d\r\n\r\n%b" % (path, len(path), path))


async def test_calls_one_after_the_other_share_a_connection_and_calls_at_once_do_not() -> None:
    async with serving(echo) as (server, connections):
        for path in ("/a", "/b"):
            response = await connections.request("POST", path, headers={}, content=b"{}")
            assert (response.status_code, response.content, response.headers["x-path"]) == (200, path.encode(), path)
        assert server.calls == [[b"POST /a HTTP/1.1", b"POST /b HTTP/1.1"]]
        paths = [f"/{number}" for number in range(20)]
        answers = await asyncio.gather(*(connections.request("GET", path, headers={}) for path in paths))
        assert [answer.content.decode() for answer in answers] == paths
        assert len(server.calls) == 20


async def test_answers_in_pieces_and_without_a_body_are_read_whole() -> None:
    async def answer(line: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/empty" in line:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            return
        for part in (b"HTTP/1.1 200 OK\r\nTransfer-En", b"coding: chunked\r\n\r\n3\r\nabc\r\n2\r", b"\nde\r\n0\r\n\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(answer) as (server, connections):
        for _ in range(2):
            assert (await connections.request("GET", "/", headers={})).content == b"abcde"
            assert (await connections.request("GET", "/empty", headers={})).content == b""
        assert len(server.calls) == 1


async def test_an_answer_that_comes_too_late_is_nobody_s() -> None:
    released = asyncio.Event()

    async def answer(line: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/slow" in line:
            await released.wait()
        await echo(line, writer)

    async with serving(answer) as (_, connections):
        await connections.request("GET", "/first", headers={})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connections.request("GET", "/slow", headers={})
        released.set()
        assert (await connections.request("GET", "/next", headers={})).content == b"/next"


@pytest.mark.parametrize("surplus", [OK + b"no", b"HTTP/1.1 200 OK\r\ncontent-len", b"\x00"], ids=["whole", "begun", "noise"])
async def test_what_nobody_asked_for_is_not_taken_for_an_answer(surplus: bytes) -> None:
    async def answer(line: bytes, writer: asyncio.StreamWriter) -> None:
        await echo(line, writer)
        writer.write(surplus)

    async with serving(answer) as (_, connections):
        for path in ("/a", "/b", "/c"):
            assert (await connections.request("GET", path, headers={})).content == path.encode()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"nonsense\r\n\r\n", b""])
async def test_half_an_answer_is_none(answer: bytes) -> None:
    async def cut_off(line: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with serving(cut_off) as (server, connections):
        with pytest.raises(Broken):
            await connections.request("POST", "/", headers={}, content=b"{}")
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n65\r\n" + b"a" * 101,
    ],
    ids=["said", "not said"],
)
async def test_an_answer_that_is_too_long_is_not_waited_for(answer: bytes) -> None:
    async def endless(line: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with serving(endless) as (_, connections), asyncio.timeout(5):
        with pytest.raises(Broken):
            await connections.request("POST", "/", headers={}, content=b"{}")


@pytest.mark.parametrize(("method", "heard"), [("GET", 1), ("POST", 0)])
async def test_a_call_that_meets_a_closing_connection_is_repeated_only_if_that_changes_nothing(method: str, heard: int) -> None:
    async def one_each(line: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/first" in line:
            await echo(line, writer)
        else:
            writer.close()

    async with serving(one_each) as (server, connections):
        await connections.request("GET", "/first", headers={})
        with pytest.raises(Broken):
            await connections.request(method, "/second", headers={}, content=b"" if method == "POST" else None)
        assert [len(calls) for calls in server.calls] == [2] + heard * [1]


async def test_a_connection_is_not_used_again_where_the_other_end_says_so_or_it_lay_idle() -> None:
    async def farewell(line: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")

    for answer, idle in ((farewell, 2.0), (echo, 0.0)):
        async with serving(answer, idle) as (server, connections):
            for _ in range(3):
                await connections.request("POST", "/", headers={}, content=b"")
            assert len(server.calls) == 3


async def test_a_replica_that_is_gone_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    async with serving(echo) as (server, connections):
        found = await loop.getaddrinfo("127.0.0.1", server.port, type=1)
        gone = [(*place[:4], ("127.0.0.1", 1)) for place in found]

        async def replicas(*_: object, **__: object) -> object:
            return [*gone, *found, *gone]

        monkeypatch.setattr(loop, "getaddrinfo", replicas)
        paths = [f"/{number}" for number in range(6)]
        answers = await asyncio.gather(*(connections.request("GET", path, headers={}) for path in paths))
        assert [answer.content.decode() for answer in answers] == paths


@pytest.mark.parametrize(
    ("path", "headers"), [("/a b", {}), ("/a\r\nx: y", {}), ("/", {"x": "1\r\ny: 2"}), ("/", {"x\n": "1"}), ("/", {"x": "\0"})]
)
async def test_a_value_makes_no_header_of_its_own(path: str, headers: dict[str, str]) -> None:
    async with serving(echo) as (server, connections):
        with pytest.raises(ValueError, match="another call"):
            await connections.request("GET", path, headers=headers)
        assert server.calls == []
