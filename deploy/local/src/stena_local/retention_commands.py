"""The command that ends what was kept long enough, over every service that is installed here: entry points `stena.retention`.

Each is a function that takes ``dry_run`` and says what, and how many of it, it ended.
"""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Annotated, Final

import typer
from rich.table import Column, Table

from stena.erasure_journal import JournalError
from stena.problems import Unavailable
from stena_local import report
from stena_local.trouble import DeploymentError

RETENTION: Final = "stena.retention"
Forget = Callable[..., Mapping[str, int]]

retention = typer.Typer(help="End what was kept for as long as the rulebook and the law say.", no_args_is_help=True)


@retention.callback()
def group() -> None:
    """Keeps `run` a command of a group."""


@retention.command("run")
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, for machines.")] = False,
) -> None:
    """Tell people that their record ends, erase those who were told long enough ago, and cut logs.

    What was done stays done when it breaks off: begin it again. Once a day is often enough.
    """
    done = {entry.name: _ended(entry.name, entry.load(), dry_run) for entry in sorted(entry_points(group=RETENTION))}
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "services": done}, indent=2))
        return
    table = Table("service", "would be done" if dry_run else "done", Column("how many", justify="right"))
    for service, counts in done.items():
        for what, number in counts.items():
            table.add_row(service, what, str(number))
    report.console().print(table)


def _ended(service: str, forget: Forget, dry_run: bool) -> Mapping[str, int]:
    try:
        return dict(forget(dry_run=dry_run))
    except (Unavailable, JournalError) as error:
        raise DeploymentError(f"{service} broke off: {error} What was done stays done; begin again.") from error
