"""`python -m tests.bench.speed`: how fast the best are found among many, how much memory that takes, and how both grow.

BENCH_SIZES names the numbers of people (default 10000,100000,1000000). Each size is filled into a PostgreSQL of its own and
measured in a process of its own, as a service that starts anew would do it.
"""

import asyncio
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

import matching_svc.migrations
from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.feed import _begin, _pack
from matching_svc.gaps import CONSIDERED, gaps
from matching_svc.index import Index
from matching_svc.knowledge import Knowledge
from matching_svc.offers_shelf import Offered, asked_by_best
from matching_svc.offers_shelf import search as best_offers
from matching_svc.people_columns import Packer
from matching_svc.people_measures import Question
from matching_svc.people_ranking import everybody
from matching_svc.people_search import _passes, search
from matching_svc.ranking import Pair, rank
from matching_svc.shelf import Shelf
from matching_svc.store import features as stored
from matching_svc.store import opened
from stena import migrations
from stena.database import transaction
from stena_local.testing import temporary_postgres
from tests.bench.profiles import offers, official, person, vacancy

JOB, TODAY = "job-ranking", date(2027, 3, 1)
SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "10000,100000,1000000").split(",")]
OFFERS = [int(size) for size in os.environ.get("BENCH_OFFERS", "1000,10000,100000").split(",")]
TIMES = 30
console = Console(width=120)

Times = dict[str, Any]


def main() -> None:
    with temporary_postgres() as postgres:
        figures = []
        for size in SIZES:
            database = postgres.database("matching")
            migrations.upgrade(database.owner_url, Path(matching_svc.migrations.__file__).parent)
            asyncio.run(fill(database.app_url, size))
            url = database.app_url.render_as_string(hide_password=False)
            environment = {**os.environ, "BENCH_DATABASE_URL": url}
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.speed"], env=environment, stdout=subprocess.PIPE, check=True
            )
            figures.append({"size": size, **orjson.loads(done.stdout)})
            database.drop()
    report_people(figures)
    report_offers([measure_offers(official(), size) for size in OFFERS])
    load = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} processors, load {load:.0f} at the end. CPU is of the thread that works.")


async def fill(url: Any, size: int) -> None:
    """People as the feed would have left them."""
    vocabulary, chance = official().vocabulary, random.Random(size)  # noqa: S311 -- no secret
    rows: Iterator[tuple[str, str, str]] = (
        (f"psn_{number:07}{chance.randbytes(20).hex()}", JOB, orjson.dumps(person(vocabulary, chance)).decode())
        for number in range(size)
    )
    async with opened(url) as database, transaction(database) as connection:
        await stored.advance(connection, JOB, stored.Position("c", complete=True))
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        while some := [row for row, _ in zip(rows, range(20_000), strict=False)]:
            columns = ["person_id", "purpose", "features"]
            await driver.copy_records_to_table("features", records=some, columns=columns)


async def measure_people(url: str) -> Times:
    knowledge, index = official(), Index([JOB])
    before, began, cpu = memory(), time.perf_counter(), time.process_time()
    index.restore(JOB, await rebuilt(url), complete=True)
    index.apply(JOB, {}, (), complete=True)
    found: dict[str, Any] = {}
    found |= {"rebuilt": time.perf_counter() - began, "rebuilt_cpu": time.process_time() - cpu, "memory": memory() - before}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    chance = random.Random(7)  # noqa: S311 -- no secret
    asked = [vacancy(knowledge.vocabulary, chance) for _ in range(TIMES)]

    def ask(at: int) -> Any:
        return search(index.snapshot(JOB), asked[at], ATTRIBUTES, knowledge, TODAY, offset=0, limit=10)

    found["best"] = timed(ask, TIMES)
    found["all"] = timed(lambda at: everyone(index, asked[at], knowledge), 3)
    found["pair"] = one_by_one(index, asked[0], knowledge)
    found["equal"] = all(rows(everyone(index, asked[at], knowledge)) == equal(index, ask(at)) for at in range(3))
    found["visible"] = visible(index, asked[0], knowledge)
    found["pause"] = await longest_pause(ask)
    return found


async def rebuilt(url: str) -> Shelf:
    """As the follower of a feed begins."""
    shelf = Shelf()
    packer = Packer(shelf.numberings)
    async with opened(make_url(url)) as database, transaction(database) as connection:
        await stored.position(connection, JOB)
        async for some in stored.stream(connection, JOB):
            await asyncio.to_thread(_pack, packer, some)
    await asyncio.to_thread(_begin, shelf, packer)
    return shelf


def everyone(index: Index, opportunity: Any, knowledge: Knowledge) -> list[Any]:
    """Scoring all, over the same columns."""
    snapshot = index.snapshot(JOB)
    (people, _, alive), numberings = snapshot.parts[0], snapshot.numberings
    question = Question(opportunity, ATTRIBUTES, knowledge, numberings)
    return everybody(question, people, alive, 10, lambda row: _passes(people, numberings, question, TODAY, row))


def rows(found: list[Any]) -> list[tuple[int, int]]:
    return [(each.row, each.units) for each in found]


def equal(index: Index, page: Any) -> list[tuple[int, int]]:
    ids = index.snapshot(JOB).parts[0][0].ids
    return [(ids.index(each.pair.id), each.score.units) for each in page.ranked]


def one_by_one(index: Index, opportunity: Any, knowledge: Knowledge) -> float:
    """Seconds of the plain form for one person, over some of them."""
    people = index.people(JOB)
    some = [people[id_] for id_, _ in zip(people, range(500), strict=False)]
    pairs = [Pair(str(at), view(each, ATTRIBUTES), opportunity) for at, each in enumerate(some)]
    began = time.thread_time()
    rank(pairs, knowledge, TODAY)
    return (time.thread_time() - began) / len(some)


def visible(index: Index, opportunity: Any, knowledge: Knowledge) -> float:
    """Seconds from a page of 500 changes to the first ranking that has them, with somebody new at its top."""
    perfect = {"skills": [*opportunity.essential_skills, *opportunity.optional_skills], "region": opportunity.region}
    jobs = [{"occupation": opportunity.occupation, "months": 99}]
    known = {**perfect, "municipality": opportunity.municipality, "work_history": jobs, "education_level": 8}
    right = [{"answer": "yes", "rule": "demo"}]
    spoken = [{"language": "bul", "listening": "C2"}]
    new = MatchFeatures.model_validate({**known, "languages": spoken, "of_working_age": True, "right_to_work": right})
    began = time.perf_counter()
    index.apply(JOB, dict.fromkeys((f"psn_new{number}" for number in range(500)), new), (), complete=True)
    page = search(index.snapshot(JOB), opportunity, ATTRIBUTES, knowledge, TODAY, offset=0, limit=10)
    assert page.ranked[0].pair.id.startswith("psn_new")
    return time.perf_counter() - began


async def longest_pause(ask: Callable[[int], Any]) -> float:
    """The longest that the event loop waits while rankings run beside it in a thread."""
    longest, work = 0.0, asyncio.create_task(asyncio.to_thread(lambda: [ask(at) for at in range(5)]))
    while not work.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - began - 0.001)
    return longest


def measure_offers(knowledge: Knowledge, size: int) -> Times:
    chance = random.Random(size)  # noqa: S311 -- no secret
    several, offered = list(offers(knowledge.vocabulary, size, chance)), Offered()
    offered.take(several)
    offered = offered.packed_anew()
    people = [view(MatchFeatures.model_validate(person(knowledge.vocabulary, chance)), ATTRIBUTES) for _ in range(TIMES)]
    best_offers(offered, people[0], True, knowledge, TODAY, 10)
    found: Times = {"size": size, "best": timed(lambda at: best_offers(offered, people[at], True, knowledge, TODAY, 10), TIMES)}

    def missing(at: int) -> Any:
        asked = asked_by_best(offered, people[at], True, knowledge, TODAY, CONSIDERED)
        return gaps(people[at], asked, knowledge, 5)

    found["gaps"] = timed(missing, TIMES)
    some, began = several[:1000], time.thread_time()
    rank((Pair(each.id, people[0], each) for each in some), knowledge, TODAY)
    found["pair"] = (time.thread_time() - began) / len(some)
    return found


def timed(ask: Callable[[int], Any], times: int) -> tuple[float, float, float]:
    """Median and p95 as time passed, and the median of processor time, in seconds."""
    passed, used = [], []
    for at in range(times):
        began, cpu = time.perf_counter(), time.thread_time()
        ask(at)
        passed.append(time.perf_counter() - began)
        used.append(time.thread_time() - cpu)
    return float(np.median(passed)), float(np.percentile(passed, 95)), float(np.median(used))


def memory() -> float:
    """MiB that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def report_people(figures: list[Times]) -> None:
    table = Table(title="the best 10 people for an opportunity; times in ms")
    for heading in ("people", "p50", "p95", "CPU", "all: CPU", "pairs: CPU", "ratio", "equal", "visible", "loop waits"):
        table.add_column(heading, justify="right")
    for each in figures:
        (p50, p95, cpu), pairs = each["best"], each["pair"] * each["size"]
        ratio = f"{pairs / cpu:,.0f} / {each['all'][2] / cpu:.1f}"
        numbers = [p50, p95, cpu, each["all"][2], pairs]
        cells = [f"{1000 * number:,.1f}" for number in numbers]
        waits = (f"{1000 * each['visible']:.0f}", f"{1000 * each['pause']:.0f}")
        table.add_row(f"{each['size']:,}", *cells, ratio, str(each["equal"]), *waits)
    console.print(table)
    for each in figures:
        told = f"{each['memory']:,.0f} MiB held, {each['peak']:,.0f} MiB at most in the process"
        took = f"{each['rebuilt']:.0f} s ({each['rebuilt_cpu']:.0f} s CPU)"
        console.print(f"{each['size']:,} people: rebuilt from PostgreSQL in {took}; {told}")


def report_offers(figures: list[Times]) -> None:
    columns = ("opportunities", "p50", "p95", "CPU", "pairs: CPU", "ratio", "gaps: p50", "gaps: CPU")
    table = Table(*columns, title="the best 10 opportunities for a person; times in ms")
    for each in figures:
        (p50, p95, cpu), pairs = each["best"], each["pair"] * each["size"]
        cells = [f"{1000 * number:,.1f}" for number in (p50, p95, cpu, pairs)]
        told = (f"{1000 * each['gaps'][0]:.0f}", f"{1000 * each['gaps'][2]:.0f}")
        table.add_row(f"{each['size']:,}", *cells, f"{pairs / cpu:,.0f}", *told)
    console.print(table)


if __name__ == "__main__":
    if (database := os.environ.get("BENCH_DATABASE_URL")) is not None:
        sys.stdout.buffer.write(orjson.dumps(asyncio.run(measure_people(database))))
    else:
        main()
