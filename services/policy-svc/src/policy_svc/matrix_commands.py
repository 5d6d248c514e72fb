"""The operator's commands about what a rulebook lets through: matrix and diff. 1: something opens, or is refused."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from policy_svc.diff import Change, compare
from policy_svc.faults import RulebookError
from policy_svc.loading import parse, read_files
from policy_svc.matrix import Cell, Matrix, Row, Section, matrix, together
from policy_svc.matrix_page import page
from policy_svc.printing import print_json, refuse
from policy_svc.rulebook import Rulebook
from policy_svc.settings import RulebookSettings

Folder = Annotated[Path | None, typer.Argument(help="Folder of the rulebook; the deployment's own when left out.")]
Purpose = Annotated[str | None, typer.Option(help="Only this purpose.")]
At = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today when left out.")]
Html = Annotated[Path | None, typer.Option(help="Write it as one HTML page, to read, print and sign.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

_STYLE = {"open": "green", "conditional": "yellow", "withheld": "dim"}


def add_to(group: typer.Typer) -> None:
    group.command("matrix")(show_matrix)
    group.command("diff")(show_diff)


def show_matrix(
    directory: Folder = None, purpose: Purpose = None, at: At = None, html: Html = None, as_json: AsJson = False
) -> None:
    """What is disclosed for each purpose to each kind of organisation: always, on which condition, or not."""
    rulebook = _read(directory or RulebookSettings().rulebook_dir, as_json)
    if purpose is not None and purpose not in rulebook.purposes:
        raise typer.BadParameter(f"The rulebook knows no purpose {purpose!r}.", param_hint="--purpose")
    whole = matrix(rulebook, at.date() if at else datetime.now(UTC).date())
    if html is not None:
        html.write_text(page(rulebook, whole), "utf-8")
        typer.echo(f"Written to {html}: {len(whole.sections)} purposes, revision {whole.revision}", err=as_json)
    sections = [section for section in whole.sections if purpose in (None, section.purpose.id)]
    if as_json:
        print_json({"revision": whole.revision, "day": whole.day.isoformat(), "purposes": [_plain(each) for each in sections]})
    elif html is None:
        _print_matrix(whole, sections)


def show_diff(
    old: Annotated[Path, typer.Argument(help="Folder of the rulebook before.")],
    new: Annotated[Path, typer.Argument(help="Folder of the rulebook after.")],
    as_json: AsJson = False,
) -> None:
    """Which cells the new rulebook opens, and which it closes; 1 if any opens."""
    before, after = _read(old, as_json), _read(new, as_json)
    changes = compare(before, after)
    if as_json:
        found = {"opened": list(map(_of_change, changes.opened)), "closed": list(map(_of_change, changes.closed))}
        print_json({"old": before.revision, "new": after.revision, **found})
    else:
        _print_changes("Opens", changes.opened, "red")
        _print_changes("Closes", changes.closed, "green")
    if changes.opened:
        raise typer.Exit(1)


def _read(directory: Path, as_json: bool) -> Rulebook:
    try:
        return parse(read_files(directory))[0]
    except RulebookError as error:
        refuse(error, as_json)


def _plain(section: Section) -> dict[str, Any]:
    return {
        "purpose": section.purpose.id,
        "forbidden": section.forbidden,
        "organisations": sorted({approved.organisation.id for approved, _ in section.approvals}),
        "operations": _plain_rows(section.operations),
        "disclose": _plain_rows(section.disclosed),
        "write": _plain_rows(section.written),
    }


def _plain_rows(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, str]]]:
    return {row.name: {kind: {"state": cell.state, "words": cell.words} for kind, cell in row.cells.items()} for row in rows}


def _print_matrix(whole: Matrix, sections: Iterable[Section]) -> None:
    console = Console()
    console.print(f"{whole.revision}, as of {whole.day}")
    for section in sections:
        title = f"\n[bold]{section.purpose.id}[/bold]: {escape(section.purpose.titles['en'])}"
        if section.forbidden:
            console.print(f"{title}\n[red]always denied[/red]")
        elif not section.kinds:
            console.print(f"{title}\nnobody is approved for it: every call is denied")
        else:
            console.print(title)
            console.print(_table_of(section))


def _table_of(section: Section) -> Table:
    """One line for each answer, with the kinds of organisation that get it; what is withheld from everybody comes last."""
    what, whom, when = Column("What", overflow="fold", ratio=3), Column("For", min_width=10, ratio=1), Column("When", ratio=2)
    table = Table("", what, whom, when, expand=True)
    for word, rows in (("may", section.operations), ("sees", section.disclosed), ("writes", section.written)):
        for names, cells in sorted(together(rows), key=lambda each: all(cell.state == "withheld" for cell in each[1].values())):
            kinds_by_cell: dict[Cell, list[str]] = {}
            for kind, cell in cells.items():
                kinds_by_cell.setdefault(cell, []).append(kind)
            for number, (cell, kinds) in enumerate(kinds_by_cell.items()):
                first = (word, ", ".join(names)) if number == 0 else ("", "")
                table.add_row(*first, ", ".join(kinds), f"[{_STYLE[cell.state]}]{escape(cell.words)}")
            table.add_section()
    return table


def _of_change(change: Change) -> dict[str, Any]:
    since: date | None = change.since
    return {**asdict(change), "since": since.isoformat() if since else None}


def _print_changes(title: str, changes: tuple[Change, ...], style: str) -> None:
    if not changes:
        Console().print(f"{title}: nothing")
        return
    table = Table("Purpose", "Who", "What", "Before", "After", title=title, title_style=style, show_lines=True)
    for change in changes:
        after = f"{change.after} (from {change.since})" if change.since else change.after
        names = f"{change.verb} {', '.join(change.names)}"
        table.add_row(change.purpose, ", ".join(change.organisations), names, escape(change.before), escape(after))
    Console().print(table)
