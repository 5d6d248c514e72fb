"""What profile-svc takes and gives of casework: notes and their shares, cases, referrals. Ids of people are internal here."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.moments import Moment


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewNote(Frozen):
    text: str = Field(min_length=1, max_length=20_000)
    language: str | None = Field(default=None, max_length=8)


class Note(Frozen):
    """Free text about a person; seen by the organisation that wrote it, and by those whom it was shared with.

    ``acting_user`` is told to the writer's own organisation only; ``shared_until`` to the others, whose sight of it ends then.
    """

    id: str
    written_at: datetime
    written_by: str
    acting_user: str | None = None
    language: str | None = None
    text: str
    shared_until: datetime | None = None


class Notes(Frozen):
    notes: tuple[Note, ...]
    more: bool = False


class NoteRelease(Frozen):
    """What the writer says of a note before the person may read it: whether it is about others, and which words are.

    ``withheld`` takes it back.
    """

    about_others: Literal["none", "marked", "withheld"]
    masked: tuple[Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")], ...] = Field(default=(), max_length=100)


class NewShare(Frozen):
    """For which purpose others may read a note, and until when: at most a year. Without a recipient: everybody approved."""

    purpose: str = Field(min_length=1, max_length=64)
    recipient: str | None = Field(default=None, min_length=1, max_length=64)
    until: Moment


class Share(Frozen):
    id: str
    purpose: str
    recipient: str | None = None
    shared_at: datetime
    until: datetime
    ended_at: datetime | None = None


class Shares(Frozen):
    shares: tuple[Share, ...]


Basis = Literal["registration", "import", "referral", "person"]
"""How a case came about. There is no other way: an organisation does not take one on by itself."""


class NewCase(Frozen):
    organisation: str = Field(min_length=1, max_length=64)


class Case(Frozen):
    """That an organisation has to do with a person. While one is open, the organisation is among the fact ``assigned``."""

    id: str
    organisation: str
    basis: Basis
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None = None
    closed_by: str | None = None


class Cases(Frozen):
    cases: tuple[Case, ...]


State = Literal["in-progress", "accepted", "rejected", "revoked", "done", "expired"]
Step = Literal["accept", "reject", "done", "revoke"]


class NewReferral(Frozen):
    """``purpose`` is what the recipient is asked to take the person on for; access that rests on it ends at ``until``."""

    recipient: str = Field(min_length=1, max_length=64)
    purpose: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=2_000)
    until: Moment | None = None


class Referral(Frozen):
    id: str
    person: str
    sender: str
    recipient: str
    purpose: str
    reason: str
    state: State
    created_at: datetime
    changed_at: datetime
    until: datetime | None = None


class ReferralQuery(Frozen):
    """A page of referrals, newest first: those sent (``out``) or received (``in``). ``after``: the last of the page before."""

    direction: Literal["in", "out"]
    state: State | None = None
    limit: int = Field(default=50, ge=1, le=200)
    after: str | None = None


class Referrals(Frozen):
    referrals: tuple[Referral, ...]
    more: bool = False
