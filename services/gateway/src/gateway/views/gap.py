"""The shape of skill gaps in the public API."""

from pydantic import Field

from gateway.views.people import DisclosureView, OpportunityView, Shown


class SkillGapView(Shown):
    uri: str = Field(description="An ESCO skill that the person is not known to have.")
    label: str = Field(description="In the language of `Accept-Language`, as far as ESCO has it.")
    opens: int = Field(
        ge=0, description="With it, and not without it, at least half is met of what so many opportunities name."
    )
    raises: int = Field(ge=0, description="In so many opportunities more would be met.")
    courses: list[OpportunityView] = Field(
        description="That teach it and can be joined, the next to begin first. Whether they fit the person is not looked at."
    )
    uses: list[str] = Field(description="The attributes of the person that it rests on.")


class SkillGapList(Shown):
    gaps: list[SkillGapView]
    considered: int = Field(ge=0, description="The best-fitting opportunities that name skills; a thousand at most.")
    open: int = Field(ge=0, description="Of how many of these at least half is met already.")
    disclosure: DisclosureView
