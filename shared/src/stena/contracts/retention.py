"""How long records are kept: what the rulebook says of it, and what a person is told of their own record."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(Frozen):
    """How long what was done for a purpose keeps the record of people with one of these legal statuses, instead of the
    purpose's own ``retention``. ``none`` stands for people without any."""

    purpose: str
    status: tuple[str, ...]
    keep: str


class Duty(Frozen):
    """What the law wants kept, whatever the person wishes (GDPR Art 17(3)): as long as an attribute has one of these values,
    or an organisation of these kinds has a case, and for ``keep`` after the last such case was closed."""

    titles: dict[str, str]
    law: str
    attribute: str | None = None
    member: str | None = None
    values: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    keep: str | None = None


class Retention(Frozen):
    """``record`` is the purpose for which a record is kept at all, counted from its last change; ``case`` that for which a
    case keeps it, counted from when it was closed. ``notice``: people are told so long before they are erased. Durations are
    ISO 8601."""

    notice: str = "P30D"
    record: str | None = None
    case: str | None = None
    periods: tuple[Period, ...] = ()
    duties: dict[str, Duty] = Field(default_factory=dict)


Because = Literal["record", "case", "referral", "consent"]


class Kept(Frozen):
    """One thing that keeps a record, for which purpose; ``until`` is ``None`` as long as it goes on."""

    because: Because
    purpose: str
    until: datetime | None


class Owed(Frozen):
    """A duty of the law that forbids to erase now; ``until`` is ``None`` as long as what it speaks of goes on."""

    duty: str
    titles: dict[str, str]
    law: str
    until: datetime | None


class Notice(Frozen):
    """Somebody was told that their record ends: nobody is erased ``erased_from`` before that."""

    told_at: datetime
    erased_from: datetime


class RecordRetention(Frozen):
    """What keeps a person's record. ``ends_at`` is when nothing will any more, ``None`` as long as that cannot be said."""

    kept: tuple[Kept, ...]
    duties: tuple[Owed, ...]
    ends_at: datetime | None
    notice: Notice | None


class NoticeQuery(Frozen):
    """A page of those who were told, in the order in which they will be erased. ``after``: the last of the page before."""

    limit: int = Field(default=50, ge=1, le=200)
    after: str | None = None


class NoticeOf(Notice):
    person: str


class Notices(Frozen):
    """``next`` is the last of the page if there are more."""

    notices: tuple[NoticeOf, ...]
    next: str | None
