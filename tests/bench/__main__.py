"""`make bench`: a deployment of its own with invented people, beside it the baseline; both measured in one run."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, insert, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from uuid_utils.compat import uuid7

from stena_local.running import Running
from tests.bench.idiomatic import Base, Person
from tests.bench.load import Figures, Target, measure

PORT, BASELINE_PORT = 8500, 8520
NO_LIMITS = Path(__file__).parents[1] / "no_limits.yaml"
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000"))
READS = int(os.environ.get("BENCH_READS", "2000"))
PURPOSE = {"Processing-Purpose": "job-ranking"}
console = Console()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stena-bench-") as folder:
        home = Path(folder) / "home"
        with deployment(home):
            people = Path(folder) / "people.ndjson"
            people.write_text(stena(home, "demo", "people", "--count", str(PEOPLE), "--seed", "1"))
            with console.status(f"Importing {PEOPLE} people …"):
                stena(home, "import", str(people))
            url = database(home)
            asyncio.run(copy_in_plain(url, people.read_text().splitlines()))
            with baseline(url) as process:
                figures = asyncio.run(run(home, process))
    report(figures)


async def run(home: Path, baseline_process: int) -> list[Figures]:
    running = Running.read(home)
    assert running is not None
    postgres = running.children["postgres"]
    services = [pid for name, pid in running.children.items() if name != "postgres"]
    gateway, plain = f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{BASELINE_PORT}"
    headers = {"Authorization": f"Bearer {await token(home, gateway)}", **PURPOSE}
    async with httpx.AsyncClient(timeout=30) as http:
        listed = (await http.get(f"{gateway}/v1/persons?limit=100", headers=headers)).raise_for_status().json()
        stored = (await http.get(f"{plain}/persons?limit=100")).raise_for_status().json()
    ids = [person["id"] for person in listed["people"]]
    plain_ids = [person["person_id"] for person in stored]
    reads = [
        Target("wall, person", [f"{gateway}/v1/persons/{each}" for each in ids], headers, [*services, postgres]),
        Target("baseline, person", [f"{plain}/persons/{each}" for each in plain_ids], {}, [baseline_process, postgres]),
    ]
    lists = [
        Target("wall, list", [f"{gateway}/v1/persons?limit=100"], headers, [*services, postgres]),
        Target("baseline, list", [f"{plain}/persons?limit=100"], {}, [baseline_process, postgres]),
    ]
    figures = []
    for clients in (1, 16):
        for targets, requests in ((reads, READS), (lists, READS // 10)):
            for target in targets:
                with console.status(f"{target.name}, {clients} clients …"):
                    figures.append(await measure(target, requests=requests, clients=clients))
    return figures


def report(figures: list[Figures]) -> None:
    title = f"{PEOPLE} people, {os.cpu_count()} cores, load from the same machine; times in ms"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for heading in ("", "clients", "req/s", "p50", "p95", "p99", "CPU", "ratio"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for wall, plain in zip(figures[::2], figures[1::2], strict=True):
        for each, ratio in ((wall, f"{wall.cpu / plain.cpu:.1f} ×"), (plain, "1")):
            numbers = map(_short, (each.per_second, each.p50, each.p95, each.p99, each.cpu))
            table.add_row(each.target, str(each.clients), *numbers, ratio, end_section=each is plain)
    console.print(table)
    console.print("A list has 100 people. CPU: of all processes for one request, and how many times that of the baseline.")
    console.print("Baseline: FastAPI, SQLAlchemy ORM and pydantic on the same records in plaintext; no wall, no ledger.")


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"


async def token(home: Path, gateway: str) -> str:
    added = stena(home, "client", "add", "--organisation", "employment-agency", "--name", "bench", "--json")
    client = json.loads(added)
    async with httpx.AsyncClient(auth=(client["client_id"], client["client_secret"])) as http:
        for _ in range(20):  # the gateway learns of a new client within a second
            answer = await http.post(f"{gateway}/oauth2/token", data={"grant_type": "client_credentials"})
            if answer.status_code == 200:
                return str(answer.json()["access_token"])
            await asyncio.sleep(0.2)
    raise RuntimeError(f"no token: {answer.text}")


async def copy_in_plain(url: URL, people: list[str]) -> None:
    """The same people once more for the baseline, as a table without any protection."""
    engine = create_async_engine(url)
    rows: list[dict[str, Any]] = [{"person_id": uuid7(), "attributes": json.loads(line)["attributes"]} for line in people]
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(Person), rows)
    await engine.dispose()


def database(home: Path) -> URL:
    told = dict(line.removeprefix("export ").split("=", 1) for line in stena(home, "env").splitlines())
    password = Path(told["PROFILE_OWNER_DATABASE_PASSWORD_FILE"]).read_text().strip()
    return make_url(told["PROFILE_OWNER_DATABASE_URL"]).set(drivername="postgresql+asyncpg", password=password)


def stena(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "STENA_HOME": str(home), "STENA_PORT": str(PORT), "STENA_LIMITS_FILE": str(NO_LIMITS)}
    done = subprocess.run([sys.executable, "-m", "stena_local", *arguments], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"stena {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def deployment(home: Path) -> Iterator[None]:
    with console.status("Starting a deployment of its own …"):
        stena(home, "up", "--detach")
    try:
        yield
    finally:
        stena(home, "down")
        stena(home, "remove", "--yes")


@contextmanager
def baseline(url: URL) -> Iterator[int]:
    options = ["--port", str(BASELINE_PORT), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "tests.bench.idiomatic:create_app", "--factory", *options],
        env={**os.environ, "BENCH_DATABASE_URL": url.render_as_string(hide_password=False)},
    )
    try:
        wait_for_port(BASELINE_PORT)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


if __name__ == "__main__":
    main()
