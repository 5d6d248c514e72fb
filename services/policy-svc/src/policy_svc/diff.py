"""What changes between two rulebooks: which cells open, which close. Pure.

INVARIANT: whatever the new rulebook might let through and the old one did not is among ``opened``; where it is not certain that
nothing opens, it counts as an opening.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from policy_svc.cells import Item, Verb, turning_days, view
from policy_svc.rulebook import Rulebook
from policy_svc.ways import NEVER, implies
from policy_svc.wording import Reader
from stena.contracts.catalogue import Emergency

_PHRASE: dict[Verb, str] = {"operate": "may", "disclose": "sees", "write": "may write"}


@dataclass(frozen=True, slots=True)
class Change:
    """Cells that change alike. ``before`` and ``after`` are conditions in words, ``since`` the first day on which it shows."""

    organisations: tuple[str, ...]
    purpose: str
    verb: str
    names: tuple[str, ...]
    before: str
    after: str
    since: date | None = None

    def __str__(self) -> str:
        since = f", from {self.since}" if self.since else ""
        who, what = ", ".join(self.organisations), ", ".join(self.names)
        return f"{self.purpose}: {who} {self.verb} {what}: {self.before} → {self.after}{since}"


@dataclass(frozen=True, slots=True)
class Changes:
    """A condition that is neither narrower nor wider stands in both."""

    opened: tuple[Change, ...]
    closed: tuple[Change, ...]


class _Cell(NamedTuple):
    organisation: str
    purpose: str
    item: Item


class _Turn(NamedTuple):
    before: str
    after: str
    since: date | None


def compare(old: Rulebook, new: Rulebook) -> Changes:
    """Every cell that opens or closes on any day that the approvals of either rulebook speak of."""
    opened: dict[_Cell, _Turn] = {}
    closed: dict[_Cell, _Turn] = {}
    for organisation in sorted(old.organisations.keys() | new.organisations.keys()):
        days = turning_days(book.organisations[organisation] for book in (old, new) if organisation in book.organisations)
        for purpose in _purposes(old, new, organisation):
            for day in days:
                _compare_view(old, new, _Where(organisation, purpose, day, day == days[0]), opened, closed)
    reach = list(_reach(old, new))
    return Changes(
        _gathered(opened) + tuple(change for change, widens in reach if widens),
        _gathered(closed) + tuple(change for change, widens in reach if not widens),
    )


def _reach(old: Rulebook, new: Rulebook) -> Iterator[tuple[Change, bool]]:
    """What a purpose says of whole answers: how far its ids can be joined, how much of the origin is told, what it matches."""
    for purpose in sorted(old.purposes.keys() & new.purposes.keys()):
        was, becomes = old.purposes[purpose], new.purposes[purpose]
        who = tuple(sorted(name for name, approved in new.organisations.items() if approved.covering(purpose)))
        if was.ids != becomes.ids:
            yield Change(who, purpose, "gets", ("ids",), f"of the {was.ids}", f"of the {becomes.ids}"), becomes.ids != "purpose"
        if was.provenance != becomes.provenance:
            change = Change(who, purpose, "sees", ("provenance",), was.provenance, becomes.provenance)
            yield change, becomes.provenance == "full"
        for kind in sorted(set(was.kinds) ^ set(becomes.kinds)):
            added = kind in becomes.kinds
            yield Change(who, purpose, "matches", (kind,), *(("never", "always") if added else ("always", "never"))), added
        before, after = map(_in_words, (was.emergency, becomes.emergency))
        change = Change(who, purpose, "breaks the glass", ("emergency",), before, after)
        yield from ((change, widens) for widens, eased in _eased(was.emergency, becomes.emergency) if eased)


def _eased(was: Emergency | None, becomes: Emergency | None) -> Iterator[tuple[bool, bool]]:
    """Whether glass is broken more easily (``True``), and less so: by fewer words, for longer, or with nobody hearing of it."""
    for widens, before, after in ((True, was, becomes), (False, becomes, was)):
        if before is None or after is None:
            yield widens, before is not after and after is None
        else:
            yield widens, after.lasts > before.lasts or after.justification < before.justification


def _in_words(emergency: Emergency | None) -> str:
    if emergency is None:
        return "without review"
    return f"for {emergency.lasts} on {emergency.justification} characters, reviewed"


class _Where(NamedTuple):
    organisation: str
    purpose: str
    day: date
    first: bool


def _purposes(old: Rulebook, new: Rulebook, organisation: str) -> list[str]:
    approved = [book.organisations[organisation] for book in (old, new) if organisation in book.organisations]
    return sorted({purpose for each in approved for approval in each.approvals for purpose in approval.covers})


def _compare_view(old: Rulebook, new: Rulebook, where: _Where, opened: dict[_Cell, _Turn], closed: dict[_Cell, _Turn]) -> None:
    before = view(old, where.organisation, where.purpose, where.day).ways
    after = view(new, where.organisation, where.purpose, where.day).ways
    reader = Reader(where.organisation, where.purpose)
    for item in before.keys() | after.keys():
        was, becomes = before.get(item, NEVER), after.get(item, NEVER)
        if was == becomes:
            continue
        turn = _Turn(reader.words(was), reader.words(becomes), None if where.first else where.day)
        for found, widens in ((opened, not implies(becomes, was)), (closed, not implies(was, becomes))):
            if widens:
                found.setdefault(_Cell(where.organisation, where.purpose, item), turn)


def _gathered(cells: dict[_Cell, _Turn]) -> tuple[Change, ...]:
    """Cells with the same change together: first the names of an organisation, then the organisations with the same names."""
    names: dict[tuple[str, str, Verb, _Turn], list[str]] = {}
    for (organisation, purpose, (verb, name)), turn in cells.items():
        names.setdefault((organisation, purpose, verb, turn), []).append(name)
    organisations: dict[tuple[str, Verb, tuple[str, ...], _Turn], list[str]] = {}
    for (organisation, purpose, verb, turn), found in names.items():
        organisations.setdefault((purpose, verb, tuple(sorted(found)), turn), []).append(organisation)
    changes = (
        Change(tuple(sorted(who)), purpose, _PHRASE[verb], what, turn.before, turn.after, turn.since)
        for (purpose, verb, what, turn), who in organisations.items()
    )
    return tuple(sorted(changes, key=lambda change: (change.purpose, change.verb, change.names, change.organisations)))
