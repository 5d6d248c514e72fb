"""A deployment of the bench's own, from the command line as anybody would make one, and what is in it."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from stena_local.running import Running

PORT: Final = 8500
GATEWAY: Final = f"http://127.0.0.1:{PORT}"
PURPOSE: Final = {"Processing-Purpose": "job-ranking"}
IDLE: Final = 0.4
"""Of a processor: more than processes take together that only look after themselves and ask each other for news."""
LONGEST: Final = 1_800.0  # seconds


def stena(home: Path, *arguments: str, **settings: str) -> str:
    limits = str(Path(__file__).with_name("limits.yaml"))
    environment = {**os.environ, "STENA_HOME": str(home), "STENA_PORT": str(PORT), "STENA_LIMITS_FILE": limits, **settings}
    done = subprocess.run([sys.executable, "-m", "stena_local", *arguments], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"stena {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def deployment(home: Path, **settings: str) -> Iterator[None]:
    stena(home, "up", "--detach", **settings)
    try:
        yield
    finally:
        stena(home, "down")
        stena(home, "remove", "--yes")


def processes(home: Path) -> Mapping[str, int]:
    """The four services and PostgreSQL, by name."""
    running = Running.read(home)
    assert running is not None
    return running.children


def told(home: Path) -> Mapping[str, str]:
    """What the deployment tells its services."""
    lines = (line.removeprefix("export ").split("=", 1) for line in stena(home, "env").splitlines())
    return {name: value.strip("'") for name, value in lines}


def database(home: Path) -> URL:
    """The people's database, as its owner."""
    settings = told(home)
    password = Path(settings["PROFILE_OWNER_DATABASE_PASSWORD_FILE"]).read_text().strip()
    return make_url(settings["PROFILE_OWNER_DATABASE_URL"]).set(drivername="postgresql+asyncpg", password=password)


def engine(home: Path) -> AsyncEngine:
    return create_async_engine(database(home))


def fill(home: Path, people: Path, count: int, seed: int = 1) -> None:
    """Import ``count`` invented people more; ``people`` is the file to write them to."""
    people.write_text(stena(home, "demo", "people", "--count", str(count), "--seed", str(seed)))
    stena(home, "import", str(people))


def settle(home: Path) -> None:
    """Wait until nobody has anything to do: matching-svc follows what was imported."""
    deadline = time.monotonic() + LONGEST
    while busy(processes(home).values()) > IDLE:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the services have not come to rest within {LONGEST:.0f} s")


def busy(roots: Iterable[int]) -> float:
    """Processors that these processes and those below them take, over two seconds."""
    trees = [each for root in roots for each in _tree(root)]
    before = sum(map(_cpu, trees))
    time.sleep(2)
    return (sum(map(_cpu, trees)) - before) / 2


def _cpu(process: psutil.Process) -> float:
    """Seconds of its own; none of one that has ended, as those that clean up in a database do."""
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.NoSuchProcess:
        return 0.0


def memory(root: int) -> float:
    """MiB that a process and those below it have, what they share counted once."""
    return sum(each.memory_full_info().pss for each in _tree(root)) / 2**20


def _tree(root: int) -> list[psutil.Process]:
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


async def token(home: Path) -> str:
    added = stena(home, "client", "add", "--organisation", "employment-agency", "--name", "bench", "--json")
    client = json.loads(added)
    async with httpx.AsyncClient(auth=(client["client_id"], client["client_secret"])) as http:
        for _ in range(20):  # the gateway learns of a new client within a second
            answer = await http.post(f"{GATEWAY}/oauth2/token", data={"grant_type": "client_credentials"})
            if answer.status_code == 200:
                return str(answer.json()["access_token"])
            await asyncio.sleep(0.2)
    raise RuntimeError(f"no token: {answer.text}")


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")
