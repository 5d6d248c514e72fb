"""What keeps a person's record and until when, and what the law forbids to erase. Pure.

INVARIANT: what cannot be said to have ended keeps the record: nobody is erased by mistake because something was not known.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from profile_svc.durations import after
from stena.contracts.catalogue import Catalogue
from stena.contracts.retention import Because, Duty, Kept, Owed, Retention

STATUS: Final = "legal_status"
NO_STATUS: Final = "none"


@dataclass(frozen=True, slots=True)
class Lasting:
    """Something that was done for a purpose, and when it ended; ``None``: it goes on."""

    because: Because
    purpose: str
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class CaseOf:
    """A case of an organisation; ``closed`` is ``None`` while it is open."""

    organisation: str
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one record: its last change, cases, what was done for purposes, and values that rules ask for."""

    changed: datetime
    cases: Sequence[CaseOf]
    done: Sequence[Lasting]
    values: Mapping[str, Any] = field(default_factory=dict)


class Keeping:
    """The rulebook's retention, ready to be applied to records."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._retention: Retention = catalogue.retention
        self._periods = {purpose.id: purpose.retention for purpose in catalogue.purposes}
        self._kinds = {organisation.id: organisation.kind for organisation in catalogue.organisations}

    @property
    def is_in_force(self) -> bool:
        """Whether records end at all."""
        return self._retention.record is not None

    @property
    def attributes(self) -> frozenset[str]:
        """The stored attributes that have to be known of a record."""
        duties = {duty.attribute for duty in self._retention.duties.values() if duty.attribute}
        return frozenset(duties | {STATUS})

    def earliest_change(self, now: datetime) -> datetime | None:
        """Nobody whose record was changed after this can be at its end; ``None``: nobody at all."""
        record = self._retention.record
        lengths = [self._periods[record]] if record else []
        lengths += [period.keep for period in self._retention.periods if period.purpose == record]
        return max((_before(now, length) for length in lengths if length), default=None)

    def erased_from(self, ends_at: datetime, now: datetime) -> datetime:
        """The earliest moment to erase whoever is told ``now`` that their record ends."""
        return max(ends_at, after(now, self._retention.notice))

    def kept(self, held: Held, now: datetime) -> list[Kept]:
        """Everything that keeps the record, what lasts longest first."""
        status = tuple(_statuses(held.values.get(STATUS), now)) or (NO_STATUS,)
        found = [self._kept(each, status) for each in self._lasting(held)]
        return sorted(found, key=lambda kept: (kept.until is not None, -(kept.until or now).timestamp(), kept.purpose))

    def owed(self, held: Held, now: datetime) -> list[Owed]:
        """The duties that forbid to erase at this moment."""
        found = ((name, duty, self._owed(duty, held)) for name, duty in self._retention.duties.items())
        return [
            Owed(duty=name, titles=duty.titles, law=duty.law, until=_last(ends))
            for name, duty, ends in found
            if any(end is None or end > now for end in ends)
        ]

    def _lasting(self, held: Held) -> Iterable[Lasting]:
        if self._retention.record is not None:
            yield Lasting("record", self._retention.record, held.changed)
        if self._retention.case is not None:
            yield from (Lasting("case", self._retention.case, case.closed) for case in held.cases)
        yield from held.done

    def _kept(self, lasting: Lasting, status: Collection[str]) -> Kept:
        length = self._length(lasting.purpose, status)
        # For a purpose without an end of its own nobody can say when it is over.
        until = None if lasting.ended is None or length is None else after(lasting.ended, length)
        return Kept(because=lasting.because, purpose=lasting.purpose, until=until)

    def _length(self, purpose: str, status: Collection[str]) -> str | None:
        for period in self._retention.periods:
            if period.purpose == purpose and not set(status).isdisjoint(period.status):
                return period.keep
        return self._periods.get(purpose)

    def _owed(self, duty: Duty, held: Held) -> list[datetime | None]:
        """When what the duty speaks of ends, for each of it; nothing where there is nothing of the kind."""
        if duty.attribute is not None:
            has = not set(_said(held.values.get(duty.attribute), duty.member)).isdisjoint(duty.values)
            return [None] if has else []
        closed = [case.closed for case in held.cases if self._kinds.get(case.organisation) in duty.cases]
        return [_until(end, duty.keep) for end in closed if end is None or duty.keep is not None]


def ends_at(kept: Sequence[Kept], owed: Sequence[Owed]) -> datetime | None:
    """When nothing keeps the record any more; ``None`` as long as that cannot be said."""
    ends = [*(each.until for each in kept), *(each.until for each in owed)]
    return _last(ends) if ends else None


def _last(ends: Iterable[datetime | None]) -> datetime | None:
    """The last of them; ``None`` if one of them is yet to come."""
    known: list[datetime] = []
    for end in ends:
        if end is None:
            return None
        known.append(end)
    return max(known)


def _until(end: datetime | None, keep: str | None) -> datetime | None:
    return None if end is None or keep is None else after(end, keep)


def _before(moment: datetime, length: str) -> datetime:
    """Whatever is over by ``moment`` after ``length`` had ended by then; a few days more, since months differ."""
    return moment - (after(moment, length) - moment) + timedelta(days=4)


def _statuses(intervals: Any, now: datetime) -> Iterable[str]:
    """The legal statuses that hold today."""
    today = now.date().isoformat()
    for interval in intervals or ():
        if interval["from"] <= today and (interval.get("until") is None or interval["until"] >= today):
            yield interval["status"]


def _said(value: Any, member: str | None) -> Iterable[str]:
    """The texts that a duty compares: the value, or a member of it or of each object in it."""
    for each in value if isinstance(value, list) else [value]:
        said = each.get(member) if isinstance(each, dict) and member is not None else each
        if isinstance(said, str):
            yield said
