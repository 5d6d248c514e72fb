"""The shapes of likely duplicates and of merging."""

from datetime import datetime

from pydantic import Field

from gateway.rulebook_types import AttributeName
from gateway.views.casework import ITEM_ID
from gateway.views.people import PERSON_ID, DisclosureView, PersonInList, Sent, Shown
from stena.contracts.duplicates import How, Take, Widening


class DuplicateView(Shown):
    people: tuple[PersonInList, PersonInList] = Field(description="As your purpose lets them be seen.")
    score: float = Field(ge=0, le=1, description="How likely they are one person, by what is shown here alone.")
    agreement: dict[AttributeName, How] = Field(description="How each attribute that both records have compares.")


class DuplicatePage(Shown):
    duplicates: list[DuplicateView]
    next: str | None = Field(default=None, description="Cursor of the next page; a page may be empty before the end.")
    disclosure: DisclosureView


class MergeBody(Sent):
    other: str = Field(max_length=100, description="The record that becomes part of this one.", examples=[PERSON_ID])
    take: dict[AttributeName, Take] = Field(
        default_factory=dict,
        max_length=200,
        description="Whose value stands where they differ; `both` for lists. Of what you do not see what was verified stands, "
        "and then what was said last.",
        examples=[{"given_name": "this"}],
    )
    widen: bool = Field(default=False, description="You know that by it somebody sees more of the person: see `merge-widens`.")


class MergeView(Shown):
    id: str = Field(examples=[ITEM_ID], description="What it is taken back by.")
    person: PersonInList
    merged: str = Field(description="The id of the record that is part of it now; it goes on naming the person.")
    merged_at: datetime
    undone_at: datetime | None = None
    widened: list[Widening] = Field(description="By what somebody sees more of the person than of either record.")
    disclosure: DisclosureView
