"""What became of a ranking: who was shown, and what people decided against or with it. Ids are pairwise for matching-svc."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stena.contracts.matching import OpportunityKind

Outcome = Literal["selected", "rejected", "moved"]
Reason = Literal[
    "fits-better-than-ranked",
    "fits-worse-than-ranked",
    "requirement-not-met",
    "not-available",
    "person-declined",
    "place-taken",
    "data-wrong",
    "prefers-another",
    "together-with-others",
    "too-far",
    "as-proposed",
    "other",
]
"""Coded, so that nothing is said about a person here that nobody could check. Words belong into the file of the case."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShownPeople(Frozen):
    """Whom the caller is about to be shown, in that order. ``model`` is the version that ranked them."""

    model: str = Field(max_length=80)
    people: tuple[str, ...] = Field(max_length=100)


class Said(Frozen):
    """What a person decided of a candidate, and why."""

    outcome: Outcome
    to_rank: int | None = Field(default=None, ge=1, le=1_000, description="With `moved`: where to.")
    reason: Reason

    @model_validator(mode="after")
    def _moves_somewhere(self) -> Self:
        if (self.outcome == "moved") != (self.to_rank is not None):
            raise ValueError("to_rank stands beside moved, and beside nothing else")
        return self


class NewSelection(Said):
    """``also``: the same person's ids by other versions of their key, as in ``MatchRequest``."""

    person: str
    also: tuple[str, ...] = ()


class Selection(Said):
    """``rank`` is where the machine had put the person when last shown, by ``model``; none where it had not. ``allocation`` is
    the job whose proposal was decided about, where it was one."""

    id: str
    person: str
    acting_user: str
    decided_at: datetime
    rank: int | None
    model: str
    allocation: str | None = None


class Selections(Frozen):
    """Newest first. ``kind`` says under which purpose's ids the people are named."""

    kind: OpportunityKind
    selections: tuple[Selection, ...]
    more: bool = False


class OfKind(Frozen):
    kind: OpportunityKind
