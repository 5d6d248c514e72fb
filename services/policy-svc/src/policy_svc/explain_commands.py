"""The operator's command that explains a decision: given by options, or as JSON, for instance from the gateway's ledger."""

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from policy_svc.explaining import Wanted, explanation_of, plain
from policy_svc.explanations import Condition, Considered, Explanation
from policy_svc.faults import RulebookError
from policy_svc.loading import parse, read_files, revision_of
from policy_svc.printing import print_json, refuse
from policy_svc.rulebook import Rulebook
from policy_svc.settings import ArchiveSettings, RulebookSettings
from policy_svc.store.archive import open_archive
from stena.contracts.access import ANY_ID
from stena.problems import Unavailable

Folder = Annotated[Path | None, typer.Argument(help="Folder of the rulebook; the deployment's own when left out.")]
_SIGNS = {"true": "[green]true[/green]", "false": "[red]false[/red]", "unknown": "[magenta]unknown[/magenta]"}
_SIGNS |= {"open": "[yellow]open[/yellow]"}


def add_to(group: typer.Typer) -> None:
    group.command("explain")(explain_decision)


def explain_decision(
    directory: Folder = None,
    organisation: Annotated[str | None, typer.Option(help="Id of who asks.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What for.")] = None,
    action: Annotated[str, typer.Option(help="Operation, as read or list.")] = "read",
    resource: Annotated[str, typer.Option(help="Type of what is asked for.")] = "person",
    target: Annotated[str, typer.Option("--id", help="Of the record; * for none in particular.")] = "someone",
    person: Annotated[str | None, typer.Option(help="The asker's own id, where it is a data subject.")] = None,
    case: Annotated[str | None, typer.Option(help="Case reference.")] = None,
    acting_user: Annotated[str | None, typer.Option(help="Who acts in the organisation.")] = None,
    justification: Annotated[str | None, typer.Option(help="Reason in words.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="Attribute to explain; may be given several times.")] = None,
    record: Annotated[str | None, typer.Option(help="Facts of a record, as JSON; without them conditions stay open.")] = None,
    at: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; now when left out.")] = None,
    evaluation: Annotated[str | None, typer.Option(help="File with the call as JSON, - for standard input.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Which rules were considered for a call, what became of each condition, and which values that used."""
    given: dict[str, Any] = _read_json(evaluation, "--evaluation") if evaluation else {}
    if not given:
        if organisation is None or purpose is None:
            raise typer.BadParameter("Give --organisation and --purpose, or --evaluation.")
        asker = _said(person=person, acting_user=acting_user)
        given["evaluation"] = {
            "subject": {"type": "organisation", "id": organisation, "properties": asker},
            "action": {"name": action},
            "resource": {"type": resource, "id": target or ANY_ID},
            "context": _said(purpose=purpose, case=case, justification=justification),
        }
    given |= {"attributes": attribute} if attribute else {}
    given |= {"record": _object(record, "--record")} if record else {}
    given |= {"at": datetime.combine(at.date(), time(12), UTC).isoformat()} if at else {}
    wanted = _wanted(given)
    explanation = explanation_of(_rulebook(directory, wanted.rulebook, as_json), wanted)
    if as_json:
        print_json(plain(explanation))
    else:
        _print(explanation)


def _said(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def _read_json(source: str, hint: str) -> dict[str, Any]:
    try:
        return _object(sys.stdin.read() if source == "-" else Path(source).read_text("utf-8"), hint)
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{source} cannot be read.", param_hint=hint) from error


def _object(text: str, hint: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"Not JSON: line {error.lineno}, column {error.colno}.", param_hint=hint) from error
    if not isinstance(value, dict):
        raise typer.BadParameter("Wants a JSON object.", param_hint=hint)
    return value


def _wanted(given: dict[str, Any]) -> Wanted:
    try:
        return Wanted.model_validate_json(orjson.dumps(given))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False))
        raise typer.BadParameter("; ".join(faults)) from error


def _rulebook(directory: Path | None, revision: str | None, as_json: bool) -> Rulebook:
    """The rulebook in the folder, or where a revision is named and the folder holds another, that revision as it was kept."""
    try:
        files = read_files(directory or RulebookSettings().rulebook_dir)
        if revision is not None and revision_of(files) != revision:
            files = _kept(revision)
        return parse(files)[0]
    except RulebookError as error:
        refuse(error, as_json)


def _kept(revision: str) -> dict[str, str]:
    async def fetch() -> dict[str, str] | None:
        async with open_archive(ArchiveSettings().database) as archive:
            return await archive.files_of(revision)

    try:
        found = asyncio.run(fetch())
    except (Unavailable, ValidationError, OSError):  # no answer, no address, or no password to read
        _fail(f"{revision} decided, which is not what the folder holds, and the database of revisions does not answer.")
    return found or _fail(f"{revision} decided, and no revision of this name is kept.")


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)


def _print(explanation: Explanation) -> None:
    decision, console = explanation.decision, Console()
    outcome = "[green]permit[/green]" if decision.permit else f"[red]deny[/red], {decision.reason}"
    console.print(f"{outcome}  [dim]{explanation.revision}[/dim]")
    if not explanation.values:
        console.print("It did not come to the rules: purpose and approval are looked at first.")
        return
    console.print(_tree("Rules considered", explanation.rules))
    for each in explanation.attributes:
        why = f", {each.reason}" if each.reason else ""
        derived = f" (derived from {', '.join(each.derived_from)})" if each.derived_from else ""
        console.print(_tree(f"[bold]{each.name}[/bold]: {each.outcome}{why}{derived}", each.rules))


def _tree(title: str, rules: Iterable[Considered]) -> Tree:
    tree = Tree(title)
    for rule in rules:
        applies = {True: "applies", False: "does not apply", None: "applies to some records"}[rule.applies]
        branch = tree.add(f"{rule.effect} [bold]{escape(rule.rule)}[/bold] {applies} [dim]{rule.place}[/dim]")
        for part in rule.condition.parts or (rule.condition,):
            _add(branch, part)
    return tree


def _add(tree: Tree, condition: Condition) -> None:
    used = ", ".join(f"{path} = {value}" for path, value in condition.used.items() if value is not None)
    branch = tree.add(f"{_SIGNS[condition.truth]} {escape(condition.text)}" + (f" [dim]{escape(used)}[/dim]" if used else ""))
    for part in condition.parts:
        _add(branch, part)
