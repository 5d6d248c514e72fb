"""Load on one target, bounded in number; time as the client sees it, CPU as the operating system counts it."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import httpx
import psutil
from httpx_aiohttp import AiohttpTransport


@dataclass(frozen=True)
class Target:
    """``urls`` are asked in turn; ``processes`` are those whose CPU time the answer costs, children included."""

    name: str
    urls: Sequence[str]
    headers: Mapping[str, str]
    processes: Sequence[int]


@dataclass(frozen=True)
class Figures:
    """Durations in milliseconds; ``cpu`` is CPU time a request over all processes."""

    target: str
    clients: int
    per_second: float
    p50: float
    p95: float
    p99: float
    cpu: float


async def measure(target: Target, *, requests: int, clients: int) -> Figures:
    """``requests`` calls by ``clients`` at once, after a warm-up of a tenth. Any answer but 200 is an error, not a figure."""
    async with httpx.AsyncClient(headers=dict(target.headers), transport=AiohttpTransport(), timeout=30) as http:
        await _run(http, target.urls, max(requests // 10, clients), clients)
        cpu = _cpu(target.processes)
        begun = time.perf_counter()
        durations = await _run(http, target.urls, requests, clients)
        took = time.perf_counter() - begun
        cpu = _cpu(target.processes) - cpu
    cuts = statistics.quantiles(durations, n=100)
    return Figures(target.name, clients, requests / took, cuts[49], cuts[94], cuts[98], 1000 * cpu / requests)


async def _run(http: httpx.AsyncClient, urls: Sequence[str], requests: int, clients: int) -> list[float]:
    turns = itertools.islice(itertools.cycle(urls), requests)
    durations: list[float] = []

    async def work() -> None:
        for url in turns:
            begun = time.perf_counter()
            answer = await http.get(url)
            durations.append(1000 * (time.perf_counter() - begun))
            if answer.status_code != 200:
                raise RuntimeError(f"{url.split('?')[0]} answered {answer.status_code}: {answer.text[:200]}")

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(work())
    return durations


def _cpu(roots: Iterable[int]) -> float:
    """CPU seconds of these processes and all below them. A child that has ended counts in its parent's ``children_*``."""
    total = 0.0
    for root in roots:
        process = psutil.Process(root)
        for each in (process, *process.children(recursive=True)):
            try:
                times = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total
