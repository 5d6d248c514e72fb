"""`stena esco`: import the official ESCO download, and make from it the small set that ships with this service."""

import asyncio
from importlib import resources
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar

from matching_svc.esco.extract import NOTICE, extract
from matching_svc.esco.files import Refused
from matching_svc.esco.importing import Asked, Outcome, Progress, import_download
from matching_svc.settings import MigrationSettings
from matching_svc.store import opened
from stena.keys import KeyFileError
from stena.problems import Unavailable

app = typer.Typer(help="The ESCO classification that matching speaks.", no_args_is_help=True)


@app.command("extract")
def make_small_set(
    classification: Annotated[Path, typer.Argument(help="Official zip: classification, en, csv.")],
    relations: Annotated[Path, typer.Argument(help="Official zip: relations, csv.")],
    target: Annotated[Path, typer.Argument(help="JSON file to write.")],
    labels: Annotated[list[str] | None, typer.Option(help="Further labels of occupations, as LANGUAGE=FILE.")] = None,
    selection: Annotated[Path | None, typer.Option(help="Preferred English labels, one a line; default: as shipped.")] = None,
    version: Annotated[str, typer.Option(help="Version of the download.")] = "1.1.1",
) -> None:
    """Write the small set of occupations and skills."""
    text = (selection or resources.files("matching_svc.esco") / "selection.txt").read_text(encoding="utf-8")
    chosen = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    files = {language: Path(path) for language, _, path in (entry.partition("=") for entry in labels or [])}
    try:
        small = extract(classification, relations, files, chosen, version=version)
    except KeyError as error:
        raise typer.BadParameter(f"{error} is not the preferred English label of an occupation.") from error
    target.write_bytes(orjson.dumps(small) + b"\n")
    typer.echo(
        f"{target}: {len(small['occupations'])} occupations, {len(small['skills'])} skills, {target.stat().st_size} bytes"
    )


@app.command("import")
def import_esco(
    places: Annotated[list[Path], typer.Argument(exists=True, help="The official CSV download: zips, or folders they lie in.")],
    languages: Annotated[
        str | None, typer.Option(help="Whose labels: language codes with commas; default: all there are.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Version of the download, where no file's name says it.")] = None,
) -> None:
    """Import the official download: concepts, relations and labels. A second run changes nothing."""
    asked = Asked(places, languages.split(",") if languages else None, version)
    try:
        outcome = asyncio.run(_import(asked))
    except (Refused, Unavailable, KeyFileError) as error:
        typer.secho(f"Nothing was changed: {error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error
    typer.echo(_summary(outcome))


async def _import(asked: Asked) -> Outcome:
    """As the owner: the running service may only read the vocabulary."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    async with opened(MigrationSettings().database) as database:
        with ProgressBar(*columns, console=Console(stderr=True)) as bar:
            tasks: list[TaskID] = []

            def begin(what: str, total: int) -> None:
                for task in bar.tasks:  # what was left out of reading is done with as well
                    bar.update(task.id, completed=task.total)
                tasks.append(bar.add_task(what, total=total, visible=total > 0))

            progress = Progress(begin=begin, advance=lambda done: bar.advance(tasks[-1], done))
            return await import_download(database, asked, progress)


def _summary(outcome: Outcome) -> str:
    lines = [f"ESCO {outcome.version}: " + ("imported." if outcome.changed else "nothing has changed.")]
    lines += [f"  {part}: {change}, {outcome.entries.get(part, 0)} entries" for part, change in sorted(outcome.changes.items())]
    for language, strangers in sorted(outcome.strangers.items()):
        names = ", ".join(uri.rsplit("/", 2)[-2] + "/" + uri.rsplit("/", 1)[-1] for uri in strangers[:5])
        lines.append(f"  labels:{language}: left out those of {len(strangers)} concepts that this version lacks: {names}")
    lines.append(NOTICE)
    return "\n".join(lines)
