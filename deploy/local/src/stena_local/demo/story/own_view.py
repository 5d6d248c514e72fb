"""Third chapter: the person's own view, with everything on record and everybody who has seen it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stena_local.demo.story.expectations import views
from stena_local.demo.story.stage import Stage

_PURPOSE: Final = "data-subject-access"
_OWN: Final = "self-service"


def tell(stage: Stage) -> None:
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
    stage.findings.all_of(not_recorded(records), "the record holds each of the five views, attribute by attribute")


def not_recorded(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Views of the first chapter that the record does not tell of exactly."""
    recorded = {
        (record["organisation"], record["purpose"], frozenset(record["attributes"]))
        for record in records
        if record["operation"] == "read" and record["outcome"] == "answered"
    }
    return [
        f"no record that {view.organisation} for {view.purpose} saw these {len(view.sees)} attributes"
        for view in views()
        if (view.organisation, view.purpose, view.sees) not in recorded
    ]


def _table(records: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("When", "Who", "What for", "Saw", box=SIMPLE_HEAD, title="Who has seen what", title_justify="left")
    for record in records[:12]:
        names = record["attributes"]
        saw = f"{len(names)}: {', '.join(names[:4])} …" if len(names) > 4 else ", ".join(names) or record["outcome"]
        table.add_row(record["at"][11:19], record["organisation_name"], record["purpose_title"], saw)
    return table
