"""The shapes of what people decide of candidates."""

from datetime import datetime

from pydantic import Field

from gateway.views.people import PERSON_ID, DisclosureView, Shown
from stena.contracts.selections import Outcome, Reason, Said


class SelectionBody(Said):
    """`reason` is one of a list, so that nothing is said of a person here that nobody could check. What there is to say
    beside it belongs into the notes of the case; `Case-Reference` leads there."""


class SelectionView(Shown):
    id: str = Field(examples=["sel_0199d7a4c0de7000a1b2c3d4e5f60718"])
    person: str = Field(description="The person, as your organisation names them.", examples=[PERSON_ID])
    outcome: Outcome
    to_rank: int | None = None
    reason: Reason
    acting_user: str
    decided_at: datetime
    rank: int | None = Field(description="Where the machine had put the person when last shown; none where it had not.")
    model: str = Field(description="The version of the weights that put them there.")
    allocation: str | None = Field(default=None, description="The job whose proposal was decided about, where it was one.")


class SelectionPage(Shown):
    selections: list[SelectionView]
    next: str | None = None
    disclosure: DisclosureView
