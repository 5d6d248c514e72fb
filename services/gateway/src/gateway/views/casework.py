"""The shapes of notes, shares, cases and referrals in the public API."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from gateway.rulebook_types import OrganisationId, PurposeId, RecordedOrganisation, RecordedPurpose
from gateway.views.people import PERSON_ID, Sent, Shown
from stena.contracts.casework import Basis, State
from stena.contracts.moments import Moment

ITEM_ID: Final = "0199d7a4-c0de-7000-a1b2-c3d4e5f60718"


class NoteView(Shown):
    id: str = Field(examples=[ITEM_ID])
    written_at: datetime
    written_by: RecordedOrganisation
    acting_user: str | None = Field(default=None, description="Who wrote it, told to the writer's own organisation only.")
    language: str | None = None
    text: str
    shared_until: datetime | None = Field(default=None, description="Of another organisation's note: how long you may read it.")


class NotePage(Shown):
    notes: list[NoteView]
    next: str | None = None


class NoteReleaseView(Shown):
    about_others: Literal["none", "marked", "withheld"]
    masked: list[str]
    released_at: datetime


class NewShareBody(Sent):
    purpose: PurposeId = Field(description="The purpose for which others may read the note.")
    recipient: OrganisationId | None = Field(
        default=None, description="One organisation; absent: every one that is approved for the purpose."
    )
    until: Moment = Field(description="When it ends: within a year.")


class ShareView(Shown):
    id: str = Field(examples=[ITEM_ID])
    purpose: RecordedPurpose
    recipient: RecordedOrganisation | None = None
    shared_at: datetime
    until: datetime
    ended_at: datetime | None = Field(default=None, description="When it was ended before its time.")


class ShareList(Shown):
    shares: list[ShareView]


class NewCaseBody(Sent):
    organisation: OrganisationId = Field(description="Who is given the case, and sees from then on what wants one.")


class CaseView(Shown):
    id: str = Field(examples=[ITEM_ID])
    organisation: RecordedOrganisation
    basis: Basis = Field(description="How it came about. No organisation takes on a case by itself.")
    opened_at: datetime = Field(description="The day alone, where somebody else gave the case to your organisation.")
    opened_by: RecordedOrganisation
    closed_at: datetime | None = None
    closed_by: RecordedOrganisation | None = Field(default=None, description="Absent where time closed it.")


class CaseList(Shown):
    cases: list[CaseView]


class NewReferralBody(Sent):
    recipient: OrganisationId
    purpose: PurposeId = Field(description="What the recipient is asked to take the person on for, and is approved for.")
    reason: str = Field(min_length=1, max_length=2_000, description="For the recipient to read; stored under the person's key.")
    until: Moment | None = Field(default=None, description="When the access that rests on the referral ends.")


class ReferralView(Shown):
    id: str = Field(examples=[ITEM_ID])
    person: str = Field(description="The person, as this organisation names them.", examples=[PERSON_ID])
    sender: RecordedOrganisation
    recipient: RecordedOrganisation
    purpose: RecordedPurpose
    reason: str
    state: State
    created_at: datetime
    changed_at: datetime
    until: datetime | None = None


class ReferralPage(Shown):
    referrals: list[ReferralView]
    next: str | None = None
