"""The operator's commands about the master key: renewing it while the service runs, and seeing where that stands."""

import asyncio
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from profile_svc import renewing
from profile_svc.master_keys import FORM
from profile_svc.sealing import CannotOpen, MasterKey
from profile_svc.settings import ProfileSettings
from profile_svc.store import renewal
from profile_svc.store.keys import WrongMasterKey
from profile_svc.store.vault import open_vault
from stena import key_folders
from stena.keys import KeyFileError
from stena.problems import Unavailable

_REFUSED: Final = (Unavailable, KeyFileError, WrongMasterKey, CannotOpen, KeyboardInterrupt)

keys = typer.Typer(help="Renew the master key, under which the key of every person lies.", no_args_is_help=True)


@keys.command("rotate")
def rotate() -> None:
    """Make a new master key and wrap every person's key by it, while the service runs. Begun again, it goes on."""
    try:
        done = asyncio.run(_rotate())
    except _REFUSED as error:
        typer.echo(f"It broke off. {error}", err=True)
        typer.echo("Everybody can still be read. Go on with: stena keys rotate", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{done} person keys were opened under the new master key: it works.")
    typer.echo("Keep the files of the earlier ones for as long as you keep backups of the keys, and then destroy them.")


@keys.command("status")
def status() -> None:
    """Every version of the master key, what it is used for, and how many person keys it wraps."""
    try:
        counted = asyncio.run(_count())
    except _REFUSED as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    known = key_folders.read(ProfileSettings().master_keys_dir, FORM)
    table = Table("version", Column("key", no_wrap=True), "use", Column("person keys", justify="right"))
    for version in sorted(known.by_version):
        name = MasterKey(known.by_version[version]).id
        use = "wraps and opens" if version == known.making else "staged" if version == known.staged else "opens"
        table.add_row(str(version), name, use, str(counted.get(name, 0)))
    Console().print(table)


async def _rotate() -> int:
    settings = ProfileSettings()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_vault(settings) as vault:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            total = sum((await renewal.count(vault.person_keys)).values())
            wrapping = progress.add_task("Wrapping", total=total)
            await renewing.renew(vault.person_keys, settings.master_keys_dir, lambda number: progress.advance(wrapping, number))
            opening = progress.add_task("Opening", total=total)
            return await renewing.check(vault.person_keys, lambda number: progress.advance(opening, number))


async def _count() -> dict[str, int]:
    async with open_vault(ProfileSettings()) as vault:
        return await renewal.count(vault.person_keys)
