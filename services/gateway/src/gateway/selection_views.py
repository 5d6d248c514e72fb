"""The shapes of what people decide of candidates."""

from datetime import datetime

from pydantic import Field

from gateway.views import PERSON_ID, DisclosureView, Shown
from stena.contracts.selections import Outcome, Reason, Said


class SelectionBody(Said):
    """`reason` is for statistics, `words` for whoever has to answer for the decision. Say nothing in them that the opportunity
    does not need: they are read by your own organisation alone, but they are kept."""


class SelectionView(Shown):
    id: str = Field(examples=["sel_0199d7a4c0de7000a1b2c3d4e5f60718"])
    person: str = Field(description="The person, as your organisation names them.", examples=[PERSON_ID])
    outcome: Outcome
    to_rank: int | None = None
    reason: Reason
    words: str
    acting_user: str
    decided_at: datetime
    rank: int = Field(description="Where the machine had put the person when last shown.")
    model: str = Field(description="The version of the weights that put them there.")


class SelectionPage(Shown):
    selections: list[SelectionView]
    next: str | None = None
    disclosure: DisclosureView
