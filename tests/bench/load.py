"""Load on one target, bounded in number or in time; time as the client sees it, CPU as the operating system counts it.

The client is bytes over sockets and nothing else, so that it is never what is slow; its own CPU time is not counted.
"""

import asyncio
import itertools
import math
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import psutil

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length:"


@dataclass(frozen=True)
class Target:
    """``urls``, all of one host and port, are asked in turn; ``processes`` are those whose CPU time the answer costs, children
    included."""

    name: str
    urls: Sequence[str]
    headers: Mapping[str, str]
    processes: Sequence[int]


@dataclass(frozen=True)
class Figures:
    """Durations in milliseconds; ``cpu`` is CPU time a request over all processes, in milliseconds too, and ``by_process`` what
    each of the target's took of it, in their order. ``refused`` were told to come later (503): they count in CPU time alone."""

    target: str
    clients: int
    per_second: float
    p50: float
    p95: float
    p99: float
    cpu: float
    by_process: Sequence[float] = field(default=())
    refused: int = 0


@dataclass(frozen=True)
class _Load:
    """What was seen of one: how long each answer took in milliseconds, not a number for one that said to come later."""

    took: float
    answers: Sequence[float]
    spent: Sequence[float]


async def measure(target: Target, *, clients: int, requests: int = sys.maxsize, seconds: float = math.inf) -> Figures:
    """So many ``requests``, or as many as there are in so many ``seconds``, by ``clients`` at once, after a warm-up of a tenth.
    Any answer but 200 and 503 is an error, not a figure."""
    return _figures(target, clients, [await _load(target, clients, requests, seconds)])


async def measure_in_turns(targets: Sequence[Target], *, clients: int, seconds: float, turns: int) -> Sequence[Figures]:
    """``measure`` for each, in so many parts that take turns: so a machine that is faster at one time than at another is so for
    all of them, and so is the luck with which connections are shared out among workers."""
    loads: dict[str, list[_Load]] = {target.name: [] for target in targets}
    for _ in range(turns):
        for target in targets:
            loads[target.name].append(await _load(target, clients, sys.maxsize, seconds / turns))
            await asyncio.sleep(0.1)
    return [_figures(target, clients, loads[target.name]) for target in targets]


async def _load(target: Target, clients: int, requests: int, seconds: float) -> _Load:
    address = urlsplit(target.urls[0])
    turns = itertools.cycle([_request(url, target.headers) for url in target.urls])
    opened = [await _connect(address.hostname or "", address.port or 80) for _ in range(clients)]
    try:
        await _run(opened, _some(turns, max(requests // 10, clients), seconds / 10))
        before = [_cpu([process]) for process in target.processes]
        begun = time.perf_counter()
        answers = await _run(opened, _some(turns, requests, seconds))
        took = time.perf_counter() - begun
        spent = [_cpu([process]) - cpu for process, cpu in zip(target.processes, before, strict=True)]
    finally:
        for client in opened:
            client.close()
    return _Load(took, answers, spent)


def _figures(target: Target, clients: int, loads: Sequence[_Load]) -> Figures:
    answers = [answer for load in loads for answer in load.answers]
    durations = [answer for answer in answers if not math.isnan(answer)]
    spent = map(sum, zip(*(load.spent for load in loads), strict=True))
    by_process = [1000 * cpu / max(len(durations), 1) for cpu in spent]
    return Figures(
        target=target.name,
        clients=clients,
        per_second=len(durations) / sum(load.took for load in loads),
        **_quantiles(durations),
        cpu=sum(by_process),
        by_process=by_process,
        refused=len(answers) - len(durations),
    )


def _quantiles(durations: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(durations, n=100) if len(durations) > 1 else [math.nan] * 99
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def _some(turns: Iterator[bytes], requests: int, seconds: float) -> Iterator[bytes]:
    deadline = time.perf_counter() + seconds
    return itertools.takewhile(lambda _: time.perf_counter() < deadline, itertools.islice(turns, requests))


def _request(url: str, headers: Mapping[str, str]) -> bytes:
    address = urlsplit(url)
    path = address.path + (f"?{address.query}" if address.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class _Client(asyncio.Protocol):
    """One connection that is kept: a request, and the whole of its answer before the next."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = bytearray()
        self._whole = -1  # bytes of the answer, once its head is there
        self._answered: asyncio.Future[float] | None = None
        self._begun = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self.transport = transport

    def ask(self, request: bytes) -> "asyncio.Future[float]":
        """The milliseconds that the answer took; not a number for one that says to come later."""
        self._answered = asyncio.get_running_loop().create_future()
        self._begun = time.perf_counter()
        self.transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._whole < 0:
            self._read_head()
        if 0 <= self._whole <= len(self._received):
            took, answered = 1000 * (time.perf_counter() - self._begun), self._answered
            status, said = bytes(self._received[9:12]), bytes(self._received[:600])
            self._received.clear()
            self._whole = -1
            assert answered is not None
            if status in (b"200", b"503"):
                answered.set_result(took if status == b"200" else math.nan)
            else:
                answered.set_exception(RuntimeError(f"not answered: {said!r}"))

    def _read_head(self) -> None:
        end = self._received.find(_END_OF_HEAD)
        if end >= 0:
            head = bytes(self._received[:end]).lower()
            self._whole = end + len(_END_OF_HEAD) + int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(RuntimeError("the connection was closed instead of an answer"))

    def close(self) -> None:
        self.transport.close()


async def _connect(host: str, port: int) -> _Client:
    return (await asyncio.get_running_loop().create_connection(_Client, host, port))[1]


async def _run(clients: Iterable[_Client], requests: Iterator[bytes]) -> list[float]:
    durations: list[float] = []

    async def work(client: _Client) -> None:
        for request in requests:
            durations.append(await client.ask(request))

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(work(client))
    return durations


def _cpu(roots: Iterable[int]) -> float:
    """CPU seconds of these processes and all below them. What a child took that has ended stands with its parent."""
    total = 0.0
    for root in roots:
        process = psutil.Process(root)
        for each in (process, *process.children(recursive=True)):
            try:
                times = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total
