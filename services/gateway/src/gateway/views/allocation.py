"""The shapes of allocations in the public API."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.views.people import OPPORTUNITY_ID, PERSON_ID, DisclosureView, GateView, PersonInList, Sent, Shown
from stena.contracts.allocation import (
    MOST_OPPORTUNITIES,
    Confirmed,
    FailedFor,
    Fairness,
    Method,
    Stage,
    State,
    Totals,
    Why,
    Wishes,
)
from stena.contracts.matching import GateName, OpportunityKind
from stena.contracts.profile import Filter
from stena.contracts.selections import Reason

MOST_IDS = 5_000
"""People that one body may name; more of them are chosen by filters."""

ALLOCATION_ID = "alc_0199d7a4c0de7000a1b2c3d4e5f60718"


class AllocationBody(Sent):
    """Who is to be placed where: `people`, or `filters` as of a search; without both, everybody whom the purpose shows."""

    kind: OpportunityKind
    opportunities: tuple[str, ...] = Field(min_length=1, max_length=MOST_OPPORTUNITIES, examples=[[OPPORTUNITY_ID]])
    people: tuple[str, ...] | None = Field(default=None, max_length=MOST_IDS, examples=[[PERSON_ID]])
    filters: tuple[Filter, ...] = Field(default=(), max_length=20)
    together: tuple[tuple[str, ...], ...] = Field(
        default=(), max_length=MOST_IDS, description="People who take seats at one opportunity, or none: a family, friends."
    )
    required: tuple[str, ...] = Field(
        default=(), max_length=MOST_IDS, description="People who have to be placed. If they cannot all be, the job says which."
    )
    fairness: Fairness | None = Field(
        default=None, description="Each region's people are placed at no less than this share of the rate of all."
    )
    method: Method = Field(
        default="optimal",
        description="`optimal`: the greatest total score. `stable`: no person and place would both rather have each other.",
    )
    wishes: tuple[Wishes, ...] = Field(
        default=(), max_length=MOST_IDS, description="With `stable`. Whoever states none wishes for what fits, the best first."
    )


class ConstraintView(Shown):
    """What stands between these people and these opportunities: too few `seats`, a `gate` that is not met, a place too small
    for those who go `together`, or what `fairness` keeps for others."""

    constraint: Literal["seats", "gate", "together", "fairness"]
    gate: GateName | None = None
    people: list[str] = Field(examples=[[PERSON_ID]])
    opportunities: list[str] = Field(examples=[[OPPORTUNITY_ID]])


class ShortageView(Shown):
    """Who has to be placed and cannot be, the opportunities open to them that are too few, and what keeps them from others."""

    people: list[str] = Field(examples=[[PERSON_ID]])
    opportunities: list[str] = Field(examples=[[OPPORTUNITY_ID]])
    constraints: list[ConstraintView] = Field(default_factory=list)


class PlacementView(Shown):
    person: PersonInList
    opportunity: str | None = Field(description="What is proposed; `null`: no place.")
    score: float | None
    why: Why
    wanted: str | None = Field(description="What would have fitted best.")
    alternative: str | None = Field(description="The best beside what is proposed.")
    price: float = Field(description="What the seats at `wanted` are worth to others.")
    verify: list[GateView] = Field(description="Gates at the proposed place that are not known to be met: what to check.")
    confirmed: Confirmed | None = None


class AllocationState(Shown):
    id: str = Field(examples=[ALLOCATION_ID])
    kind: OpportunityKind
    method: Method
    model: str | None = Field(default=None, description="The version of the weights that scored.")
    state: State
    stage: Stage
    progress: float = Field(ge=0, le=1)
    reason: FailedFor | None = None
    created_at: datetime
    updated_at: datetime
    totals: Totals | None = Field(default=None, description="As computed. Who may no longer be seen is still counted here.")


class AllocationView(AllocationState):
    """A proposal: nothing of it is so before a person has confirmed it."""

    shortage: ShortageView | None = None
    placements: list[PlacementView]
    next: str | None = None
    disclosure: DisclosureView


class ConfirmationBody(Sent):
    """What you decided: the proposed place, another one, or none. Anything but the proposal wants a reason."""

    person: str = Field(examples=[PERSON_ID], max_length=100)
    opportunity: str | None = Field(examples=[OPPORTUNITY_ID], max_length=80)
    reason: Reason | None = None


class ArrivalBody(Sent):
    """Who came. `seats`: how many seats there are for all who come after the allocation, by opportunity, where that is not what
    the allocation left of `capacity` less `filled`."""

    person: str = Field(examples=[PERSON_ID], max_length=100)
    seats: dict[str, Annotated[int, Field(ge=0, le=100_000)]] = Field(
        default_factory=dict, max_length=MOST_OPPORTUNITIES, examples=[{OPPORTUNITY_ID: 2}]
    )


class ArrivalView(Shown):
    placement: PlacementView
    disclosure: DisclosureView
