"""Lawful conditions between a person and an opportunity: met, not met, or unknown. Pure; never scored.

INVARIANT: what is not known never removes anybody; it says what to check.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from matching_svc.features import STEPS, View
from matching_svc.gates_conditions import conditions
from matching_svc.gates_licences import entitled
from matching_svc.gates_work import Finding, right_at
from stena.contracts.matching import Gate, GateName, LanguageNeed, NewOpportunity

# Rules that are no country's file: the law that the gate stands on, or the opportunity's own words.
MINIMUM_AGE: Final = "eu.minimum-age"  # Directive 94/33/EC, Article 4; the age itself is compared at the source
RECOGNITION: Final = "eu.recognition"  # Directive 2005/36/EC, Article 13; who decides is the profession's authority
DRIVING: Final = "eu.driving-licences"  # Directive 2006/126/EC, Article 6
NOTHING_ON_RECORD: Final = "none.nothing-on-record"


def check(view: View, opportunity: NewOpportunity, today: date) -> tuple[Gate, ...]:
    """Every gate that this kind of opportunity has, in a fixed order."""
    start = max(opportunity.starts_on or today, today)
    gates = [*_term(opportunity, today), *_places(opportunity, today), *_availability(view, opportunity)]
    if opportunity.kind == "job":
        gates += [_right_to_work(view, opportunity, start), _working_age(view, start)]
    gates += [*_recognition(view, opportunity, start), *_licences(view, opportunity, start)]
    gates += [_language(view, need, start) for need in opportunity.languages if need.essential]
    gates += conditions(view, opportunity, start)
    return tuple(gates)


def _right_to_work(view: View, opportunity: NewOpportunity, start: date) -> Gate:
    """Compares dates only: what the law says of a status was decided at the source."""
    uses = view.allows("right_to_work")
    found, rule = right_at(start, view.features.right_to_work or (), opportunity)
    return _gate("right-to-work", found, rule or NOTHING_ON_RECORD, start, uses)


def _working_age(view: View, start: date) -> Gate:
    """A boolean of today, compared at the source: who comes of age before the start is found from that day on."""
    uses = view.allows("of_working_age")
    match view.features.of_working_age:
        case True:
            found: Finding = ("met", "working-age", {})
        case False:
            found = ("not-met", "not-working-age", {})
        case None:
            found = ("unknown", "check-working-age", {})
    return _gate("working-age", found, MINIMUM_AGE, start, uses)


def _recognition(view: View, opportunity: NewOpportunity, start: date) -> Iterator[Gate]:
    """INVARIANT: names of qualifications are free text. One that is not found may be there in other words: to be verified."""
    if (profession := opportunity.regulated) is None:
        return
    held = view.features.recognition or ()
    states = {each.state for each in held if each.qualification.strip().casefold() == profession.strip().casefold()}
    about = {"profession": profession}
    if "recognised" in states:
        found: Finding = ("met", "recognised", about)
    elif states == {"refused"}:
        found = ("not-met", "recognition-refused", about)
    else:
        found = ("unknown", "recognition-pending" if states else "check-recognition", about)
    yield _gate("recognition", found, RECOGNITION, start, view.allows("recognition"))


def _licences(view: View, opportunity: NewOpportunity, start: date) -> Iterator[Gate]:
    if not opportunity.licences:
        return
    wanted, held = opportunity.licences, view.features.driving_licences
    about = {"licences": ", ".join(wanted)}
    if held is None:
        found: Finding = ("unknown", "check-licences", about)
    elif missing := [licence for licence in wanted if licence not in entitled(held)]:
        found = ("not-met", "licences-missing", about | {"missing": ", ".join(missing)})
    else:
        found = ("met", "licences-held", about)
    yield _gate("licence", found, DRIVING, start, view.allows("driving_licences"))


def _language(view: View, need: LanguageNeed, start: date) -> Gate:
    uses, about = view.allows("languages"), {"language": need.language, "level": need.level}
    held = view.features.languages
    if held is None:
        return _gate("language", ("unknown", "check-language", about), "opportunity.languages", start, uses)
    step = max((language.step for language in held if language.language == need.language), default=0)
    if step >= STEPS[need.level]:
        found: Finding = ("met", "language-level", about | {"stated": _level(step)})
    elif step:
        found = ("not-met", "language-below", about | {"stated": _level(step)})
    else:
        found = ("not-met", "language-not-stated", about)
    return _gate("language", found, "opportunity.languages", start, uses)


def _level(step: int) -> str:
    return next(level for level, at in STEPS.items() if at == step)


def _term(opportunity: NewOpportunity, today: date) -> Iterator[Gate]:
    """Whether one can still apply: says nothing of the person."""
    last = min((day for day in (opportunity.apply_until, opportunity.ends_on) if day is not None), default=None)
    if last is None:
        return
    found: Finding = (
        ("met", "open-until", {"until": str(last)}) if today <= last else ("not-met", "over-since", {"until": str(last)})
    )
    yield _gate("dates", found, "opportunity.dates", today)


def _places(opportunity: NewOpportunity, today: date) -> Iterator[Gate]:
    """Only where places were taken: that a new offer has one goes without saying."""
    if not opportunity.filled:
        return
    left = opportunity.capacity - opportunity.filled
    about = {"left": str(max(left, 0)), "capacity": str(opportunity.capacity)}
    found: Finding = ("met", "places-left", about) if left > 0 else ("not-met", "full", about)
    yield _gate("capacity", found, "opportunity.capacity", today)


def _availability(view: View, opportunity: NewOpportunity) -> Iterator[Gate]:
    start = opportunity.starts_on
    if start is None or not (uses := view.allows("availability")):
        return
    free = view.features.availability.from_ if view.features.availability else None
    about = {"start": str(start), "free": str(free), "end": str(opportunity.ends_on)}
    if free is None or free <= start:
        found: Finding = ("met", "start-possible", {"start": str(start)})
    elif opportunity.ends_on is not None and opportunity.ends_on < free:
        found = ("not-met", "free-after-end", about)
    else:
        found = ("unknown", "free-after-start", {"start": str(start), "free": str(free)})
    yield _gate("dates", found, "opportunity.dates", start, uses)


def _gate(gate: GateName, found: Finding, rule: str, on: date, uses: tuple[str, ...] = ()) -> Gate:
    outcome, code, parameters = found
    return Gate(gate=gate, outcome=outcome, code=code, parameters=parameters, rule=rule, on=on, uses=uses)
