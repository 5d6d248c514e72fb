"""The operator's commands about revisions: load, activate, rollback, history. They work on the database, whatever runs."""

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from policy_svc import revisions
from policy_svc.faults import RulebookError
from policy_svc.loading import load
from policy_svc.printing import print_json, refuse
from policy_svc.settings import ArchiveSettings
from policy_svc.store.archive import Activation, Archive, Overtaken, open_archive
from stena.problems import Unavailable

Done = TypeVar("Done")

Folder = Annotated[Path | None, typer.Argument(help="Folder of the rulebook; the deployment's own when left out.")]
Target = Annotated[str | None, typer.Argument(help="A revision (the beginning of its name is enough) or a folder to load.")]
Widen = Annotated[bool, typer.Option("--widen", help="It may open what is closed now.")]
Comment = Annotated[str | None, typer.Option(help="Why; stands in the history.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

SHORT = 15  # characters of "sha256:…" that people compare


def add_to(group: typer.Typer) -> None:
    group.command("load")(load_revision)
    group.command("activate")(activate)
    group.command("rollback")(roll_back)
    group.command("history")(history)


def load_revision(folder: Folder = None, as_json: AsJson = False) -> None:
    """Check a rulebook and keep it as a revision that can be activated. It decides nothing yet."""
    settings = _settings()
    revision = _run(settings, lambda archive: _load(archive, folder or settings.rulebook_dir), as_json)
    if as_json:
        print_json({"revision": revision})
    else:
        typer.echo(f"Kept as {revision}\nLet it decide with: stena rulebook activate {revision[:SHORT]}")


def activate(target: Target = None, widen: Widen = False, comment: Comment = None, as_json: AsJson = False) -> None:
    """Let a revision decide from now on; running services follow within a second."""
    settings = _settings()

    async def work(archive: Archive) -> Activation:
        revision = await _wanted(archive, target or str(settings.rulebook_dir))
        return await revisions.activate(archive, revision, by=_operator(), widen=widen, comment=comment)

    _tell(_run(settings, work, as_json), as_json)


def roll_back(widen: Widen = False, comment: Comment = None, as_json: AsJson = False) -> None:
    """Let the revision before decide again; called again, the one before that."""

    async def work(archive: Archive) -> Activation:
        return await revisions.roll_back(archive, by=_operator(), widen=widen, comment=comment)

    _tell(_run(_settings(), work, as_json), as_json)


def history(as_json: AsJson = False) -> None:
    """Which revision decided when, and who wanted it so; newest first."""
    activations = _run(_settings(), lambda archive: archive.activations(), as_json)
    if as_json:
        print_json({"activations": [asdict(each) for each in activations]})
        return
    table = Table(title="Newest first: the first one decides")
    for heading in ("No.", "Decides from (UTC)", "Revision", "By", "Widened"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Comment")
    for each in activations:
        back = f"back to {each.returns_to}. " if each.returns_to else ""
        widened = "yes" if each.widened else ""
        at = f"{each.at:%Y-%m-%d %H:%M}"
        table.add_row(
            str(each.number), at, each.revision[:SHORT], escape(each.by), widened, escape(back + (each.comment or ""))
        )
    Console().print(table)


async def _wanted(archive: Archive, target: str) -> str:
    """The revision that ``target`` means: a kept one, or the one in a folder, which is kept now."""
    if not target.startswith("sha256:"):
        return await _load(archive, Path(target))
    found = [each.revision for each in await archive.revisions() if each.revision.startswith(target)]
    if len(found) > 1:
        raise typer.BadParameter(f"{len(found)} revisions begin like that: give more of the name.")
    return found[0] if found else target


async def _load(archive: Archive, folder: Path) -> str:
    rulebook = load(folder)
    await archive.add(rulebook)
    return rulebook.revision


def _settings() -> ArchiveSettings:
    try:
        return ArchiveSettings()
    except ValidationError as error:
        # Only names: a setting's value may hold a password.
        names = ", ".join(f"POLICY_{str(fault['loc'][0]).upper()}" for fault in error.errors())
        _fail(f"These settings are missing or wrong: {names}. docs/internal-api.md says what they are.", as_json=False)


def _run(settings: ArchiveSettings, work: Callable[[Archive], Awaitable[Done]], as_json: bool) -> Done:
    """Do ``work`` on the archive; whatever keeps it from being done is told in plain words, with exit code 1."""

    async def opened() -> Done:
        async with open_archive(settings.database) as archive:
            return await work(archive)

    try:
        return asyncio.run(opened())
    except RulebookError as error:
        refuse(error, as_json)
    except revisions.Opens as error:
        _refuse_opening(error, as_json)
    except revisions.UnknownRevision:
        _fail("No revision of this name is kept. See `stena rulebook history`, or load it with `stena rulebook load`.", as_json)
    except revisions.NothingBefore:
        _fail("Nothing decided before, so there is nothing to return to.", as_json)
    except Overtaken:
        _fail("Somebody activated another revision meanwhile. Look at `stena rulebook history`, and try again.", as_json)
    except Unavailable:
        _fail("The database does not answer. Is the deployment up (`stena status`)?", as_json)


def _refuse_opening(error: revisions.Opens, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"opens": list(error.cells)})
        raise typer.Exit(1)
    table = Table("Opens", title="Not activated: this is closed now, and would be open", show_lines=True)
    for cell in error.cells:
        table.add_row(escape(cell))
    Console().print(table)
    typer.echo("If that is wanted, say it again with --widen.")
    raise typer.Exit(1)


def _fail(reason: str, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"error": reason})
    else:
        typer.echo(reason, err=True)
    raise typer.Exit(1)


def _tell(made: Activation, as_json: bool) -> None:
    if as_json:
        print_json(asdict(made))
    else:
        widened = " It opens what was closed." if made.widened else ""
        typer.echo(f"{made.revision} decides since {made.at:%Y-%m-%d %H:%M:%S} UTC.{widened}")


def _operator() -> str:
    """Who runs this command, as far as the machine knows."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container the user may have no name
        return f"user {os.getuid()}"
