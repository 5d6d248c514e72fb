"""The plain values that a call is made of: who calls, what is asked, what was decided, what the ledger will say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Generic, Literal, NoReturn, TypeVar

from stena.contracts.access import Grant
from stena.contracts.catalogue import Emergency

Outcome = Literal["answered", "denied", "not-found", "undecided", "intent", "done", "failed", "incident"]
About = Literal["person", "opportunity", "referral"]
Body = TypeVar("Body")

READING: Final = frozenset({"read", "list", "match", "changes", "export", "access", "check", "approvals", "compare", "report"})
"""Operations that change nothing. Every other one is written down as an intent before it is tried."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A registered client and the organisation that it acts for; ``person`` is set for a data subject's own client.

    ``acting_user`` is set where not the caller says who acts, but the issuer of its token vouches for it.
    """

    client: str
    organisation: str
    person: str | None = None
    acting_user: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What the caller says of this call in its headers. Nothing here is believed beyond what rules allow to be claimed."""

    authorization: str | None
    purpose: str
    case: str | None = None
    acting_user: str | None = None
    justification: str | None = None


class ActsForAnother(Exception):
    """The caller says that another user acts than the one whom its token is of."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to decide: an operation on a kind of resource, ``about`` the record that the call names, or about none."""

    operation: str
    resource: str
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call before anything is decided. ``questions`` must all be permitted; the first is what the ledger says was done.

    ``person`` is the id as the caller writes it, not yet opened.
    """

    stated: Stated
    questions: tuple[Question, ...]
    person: str | None = None
    opportunity: str | None = None
    referral: str | None = None

    def by(self, caller: Caller) -> "Call":
        """The same call with the acting user for whom the caller's token vouches. Raises ``ActsForAnother``."""
        if caller.acting_user is None:
            return self
        if self.stated.acting_user not in (None, caller.acting_user):
            raise ActsForAnother
        return replace(self, stated=replace(self.stated, acting_user=caller.acting_user))

    @property
    def writes(self) -> bool:
        return self.questions[0].operation not in READING


@dataclass(frozen=True, slots=True)
class Pass:
    """A grant and the signed text of it that the source wants to see."""

    grant: Grant
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """An emergency access to one person, on the list for review under ``id`` and good ``until`` then."""

    person: str
    id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Permit:
    """Every question was permitted. ``person`` is the internal id of whom the call is about.

    ``whose`` is a pass for asking which records are theirs, where none of the passes is for who knows that. ``emergency``: the
    purpose breaks the glass. ``accesses`` are those that its answer rests on, once they are opened.
    """

    id: str
    rulebook: str
    rules: tuple[str, ...]
    passes: tuple[Pass, ...]
    person: str | None = None
    whose: Pass | None = None
    emergency: Emergency | None = None
    accesses: tuple[Access, ...] = ()

    @property
    def grant(self) -> Grant:
        return self.passes[0].grant

    def __bool__(self) -> NoReturn:
        raise TypeError("A decision is a value with reasons; match on it instead of asking whether it is true.")


@dataclass(frozen=True, slots=True)
class Deny:
    """A question was refused. ``reason`` is the ledger's word for it; callers see ``reason_for_caller``."""

    id: str
    rulebook: str
    rules: tuple[str, ...]
    reason: str
    alert: bool = False
    person: str | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError("A decision is a value with reasons; match on it instead of asking whether it is true.")


Decision = Permit | Deny


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose data, and which attributes of it, an answer holds."""

    person: str
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown(Generic[Body]):
    """An answer that has passed redaction. ``withheld`` counts the attributes that at least one person's view leaves out.

    ``silent`` is true only of an answer that tells nothing of anybody: an empty page of the changes feed. ``found`` is false
    of one that was asked for somebody and tells of nobody.
    """

    body: Body
    people: tuple[Seen, ...] = ()
    withheld: int = 0
    silent: bool = False
    found: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of one call. Begun when the caller is known, completed as the call goes on."""

    caller: Caller
    stated: Stated
    operation: str
    resource: str
    outcome: Outcome = "undecided"
    decision: str | None = None
    rulebook: str | None = None
    rules: tuple[str, ...] = ()
    reason: str | None = None
    people: tuple[Seen, ...] = ()
    withheld: int = 0
    accesses: tuple[Access, ...] = ()

    @staticmethod
    def begin(caller: Caller, call: Call) -> "Entry":
        return Entry(caller, call.stated, call.questions[0].operation, call.questions[0].resource)

    def decided(self, decision: Decision) -> "Entry":
        people = (Seen(decision.person),) if decision.person else ()
        return replace(self, decision=decision.id, rulebook=decision.rulebook, rules=decision.rules, people=people)

    def ended(self, outcome: Outcome, reason: str | None = None) -> "Entry":
        return replace(self, outcome=outcome, reason=reason)

    def opened(self, accesses: tuple[Access, ...]) -> "Entry":
        return replace(self, accesses=accesses)

    def shown(self, outcome: Outcome, shown: Shown[Any]) -> "Entry":
        return replace(self, outcome=outcome, people=shown.people or self.people, withheld=shown.withheld)

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes that were disclosed of every person of this entry."""
        return common(self.people)


def common(people: Sequence[Seen]) -> frozenset[str]:
    """The attributes that all of ``people`` have in common; none without people."""
    if not people:
        return frozenset()
    return frozenset.intersection(*{seen.attributes for seen in people})
