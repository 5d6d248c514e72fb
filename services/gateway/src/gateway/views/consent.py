"""The shapes of consents in the public API."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.rulebook_types import AttributeName, OrganisationId, RecordedOrganisation, RecordedPurpose
from gateway.views.people import Shown
from stena.contracts.consents import ChildView, GivenBy

RECORD_ID = "0b0f7f0e-6a4e-4a53-9c0b-0d6f9a1c2e3d"


class CoveredAttribute(Shown):
    attribute: AttributeName
    title: str = Field(description="In the language of `Accept-Language`, as far as the rulebook has it.")


class ConsentCovers(Shown):
    """What rests on this consent, and ends with it."""

    discloses: list[CoveredAttribute] = Field(description="Shown to the recipients only with it.")
    writes: list[CoveredAttribute] = Field(description="May be recorded only with it.")


class Ground(Shown):
    """Everything else of the purpose: the basis on which a recipient processes it, consent or not."""

    organisation: OrganisationId
    legal_basis: str = Field(examples=["GDPR-6-1-e"])
    article: str = Field(examples=["GDPR Art 6(1)(e)"])
    title: str = Field(examples=["task in the public interest"])


class ConsentView(Shown):
    id: str = Field(description="The record, as it is named for your organisation alone.", examples=[RECORD_ID])
    purpose: RecordedPurpose
    purpose_title: str
    recipient: RecordedOrganisation | None = Field(
        default=None, description="Absent: every organisation approved for the purpose."
    )
    state: Literal["given", "refused", "withdrawn", "expired"] = Field(
        description="`expired`: given once, and without effect since it ended or since the person came of age."
    )
    recorded_at: datetime = Field(description="The moment; to others than who recorded it, and the person, the day.")
    recorded_by: RecordedOrganisation
    expires_at: datetime | None = Field(default=None, description="As exact as `recorded_at`.")
    text_version: str | None = None
    language: str | None = None
    method: str | None = None
    given_by: GivenBy
    child_view: ChildView | None = None
    child_view_reason: str | None = Field(
        default=None, description="Shown to the organisation that recorded it, and to the person."
    )
    child_words: str | None = Field(default=None, description="Shown to the organisation that recorded it, and to the person.")
    covers: ConsentCovers
    goes_on_without: list[Ground] = Field(
        description="What a withdrawal does not end: on which basis each recipient has everything else of the purpose."
    )


class ConsentList(Shown):
    consents: list[ConsentView]


class ConsentHistory(Shown):
    consents: list[ConsentView] = Field(description="Newest first.")
    truncated: bool = Field(default=False, description="Whether there are older ones than these.")
