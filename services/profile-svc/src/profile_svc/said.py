"""What was said of consents, and what of it holds now. Pure.

INVARIANT: a no is stronger than a yes. What was refused or withdrawn for one recipient stays so until it is given for that
recipient again, whatever is said for all; and a no for all ends what single recipients were given before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from stena.contracts.consents import ChildView, GivenBy

State = Literal["given", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a person or their guardian, for a purpose, to one recipient or (``None``) to every approved one.

    ``sealed`` holds, under the person's key, what a child said and why it was done nonetheless. ``covers`` are those whom
    "every approved one" meant on that day.
    """

    consent_id: UUID
    purpose: str
    recipient: str | None
    state: State
    recorded_at: datetime
    recorded_by: str
    expires_at: datetime | None = None
    text_version: str | None = None
    language: str | None = None
    method: str | None = None
    given_by: GivenBy = "person"
    child_view: ChildView | None = None
    sealed: str | None = None
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveConsents:
    """What the fact ``consents`` holds, and when it next has to be looked at."""

    tokens: tuple[str, ...]
    next_end: datetime | None


def decides(minor: bool) -> GivenBy:
    """Who can give a consent: for a minor the guardian alone (GDPR Art 8), for everybody else nobody but themselves."""
    return "guardian" if minor else "person"


def is_live(said: Said, minor: bool, now: datetime) -> bool:
    """Whether the newest word on its matter is a consent that counts now. A guardian's ends when the child is of age."""
    return said.state == "given" and said.given_by == decides(minor) and (said.expires_at is None or said.expires_at > now)


def live_consents(newest: Sequence[Said], minor: bool, now: datetime) -> LiveConsents:
    """What holds, given the newest word for each purpose and recipient."""
    live = [said for said in newest if is_live(said, minor, now)]
    tokens = {token for said in live for token in _tokens(said, _refused(newest, said.purpose))}
    return LiveConsents(tuple(sorted(tokens)), min((said.expires_at for said in live if said.expires_at), default=None))


def following(newest: Iterable[Said], said: Said) -> list[Said]:
    """All that is to be recorded when ``said`` is: a no for all is one for every single recipient too."""
    if said.state == "given" or said.recipient is not None:
        return [said]
    singled_out = [one for one in newest if one.purpose == said.purpose and one.recipient and one.state == "given"]
    return [said, *(replace(said, consent_id=uuid7(), recipient=one.recipient, covers=()) for one in singled_out)]


def _refused(newest: Iterable[Said], purpose: str) -> frozenset[str]:
    """The recipients to whom this person said no."""
    return frozenset(said.recipient for said in newest if said.purpose == purpose and said.recipient and said.state != "given")


def _tokens(said: Said, refused: frozenset[str]) -> set[str]:
    """As rules ask for it. A consent for all with exceptions is spelled out: a set of tokens cannot say "all but one"."""
    if said.recipient is not None:
        return {f"{said.purpose}@{said.recipient}"}
    if not refused:
        return {said.purpose}
    return {f"{said.purpose}@{one}" for one in said.covers if one not in refused}
