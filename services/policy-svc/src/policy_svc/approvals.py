"""Organisations and what they are approved for. An empty list of regions or roles means none, never all."""

from dataclasses import dataclass
from datetime import date

from stena.contracts.catalogue import Organisation


@dataclass(frozen=True, slots=True)
class Approval:
    """``covers`` are the purpose and everything narrower; ``last`` is the last day, in UTC like every date here."""

    purpose: str
    covers: frozenset[str]
    legal_basis: str
    regions: frozenset[str]
    first: date
    last: date

    def live(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Approved:
    """One organisation with its approvals."""

    organisation: Organisation
    roles: frozenset[str]
    approvals: tuple[Approval, ...]

    def purposes(self, day: date) -> frozenset[str]:
        """Every purpose that a live approval covers."""
        return frozenset().union(*(approval.covers for approval in self.approvals if approval.live(day)))

    def covering(self, purpose: str) -> tuple[Approval, ...]:
        """The approvals for a purpose, live or not."""
        return tuple(approval for approval in self.approvals if purpose in approval.covers)
