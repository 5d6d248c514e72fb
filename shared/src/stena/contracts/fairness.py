"""What an audit of rankings is asked with and answered by. Counts of groups and what follows from them; never a person.

Between the gateway and a service people have ids: pairwise ones towards matching-svc, internal ones towards profile-svc.
"""

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stena.contracts.matching import OpportunityKind

Audited = Literal["gender", "age_band", "ethnic_origin", "nationalities"]
"""The attributes that groups are made by."""

MOST_AUDITED = 50_000
"""People in one audit."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AuditScope(Frozen):
    """Which rankings: of one opportunity or of all of a kind, as shown from one day to another, both included."""

    kind: OpportunityKind | None = None
    opportunity: str | None = Field(default=None, pattern="^[A-Za-z0-9_-]{1,80}$")
    since: date
    until: date

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.kind is None) == (self.opportunity is None):
            raise ValueError("name a kind or an opportunity, and not both")
        if not self.since <= self.until:
            raise ValueError("the audit ends before it begins")
        return self


class NewAudit(AuditScope):
    attribute: Audited


class Outcomes(Frozen):
    """Who got how far, by ids, each person once. ``exposure`` is of those shown. ``decisions`` counts what people decided,
    by outcome and reason, to the nearest five."""

    kind: OpportunityKind
    opportunities: int
    models: tuple[str, ...]
    considered: tuple[str, ...] = Field(max_length=MOST_AUDITED)
    shown: tuple[str, ...]
    selected: tuple[str, ...]
    rejected: tuple[str, ...]
    exposure: dict[str, float]
    decisions: dict[str, dict[str, int]]


class GroupQuestion(Frozen):
    """Asked of the source, with internal ids."""

    attribute: Audited
    considered: tuple[str, ...] = Field(max_length=MOST_AUDITED)
    shown: tuple[str, ...] = Field(max_length=MOST_AUDITED)
    selected: tuple[str, ...] = Field(max_length=MOST_AUDITED)
    rejected: tuple[str, ...] = Field(max_length=MOST_AUDITED)
    exposure: dict[str, float]


class GroupView(Frozen):
    """``considered`` is to the nearest ``step`` of the report, as every count is."""

    group: str = Field(examples=["female"])
    considered: int


class CellView(Frozen):
    """``count`` of ``base``. Hidden: ``few`` or ``nearly-all`` would tell of single people, ``to-protect-another`` would tell
    another hidden one to whoever knows the total; then it lies ``between`` two counts."""

    group: str
    base: int | None
    count: int | None
    between: tuple[int, int] | None
    hidden: Literal["few", "nearly-all", "to-protect-another", "base-hidden"] | None
    rate: float | None
    interval: tuple[float, float] | None


class Comparison(Frozen):
    """One group's rate beside the largest group's. ``ratio`` is the least and the greatest that what is told leaves open.

    ``below_four_fifths`` is of the lower of the two rates beside the higher. ``p`` is of Fisher's exact test, adjusted for all
    comparisons of the report (Holm).
    """

    group: str
    beside: str
    ratio: tuple[float, float] | None
    ratio_interval: tuple[float, float] | None
    difference_interval: tuple[float, float] | None
    p: float | None
    below_four_fifths: bool | None
    finding: Literal["lower", "higher", "none", "not-known"]


class StageView(Frozen):
    stage: Literal["shown", "selected", "rejected"]
    of: Literal["considered", "shown"]
    cells: tuple[CellView, ...]
    comparisons: tuple[Comparison, ...]


class ExposureView(Frozen):
    """Mean exposure of the group's people as a share of the first group's."""

    group: str
    share: float | None


class AuditReport(Frozen):
    """Groups in the order of their size, the largest first."""

    attribute: Audited
    groups: tuple[GroupView, ...]
    stages: tuple[StageView, ...]
    exposure: tuple[ExposureView, ...]
    smallest: int
    step: int
    alpha: float
