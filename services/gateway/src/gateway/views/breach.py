"""The shapes of a breach report: what was disclosed of how many, and of whom. Names of attributes, never values."""

from datetime import datetime

from pydantic import Field

from gateway.rulebook_types import RecordedAttribute, RecordedOrganisation, RecordedPurpose
from gateway.views.people import PERSON_ID, DisclosureView, Shown


class CountView(Shown):
    name: str
    people: int = Field(description="Different people.")


class BreachReport(Shown):
    since: datetime
    until: datetime
    organisation: RecordedOrganisation | None
    client: str | None
    people: int = Field(description="Different people of whom something was disclosed.")
    forgotten: int = Field(description="Those of them who have been erased since: nobody can tell who they were.")
    entries: int = Field(description="Answers.")
    unended: int = Field(description="Calls that were begun and of which it is not known how they ended.")
    first: datetime | None
    last: datetime | None
    categories: list[CountView] = Field(description="Categories of the attributes, as the rulebook groups them today.")
    attributes: list[CountView]
    resources: list[CountView] = Field(description="What it was about: persons, notes, consents, cases, referrals …")
    purposes: list[CountView]
    organisations: list[CountView]
    disclosure: DisclosureView


class AffectedView(Shown):
    person: str | None = Field(description="As your organisation names them; absent for who was erased.", examples=[PERSON_ID])
    entries: int
    first: datetime
    last: datetime
    attributes: list[RecordedAttribute]
    resources: list[str]
    purposes: list[RecordedPurpose]
    organisations: list[RecordedOrganisation]


class AffectedPage(Shown):
    people: list[AffectedView]
    next: str | None = None
    truncated: bool = False
    disclosure: DisclosureView
