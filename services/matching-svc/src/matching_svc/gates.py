"""Lawful conditions between a person and an opportunity: met, not met, or unknown. Pure; never scored.

INVARIANT: what is not known never removes anybody; it says what to check.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

from matching_svc.features import STEPS, View, WorkRight
from stena.contracts.matching import Gate, LanguageNeed, NewOpportunity

Outcome = Literal["met", "not-met", "unknown"]
Finding = tuple[Outcome, str]


def check(view: View, opportunity: NewOpportunity, today: date) -> tuple[Gate, ...]:
    """Every gate that this kind of opportunity has, in a fixed order."""
    gates = [*_term(opportunity, today), *_availability(view, opportunity)]
    if opportunity.kind == "job":
        gates += [_right_to_work(view, opportunity, today), _working_age(view)]
    gates += [_language(view, need) for need in opportunity.languages if need.essential]
    return tuple(gates)


def _right_to_work(view: View, opportunity: NewOpportunity, today: date) -> Gate:
    """Compares dates only: what the law says of a status was decided at the source."""
    uses = view.allows("right_to_work")
    start = max(opportunity.starts_on or today, today)
    rights = view.features.right_to_work or ()
    outcome, detail = _right_at(start, rights, opportunity)
    return _gate("right-to-work", outcome, detail, uses)


def _right_at(start: date, rights: tuple[WorkRight, ...], opportunity: NewOpportunity) -> Finding:
    right = _covering(start, rights)
    if right is None or right.answer == "unknown":
        return "unknown", f"Check the right to work on {start}."
    if right.answer == "limited":
        return "unknown", f"Limited right to work on {start} ({right.rule}): check its conditions."
    if right.answer == "no":
        return _not_yet(start, right, rights, opportunity)
    until = _last_day(right, rights)
    if until is not None and (opportunity.ends_on is None or until < opportunity.ends_on):
        return "met", f"Right to work on {start} ({right.rule}); it ends on {until}: plan its renewal."
    return "met", f"Right to work on {start} ({right.rule})."


def _not_yet(start: date, now: WorkRight, rights: tuple[WorkRight, ...], opportunity: NewOpportunity) -> Finding:
    """Without a fixed start, a right that begins later is a question of agreeing on a day, not a refusal."""
    later = min(
        (right.from_ for right in rights if right.answer == "yes" and right.from_ and right.from_ > start), default=None
    )
    if later is not None and opportunity.starts_on is None:
        return "unknown", f"No right to work before {later} ({now.rule}): agree on a later start."
    return "not-met", f"No right to work on {start} ({now.rule})."


def _covering(day: date, rights: tuple[WorkRight, ...]) -> WorkRight | None:
    return next((right for right in rights if right.covers(day)), None)


def _last_day(right: WorkRight, rights: tuple[WorkRight, ...]) -> date | None:
    """The last day of an unbroken right, whichever rules it rests on; ``None`` if it has no end."""
    last = right.until
    while last is not None and (following := _covering(last + timedelta(days=1), rights)) is not None:
        if following.answer != "yes":
            break
        last = following.until
    return last


def _working_age(view: View) -> Gate:
    uses = view.allows("of_working_age")
    match view.features.of_working_age:
        case True:
            return _gate("working-age", "met", "Of working age.", uses)
        case False:
            return _gate("working-age", "not-met", "Not of working age.", uses)
        case None:
            return _gate("working-age", "unknown", "Check that the person is of working age.", uses)


def _language(view: View, need: LanguageNeed) -> Gate:
    uses = view.allows("languages")
    held = view.features.languages
    if held is None:
        return _gate("language", "unknown", f"Check the level in {need.language}: {need.level} is needed.", uses)
    step = max((language.step for language in held if language.language == need.language), default=0)
    if step >= STEPS[need.level]:
        return _gate("language", "met", f"{need.language}: {need.level} is needed, {_level(step)} is stated.", uses)
    stated = f"{_level(step)} is stated" if step else "no level is stated"
    return _gate("language", "not-met", f"{need.language}: {need.level} is needed, {stated}.", uses)


def _level(step: int) -> str:
    return next(level for level, at in STEPS.items() if at == step)


def _term(opportunity: NewOpportunity, today: date) -> Iterator[Gate]:
    """Whether one can still apply: says nothing of the person."""
    last = min((day for day in (opportunity.apply_until, opportunity.ends_on) if day is not None), default=None)
    if last is not None:
        yield (
            _gate("dates", "met", f"Open until {last}.") if today <= last else _gate("dates", "not-met", f"Over since {last}.")
        )


def _availability(view: View, opportunity: NewOpportunity) -> Iterator[Gate]:
    start = opportunity.starts_on
    if start is None or not (uses := view.allows("availability")):
        return
    free = view.features.availability.from_ if view.features.availability else None
    if free is None or free <= start:
        yield _gate("dates", "met", f"Nothing stands against the start on {start}.", uses)
    elif opportunity.ends_on is not None and opportunity.ends_on < free:
        yield _gate("dates", "not-met", f"Available from {free}; it ends on {opportunity.ends_on}.", uses)
    else:
        yield _gate("dates", "unknown", f"Available from {free}, the start is on {start}: ask whether it can move.", uses)


def _gate(
    gate: Literal["right-to-work", "working-age", "language", "dates"],
    outcome: Outcome,
    detail: str,
    uses: tuple[str, ...] = (),
) -> Gate:
    return Gate(gate=gate, outcome=outcome, detail=detail, uses=uses)
