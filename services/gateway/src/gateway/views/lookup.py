"""The shapes of a lookup: what is known of a person, and who they are."""

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.rulebook_types import AttributeName
from gateway.views.people import DisclosureView, PersonInList, Sent, Shown

Known = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class LookupBody(Sent):
    """One to three attributes with the value that you know; all of them must be the person's."""

    match: dict[AttributeName, Known] = Field(
        min_length=1,
        max_length=3,
        description="Attributes that have a `lookup` in `GET /v1/attributes`. A name is found in either of its scripts.",
        examples=[{"national_number": "1000000001"}],
    )
    fields: tuple[AttributeName, ...] | None = Field(default=None, max_length=200)


class FoundPeople(Shown):
    people: list[PersonInList] = Field(description="At most ten. Empty if there is nobody whom you may see.")
    disclosure: DisclosureView
