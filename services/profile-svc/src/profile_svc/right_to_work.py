"""From status, permit and procedure to dated intervals of the right to work, by the rulebook's rules (docs/rulebook.md).

Pure: knows rules and dates, no law of its own. What no rule decides is unknown, never a no.
"""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

FIRST: Final = date.min.toordinal()
LAST: Final = date.max.toordinal()

Facts = Mapping[str, Any]
Span = tuple[int, int]
"""First and last day as ordinals, both inclusive."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``in_force`` bounds the days on which it is the law.

    ``statuses`` are those that it is about, ``None``: any. Kept apart from what else must hold: most rules end there.
    """

    id: str
    answer: str
    statuses: frozenset[str] | None
    when: Mapping[str, Any]
    since: str
    months: int
    until: str
    in_force: Span


def read_rules(files: Mapping[str, Any], country: str) -> tuple[Rule, ...]:
    """The rules of ``country`` (ISO 3166-1 alpha-3), its own before those of its baseline. A missing file is a ``KeyError``."""
    rules: list[Rule] = []
    name: str | None = country.lower()
    seen: set[str] = set()
    while name is not None and name not in seen:
        seen.add(name)
        rules.extend(map(_read_rule, files[name]["rules"]))
        name = files[name].get("baseline")
    return tuple(rules)


def _read_rule(data: Mapping[str, Any]) -> Rule:
    in_force, when = data.get("in_force") or {}, dict(data.get("when") or {})
    statuses = when.pop("status") if isinstance(when.get("status"), list) else None
    return Rule(
        id=data["id"],
        answer=data["answer"],
        statuses=None if statuses is None else frozenset(statuses),
        when=when,
        since=data.get("since", "status"),
        months=data.get("months", 0),
        until=data.get("until", "status"),
        in_force=(_day(in_force.get("from")) or FIRST, _day(in_force.get("until")) or LAST),
    )


def intervals(rules: Sequence[Rule], values: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """``[{from, until, answer, rule}]``, oldest first, days inclusive, ``None`` for no bound; ``None`` without any status."""
    statuses = values.get("legal_status")
    if not statuses:
        return None
    case = _facts_of_case(values)
    covered = [each for status in statuses for each in _covered(rules, case | {"status": status["status"]}, _span_of(status))]
    return [_interval(span, rule) for span, rule in _joined(_decided(covered))]


def _covered(rules: Sequence[Rule], facts: Facts, status: Span) -> Iterator[tuple[int, Span, Rule]]:
    """The rules that are about one status, in their order, each with the days of it that it covers."""
    for order, rule in enumerate(rules):
        if (rule.statuses is None or facts["status"] in rule.statuses) and (span := _covers(rule, facts, status)) is not None:
            yield order, span, rule
            if span == status:
                return  # every day of it is decided: nothing is left to those that come after


def _facts_of_case(values: Mapping[str, Any]) -> dict[str, Any]:
    procedure, permit = values.get("procedure_stage") or {}, values.get("permit") or {}
    return {
        "stage": procedure.get("stage"),
        "accelerated": procedure.get("accelerated"),
        "registered_on": _day(procedure.get("registered_on")),
        "permit_type": permit.get("type"),
        "employer_bound": permit.get("employer_bound"),
        "permit_issued": _day(permit.get("issued")),
        # A permit without a last day has none; without a permit there is nothing to end.
        "permit_expires": (_day(permit.get("expires")) or LAST) if permit else None,
    }


def _covers(rule: Rule, facts: Facts, status: Span) -> Span | None:
    """The days of one status that ``rule`` covers, if it is about that one, or ``None``."""
    for name, wanted in rule.when.items():
        if (known := facts.get(name)) is None or not _meets(known, wanted):
            return None
    since = status[0] if rule.since == "status" else facts.get(rule.since)
    until = status[1] if rule.until == "status" else facts.get(rule.until)
    if since is None or until is None:
        return None
    first = max(status[0], rule.in_force[0], _months_after(since, rule.months))
    last = min(status[1], rule.in_force[1], until)
    return (first, last) if first <= last else None


def _meets(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, list) else value is wanted


def _decided(covered: Sequence[tuple[int, Span, Rule]]) -> Iterator[tuple[Span, Rule]]:
    """Cut time where any rule begins or ends; in each piece the first rule decides."""
    cuts = sorted({span[0] for _, span, _ in covered} | {span[1] + 1 for _, span, _ in covered})
    for first, after in pairwise(cuts):
        candidates = [(order, rule) for order, span, rule in covered if span[0] <= first and after - 1 <= span[1]]
        if candidates:
            yield (first, after - 1), min(candidates, key=lambda candidate: candidate[0])[1]


def _joined(pieces: Iterator[tuple[Span, Rule]]) -> list[tuple[Span, Rule]]:
    joined: list[tuple[Span, Rule]] = []
    for span, rule in pieces:
        if joined and joined[-1][1] is rule and joined[-1][0][1] + 1 == span[0]:
            joined[-1] = ((joined[-1][0][0], span[1]), rule)
        else:
            joined.append((span, rule))
    return joined


def _interval(span: Span, rule: Rule) -> dict[str, Any]:
    return {"from": _text(span[0], FIRST), "until": _text(span[1], LAST), "answer": rule.answer, "rule": rule.id}


def _span_of(status: Mapping[str, Any]) -> Span:
    return (_day(status.get("from")) or FIRST, _day(status.get("until")) or LAST)


def _months_after(day: int, months: int) -> int:
    """The same day of the month so many calendar months later, or that month's last day."""
    if not months:
        return day
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return LAST
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1])).toordinal()


def _day(text: str | None) -> int | None:
    return None if text is None else date.fromisoformat(text).toordinal()


def _text(day: int, unbounded: int) -> str | None:
    return None if day == unbounded else date.fromordinal(day).isoformat()
