"""Third chapter: the person's own view, with everything on record and everybody who has seen it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stena_local.demo.story.expectations import View
from stena_local.demo.story.stage import Stage

_PURPOSE: Final = "data-subject-access"
_OWN: Final = "self-service"
_MOST_SHOWN: Final = 12  # records; the newest come first


def tell(stage: Stage, answers: Mapping[View, Mapping[str, Any]]) -> None:
    """``answers`` are those of the first chapter: each must stand in the record as it left."""
    stage.chapter(
        "3  The person's own view",
        "Olena asks what is on record of her, and who has seen what. Each line was written down before the answer left.",
    )
    person = stage.get_person(stage.olena, _OWN, _PURPOSE)
    seen = len(person.body["attributes"]) if person.status == 200 else 0
    stage.findings.check(
        person.status == 200 and set(person.body["attributes"]) == set(stage.categories),
        f"Olena sees all {len(stage.categories)} attributes on record of her",
        f"{person.status}, {seen} attributes",
    )
    foreign = stage.get_person(stage.omid, _OWN, _PURPOSE)
    stage.findings.check(foreign.status in (403, 404), "Olena's client sees nobody else", foreign.status)
    own_id = stage.person_id(stage.olena, _OWN, _PURPOSE)
    answer = stage.get(f"/v1/persons/{own_id}/disclosures", _OWN, _PURPOSE, limit=100)
    records = answer.body.get("disclosures", []) if answer.status == 200 else []
    stage.console.print(_table(records))
    stage.findings.all_of(not_recorded(records, answers), "each of the five answers is on record, attribute by attribute")


def not_recorded(records: Sequence[Mapping[str, Any]], answers: Mapping[View, Mapping[str, Any]]) -> list[str]:
    """Answers of which the record does not tell, under their decision, exactly who saw which attributes for what."""
    recorded = {
        (record["decision"], record["organisation"], record["purpose"], frozenset(record["attributes"])) for record in records
    }
    return [
        f"no record that {view.organisation} for {view.purpose} saw these {len(person['attributes'])} attributes"
        for view, person in answers.items()
        if (person["disclosure"]["decision"], view.organisation, view.purpose, frozenset(person["attributes"])) not in recorded
    ]


def _table(records: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Who has seen what", title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading, width in (("When", 8), ("Who", 31), ("What for", 33), ("Saw", 38)):
        table.add_column(heading, max_width=width, no_wrap=True, overflow="ellipsis")
    for record in records[:_MOST_SHOWN]:
        names = record["attributes"]
        saw = f"{len(names)}: {', '.join(names)}" if names else f"[yellow]nothing: {record['outcome']}[/yellow]"
        table.add_row(record["at"][11:19], record["organisation_name"], record["purpose_title"], saw)
    return table
