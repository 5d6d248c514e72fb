"""`make bench-policy`: what a decision costs, beside py-abac and Cedar on equal rulebooks, in one run."""

import os
import tempfile
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.deciding import Measured, measure, read_generated, read_starter
from tests.bench.rulebooks import SIZES
from tests.bench.serving import CALLERS, REQUESTS, Loaded, Served, measure_loading, measure_serving

HTTP_SIZE, LOADED_SIZE = 1_000, 10_000
console = Console()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stena-bench-policy-") as folder:
        views = _views()
        with console.status(f"{HTTP_SIZE} rules over HTTP …"):
            served = measure_serving(HTTP_SIZE, _folder(folder, "served"))
        with console.status(f"Loading {LOADED_SIZE} rules …"):
            loaded = measure_loading(LOADED_SIZE, _folder(folder, "loaded"))
    console.print(_table_of_views(views), _goals(views, served, loaded))
    console.print(
        f"py-abac {version('py-abac')}: its own decision point, policies in memory. cedarpy {version('cedarpy')}: policies and "
        f"catalogue parsed beforehand, one batch for a view. All engines agreed on "
        f"{', '.join(str(each.agreed) for each in views)} questions before they were measured; "
        f"{os.cpu_count()} cores. Loading took {loaded.cpu:.1f} s of CPU time."
    )


def _views() -> list[Measured]:
    with console.status("The starter rulebook …"):
        views = [measure(read_starter())]
    for size in SIZES:
        with console.status(f"{size} rules …"):
            views.append(measure(read_generated(size)))
    return views


def _folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name / "rulebook"
    folder.mkdir(parents=True)
    return folder


def _table_of_views(views: list[Measured]) -> Table:
    table = Table(title="One person's whole view, µs of CPU time")
    for heading in ("Rulebook", "rules", "Stena", "py-abac", "ratio", "cedarpy", "ratio"):
        table.add_column(heading, justify="left" if heading == "Rulebook" else "right", no_wrap=True)
    for each in views:
        stena, abac, cedar = each.views["Stena"], each.views["py-abac"], each.views["cedarpy"]
        ratios = f"{abac:,.0f}", f"{abac / stena:,.0f} ×", f"{cedar:,.0f}", f"{cedar / stena:,.0f} ×"
        table.add_row(each.rulebook, f"{each.rules:,}", f"{stena:.0f}", *ratios)
    return table


def _goals(views: list[Measured], served: Served, loaded: Loaded) -> Table:
    smallest, largest = views[1], views[-1]
    rows = [
        ("times faster than py-abac, at least", min(each.views["py-abac"] / each.views["Stena"] for each in views), 300, ">="),
        ("times faster than cedarpy, at least", min(each.views["cedarpy"] / each.views["Stena"] for each in views), 20, ">="),
        (
            f"{largest.rules:,} rules against {smallest.rules:,}, times",
            largest.views["Stena"] / smallest.views["Stena"],
            2,
            "<=",
        ),
        (f"HTTP, {HTTP_SIZE:,} rules, {CALLERS} callers: requests/s", served.per_second, 1_800, ">="),
        ("  p50 ms", served.p50, 5, "<="),
        ("  p95 ms", served.p95, 15, "<="),
        ("  p99 ms", served.p99, 30, "<="),
        (f"loading and checking {LOADED_SIZE:,} rules: s", loaded.seconds, 10, "<="),
        ("  memory MiB", loaded.memory, 300, "<="),
    ]
    table = Table(title=f"Goals ({REQUESTS:,} requests, {served.permits:.0%} permits, {served.cpu:.2f} ms of CPU time each)")
    for heading in ("", "reached", "goal", ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, reached, goal, sign in rows:
        met = reached >= goal if sign == ">=" else reached <= goal
        table.add_row(name, f"{reached:,.1f}", f"{sign} {goal:,}", "met" if met else "MISSED")
    return table


if __name__ == "__main__":
    main()
