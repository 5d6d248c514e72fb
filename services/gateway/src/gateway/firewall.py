"""The wall: five steps, one function, and no other way to an answer that policy has a say in.

Pure of HTTP and SQL. INVARIANT: nothing leaves before the ledger holds it. No decision, no answer; no record, no answer.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Protocol, TypeVar

from gateway.calls import Access, Body, Call, Caller, Decision, Deny, Entry, Outcome, Permit, Seen, Shown
from gateway.redaction import Surplus

Found = TypeVar("Found")
PARTS_OF_PARTS: Final = 3
"""So many merges, one after the other, are learnt of for one call."""
Step = Literal["identify", "decide", "fetch", "redact", "record"]


class Undecided(Exception):
    """policy-svc gave no decision that holds: it is gone, late, or its grant binds another call."""


class NotVisible(Exception):
    """The record does not exist, or not for this caller. Nobody can tell which."""


class BecamePart(NotVisible):
    """The record is part of another person's since a merge that was not noted here: who did it died before."""

    def __init__(self, person: str, part: str, merge: str) -> None:
        super().__init__(part)
        self.person = person
        self.part = part
        self.merge = merge


class Fault(Protocol):
    """A problem document of a source, as far as the wall wants to know it."""

    status: int
    slug: str


class Rejected(Exception):
    """A source rejects what the caller sent. ``problem`` is what the caller is told."""

    def __init__(self, problem: Fault) -> None:
        super().__init__(problem.slug)
        self.problem = problem


class Denied(Exception):
    """A rule refuses the call."""

    def __init__(self, deny: Deny) -> None:
        super().__init__(deny.reason)
        self.deny = deny


def unwatched(step: Step) -> AbstractContextManager[object]:
    """Nobody looks how long a step takes."""
    return nullcontext()


async def unheeded(news: BecamePart) -> bool:
    """Nobody notes whose record is part of whose."""
    return False


@dataclass(frozen=True, slots=True)
class Wall:
    """What the five steps stand on.

    ``identify`` raises for a caller who is not known; ``decide`` raises ``Undecided``; ``record`` returns only when the
    entry is committed and raises otherwise; so does ``open_emergency`` with accesses to people. ``step`` is entered around
    each step, and looks on. ``learn`` notes whose record is part of whose, and says whether it did.
    """

    identify: Callable[[str | None], Awaitable[Caller]]
    decide: Callable[[Caller, Call], Awaitable[Decision]]
    record: Callable[[Entry], Awaitable[None]]
    open_emergency: Callable[[Entry, Permit, tuple[Seen, ...]], Awaitable[tuple[Access, ...]]]
    step: Callable[[Step], AbstractContextManager[object]] = unwatched
    learn: Callable[[BecamePart], Awaitable[bool]] = unheeded


async def pass_through(
    wall: Wall,
    call: Call,
    fetch: Callable[[Permit], Awaitable[Found]],
    redact: Callable[[Permit, Found], Shown[Body]],
) -> Body:
    """The answer to ``call``: what ``fetch`` gets with the permit's grants and ``redact``, which has no effect, lets through.

    Raises what the ports raise, ``ActsForAnother``, and, after the ledger holds how the call ended, ``Denied``, ``Undecided``
    and whatever ``fetch`` and ``redact`` raise. A source that tells of a merge is asked once more, about the person as they
    are known then: with a decision, and in the ledger, of its own.
    """
    for _ in range(PARTS_OF_PARTS):
        try:
            return await _pass_through(wall, call, fetch, redact)
        except BecamePart as news:
            if not await wall.learn(news):
                raise
    return await _pass_through(wall, call, fetch, redact)


async def _pass_through(
    wall: Wall,
    call: Call,
    fetch: Callable[[Permit], Awaitable[Found]],
    redact: Callable[[Permit, Found], Shown[Body]],
) -> Body:
    # 1 identify: token → client → organisation
    with wall.step("identify"):
        caller = await wall.identify(call.stated.authorization)
    call = call.by(caller)
    entry = Entry.begin(caller, call)

    # 2 decide: may it, and what exactly?
    permit, entry = await _permitted(wall, caller, call, entry)
    if call.writes:
        await _record(wall, entry.ended("intent"))

    try:
        # 3 fetch: with the grant, and never without
        with wall.step("fetch"):
            found = await fetch(permit)
        # 4 redact: what the grant does not name is an incident
        with wall.step("redact"):
            shown = redact(permit, found)
        if permit.emergency is not None and shown.people:
            # whoever is shown because glass is broken is on the list for review first, and the answer says so
            permit = replace(permit, accesses=await wall.open_emergency(entry, permit, shown.people))
            entry, shown = entry.opened(permit.accesses), redact(permit, found)
    except Exception as failure:
        await _record(wall, _ended_by(entry, failure))
        raise

    # 5 record; only then the answer
    if not shown.silent:
        await _record(wall, entry.shown(_outcome(call, shown), shown))
    return shown.body


async def _permitted(wall: Wall, caller: Caller, call: Call, entry: Entry) -> tuple[Permit, Entry]:
    try:
        with wall.step("decide"):
            decision = await wall.decide(caller, call)
    except Undecided:
        await _record(wall, entry.ended("undecided"))
        raise
    entry = entry.decided(decision)
    match decision:
        case Permit():
            return decision, entry
        case Deny(reason=reason):
            await _record(wall, entry.ended("denied", reason))
            raise Denied(decision)


async def _record(wall: Wall, entry: Entry) -> None:
    with wall.step("record"):
        await wall.record(entry)


def _outcome(call: Call, shown: Shown[Any]) -> Outcome:
    if call.writes:
        return "done"
    return "answered" if shown.found else "not-found"


def _ended_by(entry: Entry, failure: Exception) -> Entry:
    """How a call that was permitted, and yet has no answer, stands in the ledger. Never with the text of an exception."""
    match failure:
        case NotVisible():
            return entry.ended("not-found")
        case Surplus():
            return entry.ended("incident", "surplus")
        case Rejected(problem=problem):
            return entry.ended("denied" if problem.status == 403 else "failed", problem.slug)
        case _:
            return entry.ended("failed", "no-answer")
