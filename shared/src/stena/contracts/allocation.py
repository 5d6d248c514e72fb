"""Allocations: many people to places with capacities at once. Persons appear under ids that are pairwise for matching-svc.

An allocation is a proposal. INVARIANT: nothing of it is so before a person has confirmed it.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.matching import Condition, Gate, GateName, OpportunityKind
from stena.contracts.selections import Reason

MOST_PEOPLE = 50_000
MOST_OPPORTUNITIES = 2_000

State = Literal["queued", "running", "done", "failed", "cancelled"]
Stage = Literal["waiting", "scoring", "solving", "explaining", "done"]
FailedFor = Literal["infeasible", "too-many-attempts", "solver-failed"]
Method = Literal["optimal", "stable"]
"""``optimal``: the greatest total score. ``stable``: no person and place would both rather have each other."""

Why = Literal[
    "best", "seats-worth-more-to-others", "groups-do-not-fit", "fairness", "others-fit-better", "no-seat-left", "nothing-open"
]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fairness(Frozen):
    """Each group is placed at no less than ``share`` of the rate of all. Groups are ordinary and known to matching: the NUTS 2
    region of residence. A protected attribute cannot be named, since matching has none."""

    by: Literal["region"] = "region"
    share: float = Field(default=0.8, gt=0, le=1)


class Wishes(Frozen):
    """What a person wants, the dearest first. An opportunity that is not named is not wanted."""

    person: str
    opportunities: tuple[str, ...] = Field(max_length=MOST_OPPORTUNITIES)


class NewAllocation(Frozen):
    """``together`` are people who take seats at one opportunity or nowhere; ``required`` have to be placed. ``attributes`` are
    those that the caller's decision discloses of everybody: nothing else may touch a score. The source was asked about
    ``conditions``: whoever fails one is not among ``people``."""

    kind: OpportunityKind
    opportunities: tuple[str, ...] = Field(min_length=1, max_length=MOST_OPPORTUNITIES)
    people: tuple[str, ...] = Field(max_length=MOST_PEOPLE)
    together: tuple[tuple[str, ...], ...] = ()
    required: tuple[str, ...] = ()
    attributes: tuple[str, ...]
    fairness: Fairness | None = None
    method: Method = "optimal"
    wishes: tuple[Wishes, ...] = Field(default=(), max_length=MOST_PEOPLE)
    conditions: tuple[Condition, ...] = ()


class ConditionsRequest(Frozen):
    """Which opportunities are to be allocated: asked before anybody is chosen."""

    kind: OpportunityKind
    opportunities: tuple[str, ...] = Field(min_length=1, max_length=MOST_OPPORTUNITIES)


class Conditions(Frozen):
    """The conditions on protected attributes that all of them carry alike, to be asked at the source."""

    conditions: tuple[Condition, ...]


class Totals(Frozen):
    """Scores are sums over everybody who was placed. No allocation is worth more than ``bound``; ``gap`` is what is left to it,
    as a share; a stable allocation is not after the greatest sum and has neither. ``fairness_price`` is what the fairness
    constraint costs in total score."""

    people: int
    placed: int
    score: float
    bound: float | None = None
    gap: float | None = None
    fairness_price: float | None = None
    seats: dict[str, int]


class Constraint(Frozen):
    """What stands between these people and these opportunities: too few ``seats``, a ``gate`` that is not met, a place that is
    too small for those who go ``together``, or the floor of another group (``fairness``)."""

    constraint: Literal["seats", "gate", "together", "fairness"]
    gate: GateName | None = None
    people: tuple[str, ...]
    opportunities: tuple[str, ...]


class Shortage(Frozen):
    """The people who have to be placed and compete for the opportunities, which have too few seats for them; and what keeps
    them from all others."""

    people: tuple[str, ...]
    opportunities: tuple[str, ...]
    constraints: tuple[Constraint, ...] = ()


class ConfirmRequest(Frozen):
    """What a person decided about a proposal; ``opportunity`` may be another one, or none, for a ``reason``. ``people`` are the
    ids of the one person whom it is about."""

    people: tuple[str, ...] = Field(min_length=1)
    opportunity: str | None
    reason: Reason | None = None


class Confirmed(Frozen):
    opportunity: str | None
    reason: Reason | None
    acting_user: str
    at: datetime


class ShownPlacements(Frozen):
    """Of whom the caller is about to be shown what is proposed."""

    people: tuple[str, ...] = Field(max_length=500)


class NewArrival(Frozen):
    """Somebody who comes after the others, to be placed at once. ``people`` are the ids of the one person; ``seats`` says how
    many seats are free now where that is not what is known here."""

    people: tuple[str, ...] = Field(min_length=1)
    attributes: tuple[str, ...]
    seats: dict[str, int] = Field(default_factory=dict, max_length=MOST_OPPORTUNITIES)


class Placement(Frozen):
    """``wanted`` is the best for the person and ``alternative`` the best beside what is proposed. ``price`` is what the seats
    at ``wanted`` are worth to others. For people who are placed together, scores and prices are of all of them. ``verify`` are
    the gates at the proposed place that are not known to be met."""

    person: str
    opportunity: str | None
    score: float | None
    why: Why
    wanted: str | None
    alternative: str | None
    price: float
    verify: tuple[Gate, ...] = ()
    confirmed: Confirmed | None = None


class Allocation(Frozen):
    """``progress`` is in 0..1. ``shortage`` is there if it failed as infeasible. ``model`` is the version that scored."""

    id: str
    kind: OpportunityKind
    method: Method = "optimal"
    model: str | None = None
    state: State
    stage: Stage
    progress: float
    reason: FailedFor | None = None
    created_at: datetime
    updated_at: datetime
    totals: Totals | None = None
    shortage: Shortage | None = None
    conditions: tuple[Condition, ...] = ()
    placements: tuple[Placement, ...] = ()
    more: bool = False
