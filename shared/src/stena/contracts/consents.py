"""What people agree to, and who says so for them: the words between the gateway and profile-svc.

A consent is never a basis where the law is one; what rests on consent at all is ``catalogue.ConsentScope``.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stena.contracts.moments import Moment

GivenBy = Literal["person", "guardian"]
ChildView = Literal["agrees", "disagrees", "not-asked"]
Method = Literal["paper", "online", "oral-with-witness", "interpreter"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChildHeard(Frozen):
    """What a child said of a consent that its guardian decides (CRC Art 12, GDPR Art 8).

    ``child_view_reason`` says why the child was not asked, or how its disagreement was weighed.
    """

    child_view: ChildView | None = None
    child_view_reason: str | None = Field(default=None, min_length=10, max_length=2_000)
    child_words: str | None = Field(default=None, min_length=1, max_length=2_000)


class Consent(ChildHeard):
    """What was said for a purpose, to one recipient or (``None``) to every approved one, and how it stands now.

    ``expired``: given once, and without effect since it ended or since the person came of age. ``id`` is made for the
    organisation that asks. ``method`` is free where another system recorded it.
    """

    id: str
    purpose: str
    recipient: str | None = None
    state: Literal["given", "refused", "withdrawn", "expired"]
    recorded_at: datetime
    recorded_by: str
    expires_at: datetime | None = None
    text_version: str | None = None
    language: str | None = None
    method: str | None = None
    given_by: GivenBy = "person"


class ConsentRecord(ChildHeard):
    """What an organisation that meets the person records. For a minor the guardian decides, and the child is heard."""

    state: Literal["given", "refused"]
    recipient: str | None = None
    expires_at: Moment | None = None
    text_version: str = Field(min_length=1, max_length=64)
    language: str = Field(min_length=2, max_length=8)
    method: Method
    given_by: GivenBy = "person"

    @model_validator(mode="after")
    def _child_is_heard(self) -> Self:
        if (self.given_by == "guardian") != (self.child_view is not None):
            raise ValueError("a guardian's decision says the child's view in child_view, and nobody else's does")
        if self.child_view is None and (self.child_view_reason or self.child_words):
            raise ValueError("child_view_reason and child_words stand beside a child_view")
        if self.child_view == "not-asked" and (self.child_view_reason is None or self.child_words):
            raise ValueError("where the child was not asked, child_view_reason says why, and there are no child_words")
        return self


class Consents(Frozen):
    """``more``: there are older ones than these."""

    consents: tuple[Consent, ...]
    more: bool = False
