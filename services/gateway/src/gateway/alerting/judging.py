"""When a number is unusual for an organisation. Pure.

The middle of its own past hours and their spread, by median and median absolute deviation, which one wild hour does not move
(Hampel, 1974, JASA 69). INVARIANT: an organisation without a past is held to what the rule says alone, and grows out of it with
every hour: ``PRIOR`` hours at ``least`` stand beside whatever is known, so that three quiet hours make no fourth an alarm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Final

from gateway.alerting.rules import Measure, Rule

PRIOR: Final = 8
"""Hours at the rule's ``least`` that every organisation is taken to have had."""

_NORMAL: Final = 1.4826  # a median absolute deviation as a standard deviation, were the hours normally distributed


@dataclass(frozen=True, slots=True)
class Hour:
    """What one organisation did in one hour. ``breadth`` is ``None`` where it has not been counted yet."""

    entries: int = 0
    people: int = 0
    denied: int = 0
    forbidden: int = 0
    emergencies: int = 0
    breadth: int | None = None

    def measured(self, measure: Measure) -> int | None:
        number: int | None = getattr(self, measure)
        return number


def threshold(rule: Rule, past: Sequence[int]) -> float:
    """The number from which on the rule says something. ``past``: those of the hours in which the organisation did anything."""
    if rule.sigmas is None:
        return rule.least
    known = [*past, *[rule.least] * PRIOR]
    middle = median(known)
    spread = max(_NORMAL * median(abs(each - middle) for each in known), sqrt(middle), 1.0)
    return max(rule.least, middle + rule.sigmas * spread)


def could_matter(rule: Rule, now: Hour) -> bool:
    """Whether the hour's number is one that the rule says something of at all. What was not counted says nothing."""
    number = now.measured(rule.measure)
    return number is not None and number >= rule.least and (rule.share is None or number >= rule.share * now.entries)


def measured(rule: Rule, hours: Iterable[Hour]) -> list[int]:
    """The rule's number of each of the hours, as far as it was counted."""
    return [number for hour in hours if (number := hour.measured(rule.measure)) is not None]
