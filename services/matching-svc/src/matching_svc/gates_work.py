"""The right to work on a day, read from dated intervals that were decided at the source. Pure; knows no law and no status."""

from datetime import date, timedelta
from typing import Literal

from matching_svc.features import WorkRight
from stena.contracts.matching import NewOpportunity

Outcome = Literal["met", "not-met", "unknown"]
Finding = tuple[Outcome, str, dict[str, str]]
"""Outcome, code and parameters of a gate."""

Rights = tuple[WorkRight, ...]


def right_at(start: date, rights: Rights, opportunity: NewOpportunity) -> tuple[Finding, str | None]:
    """What is found for a first day of work, and the rule that decided; no rule where no interval covers the day."""
    right = covering(start, rights)
    if right is None:
        return ("unknown", "check-right-to-work", {"start": str(start)}), None
    match right.answer:
        case "yes":
            return _allowed(start, right, rights, opportunity), right.rule
        case "limited":
            return ("unknown", "limited-right-to-work", {"start": str(start)}), right.rule
        case "no":
            return _not_yet(start, rights, opportunity), right.rule
        case "unknown":
            return ("unknown", "check-right-to-work", {"start": str(start)}), right.rule


def _allowed(start: date, right: WorkRight, rights: Rights, opportunity: NewOpportunity) -> Finding:
    """An end before the work's own is a warning, never a refusal: rights are renewed."""
    until = last_day(right, rights)
    if until is not None and (opportunity.ends_on is None or until < opportunity.ends_on):
        return "met", "right-to-work-ends", {"start": str(start), "until": str(until)}
    return "met", "right-to-work", {"start": str(start)}


def _not_yet(start: date, rights: Rights, opportunity: NewOpportunity) -> Finding:
    """Where the start can be agreed, a day from which the answer is no longer no is a question, not a refusal."""
    later = min((right.from_ for right in rights if right.answer != "no" and right.from_ and right.from_ > start), default=None)
    if later is None or opportunity.starts_on is not None or (opportunity.ends_on is not None and opportunity.ends_on < later):
        return "not-met", "no-right-to-work", {"start": str(start)}
    return "unknown", "right-to-work-later", {"start": str(start), "later": str(later)}


def covering(day: date, rights: Rights) -> WorkRight | None:
    return next((right for right in rights if right.covers(day)), None)


def last_day(right: WorkRight, rights: Rights) -> date | None:
    """The last day of an unbroken right, whichever rules it rests on; ``None`` if it has no end."""
    last = right.until
    while last is not None and last < date.max and (following := covering(last + timedelta(days=1), rights)) is not None:
        if following.answer != "yes":
            break
        last = following.until
    return last
