"""What profile-svc adds to the command `stena`: its migrations, the import of people, and finding an imported one."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from profile_svc import importing
from profile_svc.import_lines import LONGEST
from profile_svc.importing import Outcome
from profile_svc.settings import OwnerSettings, ProfileSettings
from profile_svc.store import records
from profile_svc.store.keys import WrongMasterKey
from profile_svc.store.vault import open_vault
from profile_svc.upstreams import open_policy
from stena.keys import KeyFileError
from stena.migrations import upgrade
from stena.problems import Unavailable
from stena.settings import database_url
from stena.settling import settle

_PACKAGE: Final = Path(__file__).parent
_MOST_SHOWN: Final = 20


def migrate() -> None:
    """Bring both databases up to date, as their owners."""
    settings = OwnerSettings()
    people = database_url(settings.owner_database_url, settings.owner_database_password_file)
    keys = database_url(settings.keys_owner_database_url, settings.keys_owner_database_password_file)
    upgrade(people, migrations("migrations"))
    upgrade(keys, migrations("key_migrations"))


def migrations(name: str) -> Path:
    """A folder of migrations: beside the sources in a checkout, inside the package where it was installed from a wheel."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parents[1] / name


def import_people(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="NDJSON, one person a line.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON, for machines.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write every bad line with its reason to this file, as JSON.")] = None,
) -> None:
    """Import people. Bad lines are listed and left out; then the exit code is 1."""
    console = Console(stderr=True)
    try:
        with file.open("rb") as source:
            outcome = asyncio.run(_import(source, Console(quiet=True) if as_json else console))
    except (Unavailable, KeyFileError, WrongMasterKey) as error:
        console.print(f"Nothing more was imported: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    if report is not None:
        report.write_text(_json(outcome) + "\n")
    typer.echo(_json(outcome) if as_json else _summary(outcome, report))
    raise typer.Exit(1 if outcome.bad else 0)


def person_find(
    external_id: Annotated[str, typer.Argument(help="The id that the other system knows the person by.")],
    created_by: Annotated[str, typer.Option(help="The organisation that the person was imported for.")],
) -> None:
    """Print the internal id of an imported person."""
    found = asyncio.run(_find(created_by, external_id))
    if found is None:
        typer.echo("Nobody was imported under this id for this organisation.", err=True)
        raise typer.Exit(1)
    typer.echo(found)


async def _import(source: BinaryIO, console: Console) -> Outcome:
    settings = ProfileSettings()
    columns = (TextColumn("Importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    async with open_policy(settings.policy_url) as policy, open_vault(settings) as vault:
        attributes = await policy.attributes()
        settle()
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("import", total=os.fstat(source.fileno()).st_size)
            return await importing.import_people(
                vault, attributes, _lines(source), lambda line: progress.advance(task, len(line))
            )


async def _find(created_by: str, external_id: str) -> str | None:
    async with open_vault(ProfileSettings()) as vault, vault.transaction() as connection:
        wanted = importing.reference(vault, created_by, external_id)
        return await records.id_by_reference(connection, wanted)


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only its beginning, so that no file fills the memory."""
    while line := source.readline(LONGEST + 1):
        rest = line
        while len(rest) > LONGEST and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST + 1)
        yield line


def _json(outcome: Outcome) -> str:
    bad = [{"line": number, "reason": reason} for number, reason in outcome.bad]
    counts = {"created": outcome.created, "updated": outcome.updated, "unchanged": outcome.unchanged}
    counts |= {"merged": outcome.merged} if outcome.merged else {}
    return json.dumps({**counts, "bad": len(bad), "errors": bad}, ensure_ascii=False)


def _summary(outcome: Outcome, report: Path | None) -> str:
    lines = [f"created {outcome.created}, updated {outcome.updated}, unchanged {outcome.unchanged}, bad {len(outcome.bad)}"]
    if outcome.merged:
        lines.append(f"  {outcome.merged} lines are of records that were merged into others here; they changed nothing")
    lines += [f"  line {number}: {reason}" for number, reason in outcome.bad[:_MOST_SHOWN]]
    if len(outcome.bad) > _MOST_SHOWN:
        where = f"all are in {report}" if report else "--report FILE writes all of them"
        lines.append(f"  and {len(outcome.bad) - _MOST_SHOWN} more; {where}")
    return "\n".join(lines)
