"""The shapes of exports, for the documentation and for bodies that callers send."""

from pydantic import Field

from gateway.rulebook_types import AttributeName
from gateway.views.people import DisclosureView, PersonInList, Sent, Shown
from stena.contracts.profile import Filter


class ExportBody(Sent):
    """The selection of a search; an export has no pages."""

    filters: tuple[Filter, ...] = Field(default=(), max_length=20)
    sort: str | None = Field(default=None, max_length=100, description="An attribute; `-` before it for descending.")
    fields: tuple[AttributeName, ...] | None = Field(default=None, max_length=200)


class ExportEnd(Shown):
    complete: bool = Field(description="Whether everybody is there. False, or no such line at all: not.")
    reason: str | None = Field(default=None, description="What stopped the export: the last part of a problem's `type`.")
    people: int = Field(ge=0, description="How many people stand before this line.")
    disclosure: DisclosureView


class ExportLine(Shown):
    """A line of an export has one of these members."""

    disclosure: DisclosureView | None = Field(
        default=None, description="Under which decision the people of the lines that follow are disclosed."
    )
    person: PersonInList | None = None
    export: ExportEnd | None = Field(default=None, description="The last line, and only it.")
