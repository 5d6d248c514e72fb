"""`make bench`: what the wall costs. A deployment of its own with invented people, and beside it in the same run the same
people served without a wall, as a team would write it and as little as can be."""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import httpx
import uvloop
from rich.console import Console

from tests.bench import baselines, deployed, growth, report
from tests.bench.baselines import BARE, IDIOMATIC
from tests.bench.deployed import GATEWAY, PURPOSE
from tests.bench.load import Figures, Target, measure_in_turns

PEOPLE: Final = int(os.environ.get("BENCH_PEOPLE", "100000"))
SECONDS: Final = float(os.environ.get("BENCH_SECONDS", "5"))
CLIENTS: Final = (1, 8, 16, 32, 128)
TURNS: Final = 5
PAGE: Final = 100
console = Console(width=118)


@dataclass(frozen=True)
class Measured:
    """Everything of one run. ``memory`` in MiB by process, ``processes`` the order of ``Figures.by_process`` of the wall."""

    people: int
    cores: int
    processes: Sequence[str]
    reads: Sequence[Figures]
    lists: Sequence[Figures]
    memory: dict[str, float]


def main() -> None:
    wanted = options()
    with tempfile.TemporaryDirectory(prefix="stena-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103 -- PostgreSQL's account passes through
        home, people = Path(folder) / "home", Path(folder) / "people.ndjson"
        with ExitStack() as stack:
            with console.status(f"Starting a deployment of its own, importing {PEOPLE:,} people …"):
                stack.enter_context(deployed.deployment(home))
                deployed.fill(home, people, PEOPLE)
                url = deployed.database(home)
                baselines.copy_in_plain(url, people)
            with console.status("Waiting until matching-svc has read them …"):
                deployed.settle(home)
            beside = {name: stack.enter_context(baselines.serving(app, url)) for name, app in _BASELINES.items()}
            measured = uvloop.run(run(home, beside))
            report.show(console, measured)
            grown = growth.measure(home, console, wanted.growth) if wanted.growth else None
    if wanted.json:
        Path(wanted.json).write_text(json.dumps({**asdict(measured), "growth": grown}, indent=1))


_BASELINES: Final = {"idiomatic": IDIOMATIC, "bare": BARE}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write every figure there too")
    parser.add_argument(
        "--growth", metavar="PEOPLE", type=int, help="also measure pages of other sizes, more rules, and up to so many people"
    )
    return parser.parse_args()


async def run(home: Path, beside: dict[str, int]) -> Measured:
    children = deployed.processes(home)
    headers = {"Authorization": f"Bearer {await deployed.token(home)}", **PURPOSE}
    wall = Target("wall", [f"{GATEWAY}/v1/persons?limit={PAGE}"], headers, list(children.values()))
    lists, reads = [wall], [Target("wall", await _each(wall, f"{GATEWAY}/v1/persons"), headers, wall.processes)]
    for name, process in beside.items():
        address = f"http://127.0.0.1:{_BASELINES[name][1]}/persons"
        listed = Target(name, [f"{address}?limit={PAGE}"], {}, [process, children["postgres"]])
        lists.append(listed)
        reads.append(Target(name, await _each(listed, address), {}, listed.processes))
    return Measured(
        PEOPLE,
        os.cpu_count() or 0,
        list(children),
        await _at_every_load(reads),
        await _at_every_load(lists),
        {name: deployed.memory(process) for name, process in {**children, **beside}.items()},
    )


async def _each(listed: Target, address: str) -> list[str]:
    """The people of a page, one by one."""
    async with httpx.AsyncClient(headers=dict(listed.headers), timeout=30) as http:
        for _ in range(20):  # the first calls find everything cold
            if (answer := await http.get(listed.urls[0])).status_code != 503:
                break
            await asyncio.sleep(0.5)
        page = answer.raise_for_status().json()
    people = page["people"] if isinstance(page, dict) else page
    return [f"{address}/{person.get('id') or person['person_id']}" for person in people]


async def _at_every_load(targets: Sequence[Target]) -> list[Figures]:
    figures: list[Figures] = []
    for clients in CLIENTS:
        with console.status(f"{clients} clients …"):
            figures += await measure_in_turns(targets, clients=clients, seconds=SECONDS, turns=TURNS)
    return figures


if __name__ == "__main__":
    main()
