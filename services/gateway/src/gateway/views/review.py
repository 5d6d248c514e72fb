"""The shapes of the list for review: who broke the glass, of whom and why, and what came of it. No value of anybody."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.rulebook_types import RecordedOrganisation, RecordedPurpose
from gateway.views.people import ACCESS_ID, PERSON_ID, Sent, Shown

Outcome = Literal["justified", "unjustified", "needs-follow-up"]


class ReviewOutcome(Sent):
    outcome: Outcome
    comment: str = Field(min_length=1, max_length=4_000, description="What was looked at, and why it was judged so.")


class ReviewedView(Shown):
    outcome: Outcome
    comment: str
    reviewed_at: datetime
    reviewed_by: RecordedOrganisation
    acting_user: str | None = None


class ReviewView(Shown):
    id: str = Field(examples=[ACCESS_ID])
    state: Literal["open", "done"]
    opened_at: datetime
    ends_at: datetime = Field(description="Until when what was said was good.")
    person: str = Field(description="The person, as your organisation names them.", examples=[PERSON_ID])
    organisation: RecordedOrganisation = Field(description="Who broke the glass.")
    organisation_name: str
    acting_user: str
    purpose: RecordedPurpose
    purpose_title: str = Field(description="In the language of `Accept-Language`, as far as the rulebook has it.")
    justification: str = Field(description="In the words of the acting user.")
    decision: str = Field(description="The decision under which it was opened.")
    review: ReviewedView | None = None


class ReviewPage(Shown):
    reviews: list[ReviewView]
    next: str | None = None
