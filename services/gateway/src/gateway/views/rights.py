"""The shapes of what people ask for themselves in the public API: corrections, restrictions, objections."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.rulebook_types import (
    AttributeName,
    OrganisationId,
    PurposeId,
    RecordedAttribute,
    RecordedOrganisation,
    RecordedPurpose,
)
from gateway.views.casework import ITEM_ID
from gateway.views.people import PERSON_ID, Sent, Shown
from stena.contracts.moments import Moment
from stena.contracts.rights import NOTICE_DAYS, CorrectionState, Ground, ObjectionOutcome

Reason = Annotated[str, Field(min_length=1, max_length=2_000)]


class NewCorrectionBody(Sent):
    attribute: AttributeName
    value: Any = Field(description="As the attribute is written; `null` to have it removed.", examples=["+359888123456"])
    reason: Reason | None = Field(default=None, description="For those who decide; stored under the person's key.")


class CorrectionDecisionBody(Sent):
    reason: Reason | None = Field(default=None, description="For the person to read. A rejection wants one.")
    verified: bool = Field(default=False, description="Of a value that is accepted: your organisation has checked it.")


class CorrectionView(Shown):
    id: str = Field(examples=[ITEM_ID])
    person: str = Field(description="The person, as this organisation names them.", examples=[PERSON_ID])
    attribute: RecordedAttribute
    value: Any = Field(examples=["+359888123456"])
    reason: str | None = None
    state: CorrectionState
    proposed_at: datetime = Field(description="To organisations the day alone.")
    decided_at: datetime | None = None
    decided_by: RecordedOrganisation | None = None
    decision_reason: str | None = Field(default=None, description="Told to the person, and to whoever decided.")


class CorrectionList(Shown):
    corrections: list[CorrectionView]


class CorrectionPage(CorrectionList):
    next: str | None = None


class NewRestrictionBody(Sent):
    ground: Ground = Field(description="GDPR Art 18(1)(a) to (d) in their order, or an address that nobody may find.")
    reason: Reason | None = Field(default=None, description="Stored under the person's key.")
    until: Moment | None = Field(default=None, description="When it ends by itself. Absent: when it is lifted.")


class LiftingBody(Sent):
    reason: Reason | None = Field(default=None, description="For the person to read. Organisations have to give one.")
    until: Moment | None = Field(
        default=None, description=f"When it ends: at least {NOTICE_DAYS} days from now, which is what holds if it is absent."
    )


class RestrictionView(Shown):
    id: str = Field(examples=[ITEM_ID])
    ground: Ground
    reason: str | None = Field(default=None, description="Told to the person, and to whoever recorded it.")
    recorded_at: datetime
    recorded_by: RecordedOrganisation
    until: datetime | None = None
    announced_at: datetime | None = Field(default=None, description="Since when the person can read that it will be lifted.")
    announced_by: RecordedOrganisation | None = None
    announcement: str | None = Field(default=None, description="Why it will be lifted.")
    lifted_at: datetime | None = None
    lifted_by: RecordedOrganisation | None = None
    live: bool


class RestrictionList(Shown):
    restrictions: list[RestrictionView]


class NewObjectionBody(Sent):
    purpose: PurposeId
    recipient: OrganisationId | None = Field(
        default=None, description="Absent: everybody who processes for the purpose on GDPR Art 6(1)(e) or (f)."
    )
    reason: Reason = Field(description="What of the own situation speaks against it, for those who decide to read.")


class ObjectionRulingBody(Sent):
    outcome: ObjectionOutcome = Field(description="`overridden`: grounds that weigh more than the person's carry you on.")
    reason: str = Field(min_length=10, max_length=2_000, description="For the person to read.")


class ObjectionDecisionView(Shown):
    organisation: RecordedOrganisation
    outcome: ObjectionOutcome
    reason: str
    decided_at: datetime


class ObjectionView(Shown):
    id: str = Field(examples=[ITEM_ID])
    person: str = Field(description="The person, as this organisation names them.", examples=[PERSON_ID])
    purpose: RecordedPurpose
    recipient: RecordedOrganisation | None = None
    covers: list[RecordedOrganisation] = Field(description="Who was meant on that day; to an organisation itself alone.")
    reason: str
    made_at: datetime = Field(description="To organisations the day alone.")
    withdrawn_at: datetime | None = None
    decisions: list[ObjectionDecisionView] = Field(description="To an organisation its own. The newest of each holds.")


class ObjectionList(Shown):
    objections: list[ObjectionView]


class ObjectionPage(ObjectionList):
    next: str | None = None
