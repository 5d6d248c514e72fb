"""Conditions of opportunities on what only the source knows: proposed, approved by a second person, asked as yes or no."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from stena.contracts.matching import Condition, Frozen

PURPOSE: Final = "eligibility-check"
"""The purpose under which the source answers; whom it may answer about has agreed to it."""

Answer = Literal["yes", "no", "unknown"]


class NewApproval(Frozen):
    """What a condition on a protected attribute needs before an opportunity can have it: a basis in law, a reason, an end."""

    attribute: str = Field(pattern="^[a-z][a-z_]{0,63}$", examples=["gender"])
    operator: Literal["eq", "in"]
    value: bool | Annotated[str, Field(max_length=100)] | tuple[Annotated[str, Field(max_length=100)], ...]
    legal_basis: str = Field(min_length=5, max_length=300, description="Article and act that allow to choose people by this.")
    reason: str = Field(min_length=20, max_length=2_000, description="Why the offer cannot be open to everybody.")
    expires_on: date = Field(description="The last day on which people are chosen by it; within two years.")


class Acted(Frozen):
    """Who did something, for which organisation: the owner's own, with another acting user, or the privacy office."""

    organisation: str
    acting_user: str
    at: datetime


class Approval(NewApproval):
    """``approved`` is ``None`` until a second person has approved it; nothing can rest on it before, nor once it is
    ``withdrawn`` or over."""

    id: str
    owner: str
    proposed_by: str
    proposed_at: datetime
    approved: Acted | None = None
    withdrawn: Acted | None = None


class Approvals(Frozen):
    approvals: tuple[Approval, ...]


class EligibilityQuestion(Frozen):
    """Whether all of ``conditions`` are true of each of these people. Asked about people who are shortlisted already."""

    ids: tuple[UUID, ...] = Field(max_length=500)
    conditions: tuple[Condition, ...] = Field(min_length=1, max_length=10)


class EligibilityAnswers(Frozen):
    """One answer for each person asked about. Who has not agreed, is not visible or has no value: ``unknown``, all alike."""

    answers: dict[str, Answer]
