"""The shapes of how long a record is kept in the public API."""

from datetime import datetime

from pydantic import Field

from gateway.rulebook_types import RecordedPurpose
from gateway.views.people import PERSON_ID, Shown
from stena.contracts.retention import Because


class KeptView(Shown):
    because: Because = Field(description="The record itself, from its last change; or a case, a referral, a consent.")
    purpose: RecordedPurpose
    title: str = Field(description="The purpose in your language.", examples=["Registration"])
    until: datetime | None = Field(description="`null` as long as it goes on.")


class DutyView(Shown):
    duty: str = Field(examples=["open-procedure"])
    title: str = Field(
        description="What the law wants kept, in your language.", examples=["An application for protection is being examined"]
    )
    law: str = Field(examples=["GDPR Art 17(3)(b)"])
    until: datetime | None = Field(description="`null` as long as it goes on.")


class NoticeView(Shown):
    told_at: datetime
    erased_from: datetime = Field(description="Nobody is erased before this, and nobody whom something keeps by then.")


class RetentionView(Shown):
    kept: list[KeptView] = Field(description="What lasts longest first.")
    duties: list[DutyView] = Field(description="Why the record may not be erased now, even at your wish (GDPR Art 17(3)).")
    ends_at: datetime | None = Field(description="When nothing keeps the record any more; `null` as long as that is not known.")
    notice: NoticeView | None


class NoticeOfView(NoticeView):
    person: str = Field(description="The person, as this organisation names them.", examples=[PERSON_ID])


class NoticePage(Shown):
    notices: list[NoticeOfView]
    next: str | None = None
