"""What came of the faults: a table for people, JSON for machines."""

from collections import Counter
from dataclasses import asdict
from math import isinf
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .judging import Verdict
from .running import Outcome

MOST: Final = 8


def show(console: Console, outcome: Outcome) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("fault", "calls", "well", "failed", "slowest", "recovered", "entries", "broken"):
        table.add_column(heading, justify="left" if heading in ("fault", "failed") else "right")
    for each in outcome.verdicts:
        table.add_row(*_row(each))
    console.print(table)
    for each in outcome.verdicts:
        _tell(console, each.name, each.broken)
    _tell(console, "in the end", outcome.broken)
    for fault in outcome.untried:
        console.print(f"[yellow]not tried: {escape(fault.name)}; this machine has no {fault.needs}[/]")
    calls, entries = (sum(each) for each in zip(*((v.calls, v.entries) for v in outcome.verdicts), strict=True))
    console.print(
        f"{len(outcome.verdicts)} faults, {calls} calls, {entries} answers with a decision held against the ledger, "
        f"{outcome.registered} people registered and found again once."
    )


def as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "kept": outcome.kept,
        "faults": [
            asdict(each) | {"recovered": None if isinf(each.recovered) else each.recovered} for each in outcome.verdicts
        ],
        "untried": [fault.name for fault in outcome.untried],
        "registered": outcome.registered,
        "broken": list(outcome.broken),
    }


def _row(each: Verdict) -> tuple[str, ...]:
    failed = " ".join(f"{status}×{times}" for status, times in sorted(each.failed.items()))
    broken = f"[bold red]{len(each.broken)}[/]" if each.broken else "0"
    recovered = "never" if isinf(each.recovered) else f"{each.recovered:.1f} s"
    return (
        escape(each.name),
        str(each.calls),
        str(each.well),
        failed,
        f"{each.slowest:.1f} s",
        recovered,
        str(each.entries),
        broken,
    )


def _tell(console: Console, where: str, broken: tuple[str, ...] | list[str] | Any) -> None:
    for what, times in Counter(broken).most_common(MOST):
        console.print(f"  [red]{escape(where)}: {escape(what)}{f' ({times} times)' if times > 1 else ''}[/]")
