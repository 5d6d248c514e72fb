"""The shape of the register in the public API. It is about processing, and about nobody."""

from typing import Literal

from pydantic import Field

from gateway.rulebook_types import AttributeName, OrganisationId, PurposeId
from gateway.views.people import Shown
from stena.contracts.catalogue import Kind, Sensitivity


class LegalBasisView(Shown):
    id: str = Field(examples=["GDPR-6-1-e"])
    article: str = Field(examples=["GDPR Art 6(1)(e)"])
    title: str = Field(examples=["task in the public interest"])


class RegisteredAttribute(Shown):
    attribute: AttributeName
    title: str
    sensitivity: Sensitivity
    always: bool = Field(description="False: under a condition on the person's record, as a consent or a case.")


class RegisteredCategory(Shown):
    category: str = Field(examples=["skills"])
    title: str
    attributes: list[RegisteredAttribute]


class RegisteredRecipient(Shown):
    organisation: OrganisationId
    name: str
    kind: Kind
    legal_basis: str
    regions: list[str] = Field(description="NUTS codes.", examples=[["BG"]])
    operations: list[str] = Field(examples=[["person:read"]])
    valid_from: str
    valid_until: str


class Activity(Shown):
    """Art 30(1)(b) to (g) for one purpose."""

    purpose: PurposeId
    title: str
    description: str
    dpv: str = Field(description="The purpose in the Data Privacy Vocabulary.")
    legal_bases: list[LegalBasisView]
    data: list[RegisteredCategory]
    on_consent: list[AttributeName] = Field(description="What of it rests on the person's consent.")
    recipients: list[RegisteredRecipient]
    retention: str | None = Field(description="ISO 8601 duration.", examples=["P2Y"])
    accepts: dict[AttributeName, str] = Field(description="What is disclosed although it hints at more, and why.")
    safeguards: list[str]


class RegisterView(Shown):
    law: Literal["GDPR Art 30(1)"]
    rulebook: str
    country: str = Field(examples=["BGR"])
    people: str = Field(description="Whose data it is.")
    transfers: list[str] = Field(max_length=0, description="To third countries: none.", examples=[[]])
    measures: list[str] = Field(description="Technical and organisational measures that hold for all of it.")
    activities: list[Activity]
