"""First chapter: one person asked for by five organisations for five purposes, side by side."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stena_local.demo.story import wording
from stena_local.demo.story.expectations import SEEN, View, deviations, shown, views
from stena_local.demo.story.grouping import fold
from stena_local.demo.story.stage import Stage

_WORDS: Final = {
    SEEN: "[bold green]sees[/bold green]",
    "not-necessary": "[dim]not necessary[/dim]",
    "consent-missing": "[yellow]no consent[/yellow]",
    "not-assigned": "[yellow]not assigned[/yellow]",
}
_SAMPLES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "Name": wording.name,
    "Age": wording.age,
    "Telephone": partial(wording.plain, "phone"),
    "Health needs": partial(wording.plain, "health_needs"),
    "Needs at work": partial(wording.plain, "adjustments_needed"),
    "Religion": partial(wording.plain, "religion"),
    "May work": wording.right_to_work,
    "Skills": partial(wording.count, "skills"),
    "Lives in": partial(wording.plain, "municipality"),
}


def tell(stage: Stage) -> Mapping[View, Mapping[str, Any]]:
    """The answers, for the chapter that looks whether they were written down."""
    stage.chapter(
        "1  One person, five organisations, five views",
        "Olena Prymerna (invented) is a baker and food technologist from Ukraine with a child, diabetes and a faith. Five\n"
        "organisations ask the same gateway for her, each for its own purpose.",
    )
    people = {view: _ask(stage, view) for view in views()}
    stage.console.print(_values(people))
    stage.console.print()
    stage.console.print(_attributes(stage, people))
    for view, person in people.items():
        promise = f"exactly the {len(view.sees)} of {len(stage.categories)} attributes that it needs"
        wrong = deviations(view, stage.categories, person)
        stage.findings.all_of(wrong, f"{view.organisation} for {view.purpose} sees {promise}")
    return people


def _ask(stage: Stage, view: View) -> Mapping[str, Any]:
    answer = stage.get_person(stage.olena, view.organisation, view.purpose)
    if answer.status != 200:
        stage.findings.check(False, f"{view.organisation} for {view.purpose} is answered", f"{answer.status} {answer.reason}")
        return {"attributes": {}, "withheld": {}, "disclosure": {"decision": None}}
    found: Mapping[str, Any] = answer.body
    return found


def _values(people: Mapping[View, Mapping[str, Any]]) -> Table:
    table = _table("What they read", people, 16)
    for title, describe in _SAMPLES.items():
        table.add_row(title, *(describe(person["attributes"]) for person in people.values()))
    return table


def _attributes(stage: Stage, people: Mapping[View, Mapping[str, Any]]) -> Table:
    """Every attribute of the catalogue; those of a category that all five treat alike share a line."""
    table = _table("What the wall lets through, and why not the rest", people, 13, "Attributes")
    cells = {name: tuple(shown(person, name) for person in people.values()) for name in stage.categories}
    last = ""
    for row in fold(stage.categories, cells):
        category = "" if row.category == last else f"[bold]{row.category}[/bold]"
        last = row.category
        table.add_row(category, ", ".join(row.attributes), *(_WORDS.get(cell, f"[red]{cell}[/red]") for cell in row.cells))
    return table


def _table(title: str, people: Mapping[View, Mapping[str, Any]], width: int, *more: str) -> Table:
    table = Table("", title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in more:
        table.add_column(heading, max_width=36)
    for view in people:
        table.add_column(f"{view.heading}\n[dim]{view.purpose}[/dim]", min_width=13, max_width=width)
    return table
