"""What people ask for themselves (GDPR Arts 16, 18, 21) and what becomes of it. Ids of people are internal here."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.moments import Moment


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewCorrection(Frozen):
    """A value that a person proposes in the place of another; ``None`` to have it removed."""

    attribute: str = Field(min_length=1, max_length=64)
    value: Any
    reason: str | None = Field(default=None, min_length=1, max_length=2_000)


CorrectionState = Literal["open", "accepted", "rejected", "withdrawn"]


class CorrectionDecision(Frozen):
    """``verified``: the organisation has checked the value that it accepts. A rejection says why."""

    outcome: Literal["accepted", "rejected"]
    reason: str | None = Field(default=None, min_length=1, max_length=2_000)
    verified: bool = False


class HeldCorrection(Frozen):
    id: str
    attribute: str
    value: Any
    reason: str | None = None
    state: CorrectionState
    proposed_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None


class Correction(HeldCorrection):
    person: str


class RightsQuery(Frozen):
    """A page of what waits for the caller's decision, oldest first. ``after``: the last of the page before."""

    limit: int = Field(default=50, ge=1, le=200)
    after: str | None = None


Ground = Literal["accuracy", "unlawful", "legal-claims", "objection", "protected-address"]
"""Why data is restricted: GDPR Art 18(1)(a) to (d), or an address that nobody may find."""


class NewRestriction(Frozen):
    ground: Ground
    reason: str | None = Field(default=None, min_length=1, max_length=2_000)
    until: Moment | None = None


class Lifting(Frozen):
    """That a restriction ends, at ``until``: the person is told before (GDPR Art 18(3))."""

    reason: str | None = Field(default=None, min_length=1, max_length=2_000)
    until: Moment | None = None


class Restriction(Frozen):
    """``until``: when it ends by itself; ``announced_at``: since when the person can read that an organisation ends it."""

    id: str
    ground: Ground
    reason: str | None = None
    recorded_at: datetime
    recorded_by: str
    until: datetime | None = None
    announced_at: datetime | None = None
    announced_by: str | None = None
    announcement: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    live: bool


NOTICE_DAYS: Final = 7
"""So many days before an organisation's lifting takes effect the person can read of it."""


class NewObjection(Frozen):
    """Against processing for a purpose, by one recipient or (``None``) by all whose basis is GDPR Art 6(1)(e) or (f)."""

    purpose: str = Field(min_length=1, max_length=64)
    recipient: str | None = Field(default=None, min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=2_000)


ObjectionOutcome = Literal["upheld", "overridden"]


class ObjectionRuling(Frozen):
    """``overridden``: the organisation shows grounds that weigh more than the person's (GDPR Art 21(1)), and goes on."""

    outcome: ObjectionOutcome
    reason: str = Field(min_length=10, max_length=2_000)


class ObjectionDecision(Frozen):
    organisation: str
    outcome: ObjectionOutcome
    reason: str
    decided_at: datetime


class HeldObjection(Frozen):
    """``covers``: those to whom it was addressed. To an organisation only its own decisions are shown."""

    id: str
    purpose: str
    recipient: str | None = None
    covers: tuple[str, ...]
    reason: str
    made_at: datetime
    withdrawn_at: datetime | None = None
    decisions: tuple[ObjectionDecision, ...]


class Objection(HeldObjection):
    person: str
