"""policy-svc as a process of its own on a rulebook in a folder, asked one question at a time by several callers over HTTP."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import aiohttp
import psutil
import uvloop

from policy_svc.loading import parse
from tests.bench.questions import questions
from tests.bench.rulebooks import generate

PORT = 8540
KEY = "the-key-of-the-benchmark"
CALLERS, REQUESTS = 8, 8_000

LOAD = "import sys; from pathlib import Path; from policy_svc.loading import load; load(Path(sys.argv[1]))"


@dataclass(frozen=True)
class Served:
    """Milliseconds as a caller sees them; ``cpu`` of policy-svc for one request; ``permits`` of all answers, from 0 to 1."""

    per_second: float
    p50: float
    p95: float
    p99: float
    cpu: float
    permits: float


@dataclass(frozen=True)
class Loaded:
    """From the start of Python to a checked rulebook in memory; ``cpu`` in seconds, ``memory`` at its highest in MiB."""

    seconds: float
    cpu: float
    memory: float


def measure_loading(size: int, folder: Path) -> Loaded:
    write(size, folder)
    begun, memory, cpu = time.perf_counter(), 0.0, 0.0
    process = psutil.Popen([sys.executable, "-W", "ignore", "-c", LOAD, str(folder)])
    # Looked at from outside: what the operating system says of a child that has ended counts the memory of its parent too.
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            memory, cpu = max(memory, process.memory_info().rss / 2**20), sum(process.cpu_times()[:2])
        time.sleep(0.02)
    if process.returncode != 0:
        raise RuntimeError(f"the rulebook of {size} rules does not load")
    return Loaded(time.perf_counter() - begun, cpu, memory)


def measure_serving(size: int, folder: Path) -> Served:
    write(size, folder)
    rulebook = parse(generate(size).files)[0]
    bodies = [question.evaluation.model_dump_json().encode() for question in islice(questions(rulebook, seed=3), REQUESTS)]
    with serving(folder) as process:
        return uvloop.run(_load(process, bodies))


def write(size: int, folder: Path) -> None:
    for name, text in generate(size).files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@contextmanager
def serving(folder: Path) -> Iterator[psutil.Process]:
    key = folder.parent / "key"
    key.write_text(KEY)
    options = ["--rulebook", str(folder), "--port", str(PORT), "--key-file", str(key)]
    log = (folder.parent / "log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "stena_local", "policy", *options], stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)
        log.close()


async def _load(process: psutil.Process, bodies: list[bytes]) -> Served:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{PORT}", headers=headers) as session:
        await _ready(session, process)
        await _ask(session, bodies[:500])
        cpu, begun = sum(process.cpu_times()[:2]), time.perf_counter()
        durations, permits = await _ask(session, bodies)
        took, cpu = time.perf_counter() - begun, sum(process.cpu_times()[:2]) - cpu
    cuts = statistics.quantiles(durations, n=100)
    return Served(len(bodies) / took, cuts[49], cuts[94], cuts[98], 1000 * cpu / len(bodies), permits / len(bodies))


async def _ready(session: aiohttp.ClientSession, process: psutil.Process) -> None:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            async with session.get("/healthz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise RuntimeError("policy-svc did not start")


async def _ask(session: aiohttp.ClientSession, bodies: list[bytes]) -> tuple[list[float], int]:
    """Milliseconds of every call, and how many were permitted."""
    waiting, durations, permits = iter(bodies), [], 0

    async def call() -> None:
        nonlocal permits
        for body in waiting:
            begun = time.perf_counter()
            async with session.post("/access/v1/evaluation", data=body) as answer:
                said = await answer.read()
            durations.append(1000 * (time.perf_counter() - begun))
            if answer.status != 200:
                raise RuntimeError(f"policy-svc answered {answer.status}: {said[:200]!r}")
            permits += json.loads(said)["decision"]

    async with asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(call())
    return durations, permits
