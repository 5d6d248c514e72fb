"""``python -m tests.faults``: harms a running Stena in every way there is, and ends with 1 if anything came of it."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from tests.leaks.report import Progress

from .faults import Fault, all_faults
from .lies import Liar
from .place import means_here
from .report import as_json, show
from .running import BOUNDS, run


def main(
    only: Annotated[list[str] | None, typer.Option(help="Only faults with this in their name; may be repeated.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all that was found to this file.")] = None,
    without_means: Annotated[
        bool, typer.Option(help="Be content where this machine has no means for a fault: otherwise that is a failure too.")
    ] = False,
) -> None:
    """Kills, stops, slows, cuts, lies, fills disks and sets clocks, while organisations go on with their work."""
    console = Console()
    wanted = only or [""]

    def choose(liar: Liar) -> Sequence[Fault]:
        return [fault for fault in all_faults(liar) if any(part in fault.name for part in wanted)]

    with tempfile.TemporaryDirectory(prefix="stena-faults-") as folder, _bar(console) as told:
        outcome = asyncio.run(run(Path(folder), choose, means_here(), BOUNDS, told))
    show(console, outcome)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(outcome), ensure_ascii=False, indent=2) + "\n")
    raise typer.Exit(0 if outcome.kept and (without_means or not outcome.untried) else 1)


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with ProgressBar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("faults", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


if __name__ == "__main__":
    typer.run(main)
