"""`python -m tests.bench.ledger`: entries a second, by one gateway and by two; and what an entry adds to a single read."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from gateway.commands import migrate
from stena_local.postgres import Server, random_passwords
from stena_local.programs import find
from stena_local.testing import free_row
from tests.bench.deployed import GATEWAY, PORT, PURPOSE, deployment, fill, processes, token, told, wait_for_port
from tests.bench.load import Target, measure_in_turns

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "20000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
TURNS = 5
CALLERS = 256
UNRECORDED_PORT = 8560
GOAL, MOST = 5_000, 0.15
console = Console()


@dataclass(frozen=True)
class Written:
    """What so many gateways wrote together. ``cpu`` in microseconds for an entry, of the gateways alone."""

    name: str
    per_second: float
    cpu: float
    late: int


@dataclass(frozen=True)
class Read:
    """CPU of all processes for one read in milliseconds, with an entry and without."""

    clients: int
    recorded: float
    unrecorded: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stena-bench-ledger-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103 -- PostgreSQL's account passes through
        with database(Path(folder)) as url, console.status("Writing entries …"):
            written = [write(url, *each) for each in ((1, 1, ENTRIES), (2, 1, ENTRIES), (1, 100, ENTRIES // 40))]
            require_whole_tree(url)
        with deployment(Path(folder) / "home"):
            reads = asyncio.run(compared(Path(folder)))
    report(written, reads)


def write(url: str, gateways: int, people: int, entries: int) -> Written:
    callers = CALLERS if people == 1 else CALLERS // 16
    command = [sys.executable, "-m", "tests.bench.ledger_writer", url, *map(str, (entries // gateways, callers, people))]
    begun = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(gateways)]
    told = [json.loads(each.communicate()[0]) for each in begun]
    count, longest = sum(each["entries"] for each in told), max(each["seconds"] for each in told)
    name = f"{gateways} gateway{'s' if gateways > 1 else ''}, {people} in an entry"
    cpu = 1e6 * sum(each["cpu"] for each in told) / count
    return Written(name, count / longest, cpu, sum(each["late"] for each in told))


def require_whole_tree(url: str) -> None:
    """Nothing is lost or doubled, whoever wrote it: every entry has one leaf, and leaves are numbered without a gap."""
    query = """
        SELECT (SELECT count(*) FROM ledger), count(*), count(DISTINCT entry_id), max(position) + 1,
            (SELECT sum(people) FROM ledger) - (SELECT count(*) FROM ledger_people)
        FROM ledger_leaves
    """

    async def ask() -> Sequence[int]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return tuple(await connection.fetchrow(query))
        finally:
            await connection.close()

    entries, leaves, different, positions, missing = asyncio.run(ask())
    if not (entries == leaves == different == positions and missing == 0):
        raise RuntimeError(
            f"{entries} entries, {leaves} leaves of {different} entries up to {positions}, {missing} people missing"
        )


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The gateway's database on a server that keeps what it has committed, as in a deployment; as the role that serves."""
    server = Server(folder / "postgres", free_row(), random_passwords(), find("nobody"), folder / "postgres.log")
    server.start()
    try:
        server.provision("gateway")
        os.environ["GATEWAY_OWNER_DATABASE_URL"] = server.url("gateway", "gateway_owner").render_as_string(False)
        migrate()
        yield server.url("gateway", "gateway_app").render_as_string(False)
    finally:
        server.stop()


async def compared(folder: Path) -> list[Read]:
    """The same reads by turns at the gateway and at one that writes nothing down."""
    home = folder / "home"
    fill(home, folder / "people.ndjson", 200)
    children = processes(home)
    headers = {"Authorization": f"Bearer {await token(home)}", **PURPOSE}
    others = [pid for name, pid in children.items() if name != "gateway"]
    with unrecorded(told(home), folder / "unrecorded.log") as process:
        async with httpx.AsyncClient(headers=headers, timeout=30) as http:
            listed = (await http.get(f"{GATEWAY}/v1/persons?limit=200")).raise_for_status().json()
        ids = [person["id"] for person in listed["people"]]
        targets = [
            Target(name, [f"http://127.0.0.1:{port}/v1/persons/{each}" for each in ids], headers, [pid, *others])
            for name, port, pid in (("with", PORT, children["gateway"]), ("without", UNRECORDED_PORT, process))
        ]
        loads = [(each, await measure_in_turns(targets, clients=each, seconds=SECONDS, turns=TURNS)) for each in (1, 16)]
        return [Read(clients, recorded.cpu, unrecorded.cpu) for clients, (recorded, unrecorded) in loads]


@contextmanager
def unrecorded(settings: Mapping[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.unrecorded", str(UNRECORDED_PORT)],
            env={**os.environ, **settings},
            stdout=output,
            stderr=output,
        )
        try:
            wait_for_port(UNRECORDED_PORT)
            time.sleep(2)  # it learns of clients
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def report(written: Sequence[Written], reads: Sequence[Read]) -> None:
    table = Table(title=f"Entries of the ledger, {CALLERS} callers at once, {os.cpu_count()} cores", box=box.SIMPLE_HEAD)
    for heading in ("", "entries/s", "CPU of the gateway, µs", "late"):
        table.add_column(heading, justify="right" if heading else "left")
    for each in written:
        table.add_row(each.name, f"{each.per_second:,.0f}", f"{each.cpu:.0f}", str(each.late))
    console.print(table)
    table = Table(title="CPU time of a single read in ms, all processes", box=box.SIMPLE_HEAD)
    for heading in ("clients", "with entry", "without", "it adds"):
        table.add_column(heading, justify="right")
    for read in reads:
        table.add_row(str(read.clients), f"{read.recorded:.2f}", f"{read.unrecorded:.2f}", f"{_added(read):.1%}")
    console.print(table)
    fast, cheap = written[0].per_second >= GOAL, all(_added(read) <= MOST for read in reads)
    console.print(f"{'reached' if fast else 'MISSED'}: at least {GOAL:,} entries/s")
    console.print(f"{'reached' if cheap else 'MISSED'}: an entry adds at most {MOST:.0%} CPU time to a single read")


def _added(read: Read) -> float:
    return read.recorded / read.unrecorded - 1


if __name__ == "__main__":
    main()
