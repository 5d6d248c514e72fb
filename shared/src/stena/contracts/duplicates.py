"""What profile-svc takes and gives of likely duplicates and of merging them. Ids of people are internal here."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.profile import Person

How = Literal["same", "similar", "different"]
Take = Literal["this", "other", "both"]
"""Whose value stands where two records differ: that of the record which stays, that of the other, or both lists in one."""

Widening = Literal["assigned", "consents", "region"]
"""What lets somebody see more of the merged person than they saw of either record."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DuplicateQuery(Frozen):
    """Likely duplicates among everybody whom the grant shows, going on after the person ``after``; or of ``person`` alone."""

    person: str | None = None
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=100)


class Duplicate(Frozen):
    """Two records that may be one person's. ``agreement``: how each attribute that is disclosed of both compares."""

    people: tuple[Person, Person]
    score: float = Field(ge=0, le=1)
    agreement: dict[str, How]


class Duplicates(Frozen):
    """``after``: the person up to whom was looked, if there are more."""

    duplicates: tuple[Duplicate, ...]
    after: str | None = None


class Distinction(Frozen):
    """The record of the call and ``other`` are two people: not proposed again to whoever says so."""

    other: str


class MergeRequest(Frozen):
    """Make ``other`` part of the record of the call. ``widen``: the caller knows that somebody sees more by it."""

    other: str
    take: dict[str, Take] = Field(default_factory=dict)
    widen: bool = False


class PartOf(Frozen):
    """The record ``part`` is part of ``person`` since ``merge``."""

    person: str
    part: str
    merge: str


class Parts(Frozen):
    """Every merge that stands and made one person of the record that was asked about and others."""

    parts: tuple[PartOf, ...]


class Merge(Frozen):
    """``person`` is the record that stays, ``merged`` the one that became part of it; ``view`` as the caller sees them now."""

    id: str
    person: str
    merged: str
    merged_at: datetime
    undone_at: datetime | None = None
    widened: tuple[Widening, ...] = ()
    view: Person
