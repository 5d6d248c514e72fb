"""The operator's commands about rulebooks, for people and for CI: 0 it holds, 1 it does not."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from policy_svc import explain_commands, golden, matrix_commands, revision_commands
from policy_svc.faults import RulebookError
from policy_svc.loading import load, parse, read_files
from policy_svc.plain import PlainRulebook
from policy_svc.plain_loading import is_plain, load_plain
from policy_svc.printing import print_json, refuse
from policy_svc.rulebook import Rulebook
from policy_svc.settings import OwnerSettings, RulebookSettings
from stena.migrations import upgrade

rulebook = typer.Typer(
    help="Check and test a rulebook: the folder of data that says what the wall lets through.", no_args_is_help=True
)

Directory = Annotated[Path | None, typer.Argument(help="Folder of the rulebook; the deployment's own when left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@rulebook.command("check")
def check_rulebook(directory: Directory = None, as_json: AsJson = False) -> None:
    """Load a rulebook as policy-svc would, its golden cases included, and name every fault with file and line."""
    folder = _folder(directory)
    try:
        loaded = load_plain(folder) if is_plain(folder) else load(folder)
    except RulebookError as error:
        refuse(error, as_json)
    if as_json:
        print_json({"faults": [], **_summary(loaded)})
        return
    table = Table("", "", show_header=False, title="The rulebook holds")
    for name, value in _summary(loaded).items():
        table.add_row(name, str(value))
    Console().print(table)


@rulebook.command("test")
def run_cases(directory: Directory = None, as_json: AsJson = False) -> None:
    """Run the golden cases and show each; those of a plain rulebook are run by its check."""
    folder = _folder(directory)
    if is_plain(folder):
        check_rulebook(folder, as_json)
        return
    try:
        loaded, cases = parse(read_files(folder))
    except RulebookError as error:
        refuse(error, as_json)
    outcomes = golden.run(loaded, cases)
    if as_json:
        print_json({"revision": loaded.revision, "cases": [_outcome(outcome) for outcome in outcomes]})
    else:
        _print_outcomes(outcomes)
    if any(outcome.differences for outcome in outcomes):
        raise typer.Exit(1)


matrix_commands.add_to(rulebook)
explain_commands.add_to(rulebook)
revision_commands.add_to(rulebook)


def migrate() -> None:
    """Bring the database `policy` to the newest revision."""
    upgrade(OwnerSettings().database, migrations())


def migrations() -> Path:
    """The folder of the migrations: beside the sources in a checkout, inside the package in a wheel."""
    inside = Path(__file__).parent / "migrations"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "migrations"


def _folder(directory: Path | None) -> Path:
    return directory or RulebookSettings().rulebook_dir


def _summary(loaded: Rulebook | PlainRulebook) -> dict[str, Any]:
    if isinstance(loaded, PlainRulebook):
        return {"revision": loaded.revision, "actions": len(loaded.plans), "rules": len(loaded.rules)}
    return {
        "revision": loaded.revision,
        "attributes": len(loaded.catalogue.attributes),
        "purposes": len(loaded.purposes),
        "organisations": len(loaded.organisations),
        "rules": len(loaded.rules),
    }


def _outcome(outcome: golden.Outcome) -> dict[str, Any]:
    place = outcome.case.place
    return {"file": place.file, "line": place.line, "name": outcome.case.wanted.name, "differences": list(outcome.differences)}


def _print_outcomes(outcomes: tuple[golden.Outcome, ...]) -> None:
    failed = [outcome for outcome in outcomes if outcome.differences]
    table = Table("Case", "Where", "Outcome", title=f"{len(outcomes) - len(failed)} of {len(outcomes)} golden cases hold")
    for outcome in outcomes:
        table.add_row(outcome.case.wanted.name, str(outcome.case.place), "\n".join(outcome.differences) or "holds")
    Console().print(table)
