"""One gateway's ledger as a process of its own: it writes entries as fast as so many callers at once ask for them."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.engine import make_url

from gateway.calls import Caller, Entry, Seen, Stated
from gateway.record.ledger import Ledger
from stena.database import create_engine
from stena.problems import Unavailable

ATTRIBUTES = frozenset({"skills", "languages", "education_level", "adult", "municipality", "right_to_work"})
EVERYBODY = [str(UUID(int=number)) for number in range(20_000)]


async def main(url: str, entries: int, callers: int, people: int) -> None:
    engine = create_engine(make_url(url))
    ledger = Ledger(engine)
    turns = iter(range(entries))
    await _write(ledger, iter(range(callers)), callers, people)  # warm: pseudonyms and connections are there
    begun, cpu, late = time.perf_counter(), time.process_time(), await _write(ledger, turns, callers, people)
    took = time.perf_counter() - begun
    print(json.dumps({"entries": entries - late, "late": late, "seconds": took, "cpu": time.process_time() - cpu}))
    await engine.dispose()


async def _write(ledger: Ledger, turns: Iterator[int], callers: int, people: int) -> int:
    """How many were refused because it took too long."""
    late = 0

    async def call() -> None:
        nonlocal late
        for number in turns:
            try:
                await ledger.record(_entry(number, people))
            except Unavailable:
                late += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(call())
    return late


def _entry(number: int, people: int) -> Entry:
    start = number * people % len(EVERYBODY)
    listed = tuple(Seen(person, ATTRIBUTES) for person in EVERYBODY[start : start + people])
    return Entry(
        Caller("cli_0123456789abcdef0123", "employment-agency"),
        Stated(None, "job-ranking", case="2026/1234", acting_user="i.ivanova"),
        "read" if people == 1 else "list",
        "person",
        "answered",
        decision=f"dec_{number:032x}",
        rulebook="sha256:" + "0" * 64,
        rules=("job-ranking.operate", "job-ranking.disclose"),
        people=listed,
        withheld=40,
    )


if __name__ == "__main__":
    _, address, *numbers = sys.argv
    asyncio.run(main(address, *map(int, numbers)))
