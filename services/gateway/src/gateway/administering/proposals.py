"""What somebody wants, and what it would change: proposals as values, and the names by which the API knows them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from gateway.administering.four_eyes import Actor

Kind = Literal["client", "credentials", "revocation", "rulebook"]
Outcome = Literal["confirmed", "withdrawn", "at-once"]
State = Literal["open", "over"] | Outcome

LASTS: Final = timedelta(days=7)
"""How long a second person has."""

_PREFIX: Final[Mapping[Kind, str]] = {"client": "clp_", "credentials": "clp_", "revocation": "clp_", "rulebook": "rbp_"}


@dataclass(frozen=True, slots=True)
class Settled:
    """How a proposal ended. ``decision`` is that of the call which ended it, in the ledger."""

    at: datetime
    by: str
    outcome: Outcome
    decision: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """``wanted`` is what is done when it is confirmed; it holds no secret."""

    proposal_id: UUID
    kind: Kind
    by: Actor
    decision: str
    proposed_at: datetime
    ends_at: datetime
    wanted: Mapping[str, Any]
    comment: str | None = None
    idempotency_key: str | None = None
    settled: Settled | None = None

    @property
    def name(self) -> str:
        return _PREFIX[self.kind] + self.proposal_id.hex

    def ended(self, settled: Settled) -> "Proposal":
        """As it stands afterwards."""
        return replace(self, settled=settled)

    def state(self, now: datetime) -> State:
        if self.settled is not None:
            return self.settled.outcome
        return "open" if now < self.ends_at else "over"


def is_about_rulebook(name: str) -> bool:
    """What an id says by itself, before anybody looks it up: which question its confirmation is."""
    return name.startswith(_PREFIX["rulebook"])


def named(name: str) -> UUID | None:
    """The proposal behind an id; ``None`` for a text that is none. One proposal has one spelling."""
    prefix, body = name[:4], name[4:]
    try:
        found = UUID(body)
    except ValueError:
        return None
    return found if prefix in _PREFIX.values() and found.hex == body else None
