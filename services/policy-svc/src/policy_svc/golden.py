"""Golden cases: what an author of rules says must come out. A rulebook whose cases do not hold is refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from policy_svc.decisions import Decision, decide
from policy_svc.entries import CaseEntry
from policy_svc.faults import Place
from policy_svc.rulebook import Rulebook
from stena.contracts.access import ANY_ID, Action, Disclosure, Evaluation, Reason, Resource, Subject
from stena.contracts.condition import AllOf, Facts, Residual, facts_used, holds

SOMEONE = "someone"
_OF_NOBODY = frozenset(
    {("person", name) for name in ("list", "export", "changes", "create")}
    | {("opportunity", "list"), ("opportunity", "create"), ("referral", "list")}
    | {("correction", "list"), ("objection", "list"), ("retention", "list")}
    | {("opportunity", name) for name in ("approve", "disapprove", "approvals")}
    | {("audit", "run"), ("outcome", "read")}
)
"""Resource types with the operations on them that name no record."""


@dataclass(frozen=True, slots=True)
class Case:
    wanted: CaseEntry
    place: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and every way in which what was decided differs from what it wants; none: it holds."""

    case: Case
    differences: tuple[str, ...]


def run(rulebook: Rulebook, cases: Iterable[Case]) -> tuple[Outcome, ...]:
    return tuple(Outcome(case, tuple(_differences(rulebook, case.wanted))) for case in cases)


def _differences(rulebook: Rulebook, wanted: CaseEntry) -> Iterable[str]:
    decision = decide(rulebook, evaluation_of(wanted), datetime.combine(_day(rulebook, wanted), time(12), UTC))
    facts: Facts = wanted.record.model_dump() if wanted.record else {}
    permit = decision.permit and (wanted.record is None or holds(decision.rows, facts))
    if permit != (wanted.decision == "permit"):
        yield f"wants {wanted.decision}, and it is {'permit' if permit else f'deny, {_reason(decision, facts)}'}"
        return
    if wanted.reason is not None and not permit and _reason(decision, facts) != wanted.reason:
        yield f"wants the reason {wanted.reason}, and it is {_reason(decision, facts)}"
    if wanted.rules is not None and sorted(wanted.rules) != sorted(decision.rules):
        yield f"wants the rules {', '.join(wanted.rules)}, and they are {', '.join(decision.rules) or 'none'}"
    if permit:
        yield from _attribute_differences(decision, wanted, facts)


def _attribute_differences(decision: Decision, wanted: CaseEntry, facts: Facts) -> Iterable[str]:
    withheld = {
        **decision.withhold,
        **{name: way.otherwise for name, way in decision.disclose.items() if not holds(way.when, facts)},
    }
    if wanted.disclosed is not None:
        yield from _set_differences("discloses", wanted.disclosed, open_with(decision.disclose, facts))
    if wanted.writable is not None:
        yield from _set_differences("lets write", wanted.writable, open_with(decision.write, facts))
    for name, reason in wanted.withheld.items():
        if withheld.get(name) != reason:
            yield f"wants {name} withheld as {reason}, and it is {withheld.get(name, 'disclosed')}"


def open_with(ways: Mapping[str, Disclosure], facts: Facts) -> frozenset[str]:
    """The attributes that are disclosed (or may be written) for a record with these facts."""
    return frozenset(name for name, way in ways.items() if holds(way.when, facts))


def _set_differences(verb: str, wanted: Iterable[str], got: frozenset[str]) -> Iterable[str]:
    if missing := frozenset(wanted) - got:
        yield f"no longer {verb} {', '.join(sorted(missing))}"
    if surplus := got - frozenset(wanted):
        yield f"also {verb} {', '.join(sorted(surplus))}"


def _reason(decision: Decision, facts: Facts) -> Reason:
    """Why a record is not visible: the first of the conditions on it that does not hold, in the order of the reasons."""
    if decision.reason is not None:
        return decision.reason
    rows: Residual = decision.rows
    parts = rows.of if isinstance(rows, AllOf) else (rows,)
    failing = frozenset().union(*(facts_used(part) for part in parts if not holds(part, facts)))
    for fact, reason in _REASON_OF_FACT.items():
        if fact in failing:
            return reason
    return Reason.NOT_NECESSARY


_REASON_OF_FACT = {
    "region_path": Reason.REGION_OUTSIDE_APPROVAL,
    "restricted": Reason.RESTRICTED,
    "objections": Reason.OBJECTED,
    "consents": Reason.CONSENT_MISSING,
    "assigned": Reason.NOT_ASSIGNED,
    "created_by": Reason.NOT_ASSIGNED,
}


def evaluation_of(wanted: CaseEntry) -> Evaluation:
    context = {"purpose": wanted.purpose, "case": wanted.case, "justification": wanted.justification}
    about_many = (wanted.resource, wanted.action) in _OF_NOBODY
    known = {"person": wanted.person, "acting_user": wanted.acting_user}
    return Evaluation(
        subject=Subject(
            type="organisation", id=wanted.organisation, properties={key: value for key, value in known.items() if value}
        ),
        action=Action(name=wanted.action),
        resource=Resource(type=wanted.resource, id=wanted.id or (ANY_ID if about_many else SOMEONE)),
        context={key: value for key, value in context.items() if value is not None},
    )


def _day(rulebook: Rulebook, wanted: CaseEntry) -> date:
    """The first day of the approval that the case rests on, unless it names one."""
    if wanted.at is not None:
        return wanted.at
    organisation = rulebook.organisations.get(wanted.organisation)
    approvals = organisation.approvals if organisation else ()
    covering = [approval for approval in approvals if wanted.purpose in approval.covers]
    return min((approval.first for approval in covering or approvals), default=date(2026, 1, 1))
