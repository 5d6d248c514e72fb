"""What an objection stops, and what a decision about it lets go on. Pure.

INVARIANT: an objection is effective from the moment on which it is made (GDPR Art 18(1)(d)) until somebody decides that
weightier grounds carry their processing on, and then only for whoever decided so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from stena.contracts.catalogue import OBJECTION_BASES, Recipient
from stena.contracts.rights import ObjectionOutcome


class NothingToObjectTo(Exception):
    """Nobody who is meant processes on a basis that can be objected to; ``legal_bases`` are those that they process on."""

    def __init__(self, legal_bases: Iterable[str]) -> None:
        self.legal_bases = tuple(sorted(set(legal_bases)))
        super().__init__(
            "An objection is possible where processing rests on public interest or legitimate interests alone (Art 21(1)). "
            "Here it rests on something else, or nobody is approved."
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """One organisation's decision; ``sealed`` holds its reason."""

    decision_id: UUID
    organisation: str
    outcome: ObjectionOutcome
    sealed: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Objected:
    """An objection to a purpose, against one recipient or (``None``) all; ``covers`` are those who process for it on that day.

    ``sealed`` holds the reason; ``decisions`` are in their order.
    """

    person_id: UUID
    objection_id: UUID
    purpose: str
    recipient: str | None
    covers: tuple[str, ...]
    sealed: str
    made_at: datetime
    withdrawn_at: datetime | None = None
    decisions: tuple[Decided, ...] = ()

    @property
    def overridden_by(self) -> frozenset[str]:
        """Those whose newest decision is that they go on."""
        newest = {decided.organisation: decided.outcome for decided in self.decisions}
        return frozenset(organisation for organisation, outcome in newest.items() if outcome == "overridden")


def tokens(objections: Iterable[Objected]) -> frozenset[str]:
    """What the fact ``objections`` holds: ``purpose`` for everybody, ``purpose@organisation`` for one."""
    return frozenset(token for objection in objections if objection.withdrawn_at is None for token in _tokens(objection))


def _tokens(objection: Objected) -> set[str]:
    """One against all stays so, also for services and for whoever is approved later, until somebody may go on: from then on
    those whom it covers are spelled out, since a set of tokens cannot say "all but one"."""
    going_on = objection.overridden_by
    if objection.recipient is not None:
        return set() if objection.recipient in going_on else {f"{objection.purpose}@{objection.recipient}"}
    if not going_on:
        return {objection.purpose}
    return {f"{objection.purpose}@{one}" for one in objection.covers if one not in going_on}


def covered(recipients: Iterable[Recipient], recipient: str | None, on: date) -> tuple[str, ...]:
    """Whom an objection covers: those who process on nothing but a basis that can be objected to, on that day.

    Raises ``NothingToObjectTo``."""
    bases: dict[str, set[str]] = {}
    for each in recipients:
        live = each.valid_from <= on.isoformat() <= each.valid_until
        if live and recipient in (None, each.organisation):
            bases.setdefault(each.organisation, set()).add(each.legal_basis)
    found = tuple(sorted(organisation for organisation, legal in bases.items() if legal <= OBJECTION_BASES))
    if not found:
        raise NothingToObjectTo(basis for legal in bases.values() for basis in legal)
    return found
