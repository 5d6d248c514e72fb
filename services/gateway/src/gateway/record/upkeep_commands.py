"""The operator's commands that copy the ledger out, make room for months to come, and remove those whose time is over."""

import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from uuid_utils.compat import uuid7

from gateway import exporting, store
from gateway import retention as keeping
from gateway.commands import fail, rulebook_of, with_database
from gateway.record import leaves as ledger_leaves
from gateway.record.leaves import Leaf
from gateway.settings import GatewaySettings, OwnerSettings
from gateway.store import entries, months
from stena import request_id

retention = typer.Typer(help="Remove months of the ledger whose time is over. Hashes of entries stay.", no_args_is_help=True)


def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; standard output without it.")] = None,
) -> None:
    """The whole ledger as lines of JSON, for `stena ledger verify`. People stand in it by pseudonyms."""

    async def write(engine: store.Engine) -> None:
        size = await entries.size(engine)
        with Progress(console=Console(stderr=True), transient=True) as progress, _opened(output) as file:
            for_bar = progress.add_task("Exporting …", total=size)
            async for line in exporting.lines(engine, size):
                file.write(line)
                progress.advance(for_bar)

    with_database(GatewaySettings().database, write)


def partitions(
    count: Annotated[int, typer.Option("--months", min=1, max=120, help="How many, the present one included.")] = months.AHEAD,
) -> None:
    """Make partitions for months to come, as the database's owner. Every migration does this too."""
    made = with_database(OwnerSettings().database, lambda engine: months.add(engine, months.ahead(_today(), count)))
    print(f"{made} months were made; the ledger has room for {count}.")


@retention.callback()
def group() -> None:
    """Without this a group of one command would be that command."""


@retention.command("run")
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    keep: Annotated[
        str | None, typer.Option(help="For how long, as P10Y; without it as long as the rulebook lets any data be kept.")
    ] = None,
) -> None:
    """Remove what is older than it has to be, as the database's owner."""
    before = _first_kept(keep)
    counted = with_database(OwnerSettings().database, lambda engine: months.counted(engine, before))
    table = Table("month", "entries", "people listed", title=f"Before {before:%Y-%m}", title_justify="left")
    for month, count, people in counted:
        table.add_row(f"{month:%Y-%m}", str(count), str(people))
    Console().print(table)
    if dry_run or not counted:
        print("Nothing was removed.")
        return
    try:
        gone = with_database(OwnerSettings().database, lambda engine: months.drop(engine, before, partial(_told, before)))
    except months.NotSigned:
        fail("Nothing was removed: no signed head covers all of it yet. Let the gateway run for a minute.")
    print(f"Removed. {gone} entries are there by their hash alone now.")


def _told(before: date, gone: int, below: int) -> Leaf:
    entry = keeping.entry(before, gone, below)
    return ledger_leaves.made(entry, uuid7(), datetime.now(UTC), request_id.current().trace_id, {})


def _first_kept(keep: str | None) -> date:
    """The first month that stays; ends the command where the law wants more to stay."""
    catalogue = rulebook_of(GatewaySettings())
    try:
        return keeping.first_kept(_today(), keeping.kept_for(keep, [each.retention for each in catalogue.purposes]))
    except (keeping.TooShort, ValueError) as fault:
        fail(f"Nothing was removed: {fault}.")


def _today() -> date:
    return datetime.now(UTC).date()


def _opened(output: Path | None) -> nullcontext[BinaryIO] | BinaryIO:
    return nullcontext(sys.stdout.buffer) if output is None else output.open("wb")
