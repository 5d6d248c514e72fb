"""`stena esco`: make the small set that ships with this service from the official ESCO download."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import orjson
import typer

from matching_svc.esco.extract import extract

app = typer.Typer(help="The ESCO classification that matching speaks.", no_args_is_help=True)


@app.callback()
def esco() -> None:
    """Keep the group a group though it has one command."""


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
