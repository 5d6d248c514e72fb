"""What profile-svc takes and gives. Ids here are internal; the gateway alone turns them into pairwise ones."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.access import Withheld

BRIEFLY: Final = "return=minimal"
"""The preference with which a page is asked for as ``BriefPeople``."""

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "has"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(Frozen):
    """Who said a value. ``by`` and ``at`` travel only under ``provenance: full``."""

    verified: bool
    by: str | None = None
    at: datetime | None = None


class Person(Frozen):
    """A person as one grant lets it be seen: every disclosed attribute (``null`` without a value), every other withheld.

    ``etag`` is keyed and made over what is disclosed, for this organisation and purpose alone; so is ``updated_at``.
    """

    id: str
    attributes: dict[str, Any]
    provenance: dict[str, Provenance] = Field(default_factory=dict)
    withheld: dict[str, Withheld]
    updated_at: datetime | None = None
    etag: str


class OneMore(Frozen):
    """A person, and the grant under which that one is to be read."""

    person: str
    grant: str


class Reads(Frozen):
    """Several people at once: ``person`` under the grant of the call itself, each of the ``others`` under one of its own."""

    person: str
    others: tuple[OneMore, ...] = Field(default=(), max_length=99)


class SeveralPeople(Frozen):
    """The answer to ``Reads``, in their order. ``None`` for whoever is not simply there: why not, a call for that one says."""

    people: tuple[Person | None, ...]


class Filter(Frozen):
    """``value`` is a scalar, or for ``in`` a list of scalars."""

    attribute: str
    operator: Operator
    value: Any


class Query(Frozen):
    """A page of people. ``sort`` is an attribute, with ``-`` before it for descending. ``after`` is the internal id of the
    last person of the page before: the source looks that person's sort key up, so no value travels in a cursor."""

    filters: tuple[Filter, ...] = ()
    sort: str | None = None
    fields: tuple[str, ...] | None = None
    limit: int = Field(default=50, ge=1, le=500)
    after: str | None = None


class People(Frozen):
    people: tuple[Person, ...]
    more: bool = False


class BriefPerson(Frozen):
    """A person in ``BriefPeople``, without an ``etag``: ``provenance`` and ``withheld`` are places in the page's own lists."""

    id: str
    attributes: dict[str, Any]
    provenance: int
    withheld: int
    updated_at: datetime | None = None


class BriefPeople(Frozen):
    """The same page where ``Prefer: return=minimal`` (RFC 7240) asks for it, and is heeded: what several people have in common
    is said once."""

    people: tuple[BriefPerson, ...]
    more: bool = False
    provenance: tuple[dict[str, Provenance], ...]
    withheld: tuple[dict[str, Withheld], ...]


class Resolve(Frozen):
    """Look up these people under the grant; those not visible are left out. Answered in the order asked."""

    ids: tuple[str, ...] = Field(max_length=500)
    fields: tuple[str, ...] | None = None


class Lookup(Frozen):
    """Find the people of whom all of ``match`` (attribute → value as it is written or said) is true."""

    match: dict[str, str] = Field(min_length=1, max_length=3)
    fields: tuple[str, ...] | None = None


class NewPerson(Frozen):
    attributes: dict[str, Any]


class Amendment(Frozen):
    """JSON Merge Patch (RFC 7396) on the attributes: ``null`` removes a value. ``verified``: what the caller checked."""

    attributes: dict[str, Any]
    verified: tuple[str, ...] = ()


class Change(Frozen):
    """``person`` is ``None`` for a tombstone: no longer disclosed, and no word of why. ``merged``: those whose records became
    part of this one, and whom the follower may hold from before."""

    id: str
    person: Person | None = None
    merged: tuple[str, ...] = ()


class Changes(Frozen):
    """``position`` is opaque to the gateway, which seals it into a cursor. ``more`` says whether to ask again at once.
    ``settled``: every change from before the end of the last walk through everybody has been told."""

    changes: tuple[Change, ...]
    position: dict[str, Any]
    more: bool
    settled: bool


class Follow(Frozen):
    """``position`` of the last answer; ``None`` reads everything anew. ``again``: go through everybody once more, and then on
    from the same place in the log, so that no change is lost."""

    position: dict[str, Any] | None = None
    again: bool = False
    limit: int = Field(default=200, ge=1, le=500)
