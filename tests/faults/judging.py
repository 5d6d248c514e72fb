"""What must hold whatever is done to the house, judged from what callers saw and from what the ledger holds. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from .asked import Asked
from .faults import Fault


@dataclass(frozen=True)
class Bounds:
    """In seconds. ``answered``: kind of call → the longest that an answer may take; ``recovered``: after the fault's end."""

    answered: Mapping[str, float]
    otherwise: float
    recovered: float

    def of(self, kind: str) -> float:
        return self.answered.get(kind, self.otherwise)


@dataclass(frozen=True)
class Span:
    """When a fault began, from when on it was in force, when it had ended and until when was looked at what came after."""

    fault: Fault
    begun: float
    in_force: float
    ended: float
    watched: float
    seen: tuple[str, ...] = ()
    """What the fault itself saw that must not be."""


@dataclass(frozen=True)
class Verdict:
    name: str
    calls: int
    well: int
    failed: Mapping[str, int]
    slowest: float
    recovered: float
    entries: int
    broken: tuple[str, ...]
    reasons: Mapping[str, int]
    """What those were told who failed, and how often."""


def verdict(span: Span, calls: Sequence[Asked], entries: Mapping[str, int], bounds: Bounds) -> Verdict:
    """``entries``: decision → of how many people the ledger says that something was shown with it."""
    during = [call for call in calls if span.begun < call.ended <= span.watched]
    recovered = recovery(span, during)
    broken = [
        *span.seen,
        *(f"{call.kind}: {what}" for call in during for what in call.broken),
        *unrecorded(during, entries),
        *late(span, during, bounds),
        *opened(span, during),
    ]
    if recovered > bounds.recovered:
        broken.append(f"not recovered within {bounds.recovered:g} s of its end")
    if span.fault.felt and not any(noticed(span, call) for call in during):
        broken.append("nobody noticed anything: this was no fault")
    return Verdict(
        span.fault.name,
        len(during),
        sum(call.is_well for call in during),
        dict(Counter(str(call.status or "no answer") for call in during if not call.is_well)),
        max((call.took for call in during), default=0.0),
        recovered,
        sum(call.decision is not None for call in during),
        tuple(broken),
        dict(Counter(call.why for call in during if call.why and not call.is_well)),
    )


def recovery(span: Span, calls: Sequence[Asked]) -> float:
    """Seconds from the fault's end to the end of the last call that failed; ``inf`` if none succeeded after that."""
    after = [call for call in calls if call.begun > span.ended]
    last = max((call.ended for call in after if not call.is_well), default=span.ended)
    kinds = {call.kind for call in after}
    well = {call.kind for call in after if call.is_well and call.ended >= last}
    return last - span.ended if after and kinds == well else inf


def noticed(span: Span, call: Asked) -> bool:
    """Whoever called was not answered, or stood at the door for as long as there was nobody."""
    waited = span.fault.away and call.took > span.fault.stays / 2
    return call.begun <= span.ended + 1 and (not call.is_well or waited)


def unrecorded(calls: Sequence[Asked], entries: Mapping[str, int]) -> Iterator[str]:
    for call in calls:
        if call.about and (call.decision is None or entries.get(call.decision, 0) < call.about):
            yield f"{call.kind}: somebody was shown something, and the ledger does not know"


def late(span: Span, calls: Sequence[Asked], bounds: Bounds) -> Iterator[str]:
    """Every call has an answer, in time; but for those at a door that is not there."""
    for call in calls:
        if span.fault.away and call.begun <= span.ended + bounds.recovered:
            continue
        if call.status is None:
            yield f"{call.kind}: no answer at all after {call.took:.1f} s"
        elif call.took > bounds.of(call.kind):
            yield f"{call.kind}: an answer after {call.took:.1f} s"


def opened(span: Span, calls: Sequence[Asked]) -> Iterator[str]:
    if not span.fault.shut:
        return
    for call in calls:
        if call.begun > span.in_force and call.ended < span.ended and call.about:
            yield f"{call.kind}: somebody was shown something while nobody could decide or record"
