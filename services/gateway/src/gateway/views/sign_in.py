"""The shapes of sign-ins in the public API."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.rulebook_types import RecordedOrganisation
from gateway.views.casework import ITEM_ID
from gateway.views.people import PERSON_ID, Sent, Shown

Verified = Literal["identity-document", "biometrics", "register", "known-in-person"]
CODE = "KW7QF-3N8MX-P2RTY-9HJ4C"


class NewCodeBody(Sent):
    verified_by: Verified = Field(description="How your organisation made sure who stands there.")


class CodeView(Shown):
    code: str = Field(description="Shown this once. The person gives it with a token of their provider.", examples=[CODE])
    ends_at: datetime
    providers: list[str] = Field(description="By which providers people sign in here.", examples=[["eAuth (demo)"]])


class UseCodeBody(Sent):
    code: str = Field(min_length=20, max_length=40, examples=[CODE])


class SignInView(Shown):
    id: str = Field(examples=[ITEM_ID])
    provider: str
    organisation: RecordedOrganisation = Field(description="Who verified the person.")
    verified_by: Verified
    linked_at: datetime
    ended_at: datetime | None = None
    ended_by: RecordedOrganisation | None = None


class LinkedView(SignInView):
    person: str = Field(description="The own id, for every call from now on.", examples=[PERSON_ID])


class SignInList(Shown):
    sign_ins: list[SignInView]
