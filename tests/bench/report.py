"""The figures as tables, and what was to be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.load import Figures

if TYPE_CHECKING:
    from tests.bench.__main__ import Measured

READ, LIST, THROUGHPUT = 2.0, 1.2, 0.5
"""CPU of a read and of a list at most so many times that of the idiomatic service, throughput at least so much of it."""
JUDGED_AT: Final = 16


def show(console: Console, measured: Measured) -> None:
    title = f"{measured.people:,} people, {measured.cores} cores, load from the same machine; times in ms"
    for what, figures in (("a person", measured.reads), ("100 people", measured.lists)):
        console.print(_table(f"{what} · {title}", figures))
    console.print(_processes(measured))
    console.print("CPU: of all processes for one request, and how many times that of idiomatic, as is the throughput.")
    console.print("idiomatic: FastAPI, SQLAlchemy ORM, pydantic; bare: asyncpg, bytes out. Both in plaintext, and no ledger.")
    for line in _judged(measured):
        console.print(line)


def _table(title: str, figures: Sequence[Figures]) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for heading in ("", "clients", "req/s", "×", "p50", "p95", "p99", "CPU", "×", "503"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for wall, idiomatic, bare in zip(figures[::3], figures[1::3], figures[2::3], strict=True):
        for each in (wall, idiomatic, bare):
            ratios = each.per_second / idiomatic.per_second, each.cpu / idiomatic.cpu
            numbers = (each.per_second, ratios[0], each.p50, each.p95, each.p99, each.cpu, ratios[1])
            told = [*map(short, numbers), str(each.refused or "")]
            table.add_row(each.target, str(each.clients), *told, end_section=each is bare)
    return table


def _processes(measured: Measured) -> Table:
    table = Table(title=f"by process · CPU in ms for one request at {JUDGED_AT} clients, memory in MiB", box=box.SIMPLE_HEAD)
    for heading in ("", "a person", "100 people", "memory"):
        table.add_column(heading, justify="right" if heading else "left")
    read, listed = (_of(figures, "wall") for figures in (measured.reads, measured.lists))
    for name, one, many in zip(measured.processes, read.by_process, listed.by_process, strict=True):
        table.add_row(name, f"{one:.2f}", f"{many:.2f}", f"{measured.memory[name]:.0f}")
    return table


def _judged(measured: Measured) -> Iterable[str]:
    read, listed = ((_of(each, "wall"), _of(each, "idiomatic")) for each in (measured.reads, measured.lists))
    for what, ratio, limit in (
        (f"CPU of a single read at most {READ:g} times", read[0].cpu / read[1].cpu, READ),
        (f"CPU of a list of 100 at most {LIST:g} times", listed[0].cpu / listed[1].cpu, LIST),
    ):
        yield f"{'reached' if ratio <= limit else 'MISSED'}: {what} idiomatic ({ratio:.2f})"
    ratio = read[0].per_second / read[1].per_second
    reached = "reached" if ratio >= THROUGHPUT else "MISSED"
    yield f"{reached}: throughput of reads at {JUDGED_AT} clients at least half of idiomatic ({ratio:.2f})"


def _of(figures: Sequence[Figures], name: str) -> Figures:
    return next(each for each in figures if (each.target, each.clients) == (name, JUDGED_AT))


def short(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:,.0f}"
