"""How a read and a list grow with the size of the page and with the number of people. With rules: ``make bench-policy``."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import httpx
import uvloop
from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench import deployed
from tests.bench.deployed import GATEWAY, PURPOSE
from tests.bench.load import Figures, Target
from tests.bench.load import measure as measure_target
from tests.bench.report import short

PAGES: Final = (1, 10, 50, 100, 200, 500)
CLIENTS, SECONDS = 4, 4.0
TIMES: Final = 10
"""From one number of people to the next."""


def measure(home: Path, console: Console, most: int) -> dict[str, list[dict[str, Any]]]:
    """Figures of the wall by size of the page, and by number of people up to ``most``."""
    pages = uvloop.run(_pages(home))
    _show(console, f"by size of the page · {CLIENTS} clients, times in ms", pages)
    people: list[Figures] = []
    for wanted in _sizes(_count(home), most):
        with console.status(f"{wanted:,} people …"):
            if (lacking := wanted - _count(home)) > 0:
                deployed.fill(home, home.parent / "more.ndjson", lacking, seed=wanted)
            deployed.settle(home)
            found = uvloop.run(_people(home, _count(home)))
        _show(console, f"{_count(home):,} people · {CLIENTS} clients, times in ms", found)
        people += found
    _show(console, f"by number of people · {CLIENTS} clients, times in ms", people)
    return {"pages": [asdict(each) for each in pages], "people": [asdict(each) for each in people]}


def _sizes(count: int, most: int) -> list[int]:
    """``count``, so many times as much, and so on; ``most`` last."""
    sizes = []
    while count < most:
        sizes.append(count)
        count *= TIMES
    return [*sizes, most]


async def _pages(home: Path) -> list[Figures]:
    headers, processes = await _caller(home)
    return [await _at(f"page of {size}", [f"{GATEWAY}/v1/persons?limit={size}"], headers, processes) for size in PAGES]


async def _people(home: Path, count: int) -> list[Figures]:
    headers, processes = await _caller(home)
    page = f"{GATEWAY}/v1/persons?limit=100"
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        people = (await http.get(page)).raise_for_status().json()["people"]
    one = [f"{GATEWAY}/v1/persons/{person['id']}" for person in people]
    found = f"{GATEWAY}/v1/persons?limit=100&filter=languages:has:ukr&sort=-education_level"
    asked = {"a person": one, "first 100": [page], "100 by filter and sort": [found]}
    return [await _at(f"{count:,}: {name}", urls, headers, processes) for name, urls in asked.items()]


async def _caller(home: Path) -> tuple[dict[str, str], list[int]]:
    return {"Authorization": f"Bearer {await deployed.token(home)}", **PURPOSE}, list(deployed.processes(home).values())


async def _at(name: str, urls: list[str], headers: dict[str, str], processes: list[int]) -> Figures:
    figures = await measure_target(Target(name, urls, headers, processes), clients=CLIENTS, seconds=SECONDS)
    await asyncio.sleep(0.2)
    return figures


def _count(home: Path) -> int:
    return asyncio.run(_counted(home))


async def _counted(home: Path) -> int:
    engine = deployed.engine(home)
    async with engine.connect() as connection:
        counted = (await connection.exec_driver_sql("SELECT count(*) FROM persons")).scalar_one()
    await engine.dispose()
    return int(counted)


def _show(console: Console, title: str, figures: list[Figures]) -> None:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for heading in ("", "req/s", "p50", "p95", "CPU"):
        table.add_column(heading, justify="right" if heading else "left")
    for each in figures:
        table.add_row(each.target, *map(short, (each.per_second, each.p50, each.p95, each.cpu)))
    console.print(table)
