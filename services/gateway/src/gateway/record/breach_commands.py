"""The operator's breach report: from the ledger alone, so that it can be made while everything else is down."""

import csv
import getpass
import io
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway import store
from gateway.calls import Caller, Entry, Seen, Stated
from gateway.commands import AsJson, fail, with_database
from gateway.record.ledger import Ledger
from gateway.settings import GatewaySettings
from gateway.store import breaches
from gateway.store.breaches import KINDS, Affected, Extent, Scope
from stena.problems import Unavailable
from stena.upstreams import PolicyService, inside

breach = typer.Typer(
    help="What was disclosed, of whom: for the authority and the people (GDPR Arts 33, 34).", no_args_is_help=True
)

COLUMNS: Final = ("person", "entries", "first", "last", "attributes", "resources", "purposes", "organisations")
CLIENT: Final = "stena breach report"


@breach.callback()
def group() -> None:
    """Without this a group of one command would be that command."""


@breach.command("report")
def report(
    since: Annotated[str, typer.Option(help="From this moment on: 2026-03-01, or 2026-03-01T09:00:00+02:00.")],
    until: Annotated[str, typer.Option(help="Before this one.")],
    organisation: Annotated[str | None, typer.Option(help="What was disclosed to this organisation alone.")] = None,
    client: Annotated[str | None, typer.Option(help="What was disclosed to this client alone.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A line for each person: CSV if it ends in .csv, else NDJSON.")
    ] = None,
    acting_user: Annotated[str | None, typer.Option(help="Who asks, for the ledger; absent: the user of this machine.")] = None,
    as_json: AsJson = False,
) -> None:
    """How many people, which of their attributes, to whom and when. Asking stands in the ledger first.

    People stand in the file by internal ids: `stena person-id` says how an organisation names them.
    """
    scope = Scope(_moment(since), _moment(until), organisation, client)
    if scope.until <= scope.since:
        fail("There is no time between --since and --until.")
    settings, who = GatewaySettings(), acting_user or getpass.getuser()

    async def work(engine: store.Engine) -> Extent:
        book = Ledger(engine)
        await book.record(_asked(who, ()))
        found = await breaches.extent(engine, scope, await _categories(settings))
        if output is not None:
            await _write(engine, book, who, scope, output, found.people)
        return found

    found = with_database(settings.database, work)
    if as_json:
        print(orjson.dumps({**asdict(scope), **asdict(found)}, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(scope, found, output)


async def _write(engine: store.Engine, book: Ledger, who: str, scope: Scope, output: Path, number: int) -> None:
    """Chunk by chunk, and each stands in the ledger before it stands in the file."""
    with Progress(console=Console(stderr=True), transient=True) as progress, _private(output) as file:
        bar = progress.add_task("Writing …", total=number)
        if output.suffix == ".csv":
            file.write(_csv([COLUMNS]))
        async for chunk in breaches.people(engine, scope):
            await book.record(_asked(who, chunk))
            rows = [asdict(each) | {"person": each.person and str(each.person)} for each in chunk]
            if output.suffix == ".csv":
                file.write(_csv([[_cell(row[name]) for name in COLUMNS] for row in rows]))
            else:
                file.writelines(
                    orjson.dumps({name: row[name] for name in COLUMNS}, option=orjson.OPT_APPEND_NEWLINE) for row in rows
                )
            progress.advance(bar, len(chunk))


def _asked(who: str, people: Sequence[Affected]) -> Entry:
    seen = tuple(Seen(str(each.person)) for each in people if each.person is not None)
    stated = Stated(None, "data-protection-audit", acting_user=who)
    return Entry(Caller(CLIENT, "operator"), stated, "report", "ledger", "answered", people=seen)


async def _categories(settings: GatewaySettings) -> dict[str, str]:
    """How the rulebook groups attributes, if policy-svc can be asked; the report does not wait for it to stand again."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(inside("policy-svc", settings.policy_url, within=2))
        try:
            catalogue = await PolicyService(http, audience="gateway", within=2).catalogue()
        except Unavailable:
            return {}
    return {each.name: each.category for each in catalogue.attributes}


def _print(scope: Scope, found: Extent, output: Path | None) -> None:
    console = Console()
    table = Table("", "", show_header=False, title=f"Disclosed from {scope.since.isoformat()} until {scope.until.isoformat()}")
    table.add_row("to", " · ".join(each for each in (scope.organisation, scope.client) if each) or "anybody")
    for name in ("people", "forgotten", "entries", "unended", "first", "last"):
        table.add_row(name, str(getattr(found, name) if getattr(found, name) is not None else ""))
    console.print(table)
    for kind in KINDS:
        counted = Table(kind, "people")
        for name, people in getattr(found, kind).items():
            counted.add_row(name, str(people))
        console.print(counted)
    if output is not None:
        console.print(f"{found.people} people stand in {output}.")


def _private(output: Path) -> BinaryIO:
    """Nobody else on the machine reads whom it was about."""
    return os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _cell(value: Any) -> Any:
    match value:
        case tuple():
            return " ".join(value)
        case datetime():
            return value.isoformat()
    return value


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text} is no moment; write it as 2026-03-01T09:00:00+02:00.")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
