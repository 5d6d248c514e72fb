"""The truth table of the right to work: read, and run through the source's derivation and matching's gate as they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from matching_svc.features import ATTRIBUTES, of_attributes, view
from matching_svc.gates import NOTHING_ON_RECORD, check
from profile_svc.right_to_work import Rule, intervals, read_rules
from stena.contracts.matching import NewOpportunity

HERE: Final = Path(__file__).parent
FOLDERS: Final = (HERE.parents[1] / "deploy" / "rulebook" / "right_to_work", HERE / "right_to_work")
LONG_AGO: Final = date(2020, 1, 1)

ANSWERS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "yes": ("met", frozenset({"right-to-work", "right-to-work-ends"})),
    "no": ("not-met", frozenset({"no-right-to-work"})),
    "limited": ("unknown", frozenset({"limited-right-to-work"})),
    "unknown": ("unknown", frozenset({"check-right-to-work"})),
    "later": ("unknown", frozenset({"right-to-work-later"})),
}
"""What each answer of the table is as the gate's outcome, and as its code."""


@dataclass(frozen=True, slots=True)
class Case:
    who: str
    country: str
    values: Mapping[str, Any]
    today: date
    start: date | None
    end: date | None
    answer: str
    rule: str | None
    warning: date | None

    @property
    def name(self) -> str:
        return f"{self.who} [{self.country}], {self.start or 'no start'} to {self.end or 'no end'}"


def cases() -> Iterator[Case]:
    for person in yaml.safe_load((HERE / "truth_table.yaml").read_text(encoding="utf-8")):
        for start, end, answer, rule, warning in person["cases"]:
            yield Case(
                who=person["who"],
                country=person["country"],
                values=_values(person),
                today=person.get("today", LONG_AGO),
                start=_given(start),
                end=_given(end),
                answer=answer,
                rule=_given(rule),
                warning=_given(warning),
            )


def fault(case: Case) -> str | None:
    """What does not hold of a case, or nothing."""
    rights = intervals(rules(case.country), case.values)
    job = NewOpportunity(kind="job", title="a job", starts_on=case.start, ends_on=case.end)
    # Through JSON's shapes, as the feed brings them.
    gates = check(view(of_attributes({"right_to_work": rights}), ATTRIBUTES), job, case.today)
    gate = next(gate for gate in gates if gate.gate == "right-to-work")
    outcome, codes = ANSWERS[case.answer]
    wanted = (outcome, True, case.rule or NOTHING_ON_RECORD, str(case.warning) if case.warning else None)
    found = (gate.outcome, gate.code in codes, gate.rule, gate.parameters.get("until"))
    if found != wanted or gate.on != max(case.start or case.today, case.today):
        return f"{case.name}: wanted {wanted}, found {found} on {gate.on} by {gate.code}"
    return None


@cache
def rules(country: str) -> tuple[Rule, ...]:
    files = {path.stem: yaml.safe_load(path.read_text("utf-8")) for folder in FOLDERS for path in folder.glob("*.yaml")}
    return read_rules(files, country)


def _given(value: Any) -> Any:
    return None if value == "-" else value


def _values(person: Mapping[str, Any]) -> dict[str, Any]:
    """The stored attributes as JSON has them: dates as text."""
    statuses = [dict(zip(("status", "from", "until"), [*each, None], strict=False)) for each in person["status"]]
    values = {"legal_status": statuses, "procedure_stage": person.get("procedure"), "permit": person.get("permit")}
    return {name: _as_json(value) for name, value in values.items() if value is not None}


def _as_json(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case list():
            return [_as_json(each) for each in value]
        case dict():
            return {name: _as_json(each) for name, each in value.items()}
        case _:
            return value
