"""What a follower of changes is told: of whom, and never more than the grant lets it see. Pure.

INVARIANT: a change of what a follower may not see makes no item; a person who was never visible makes no tombstone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.access import Grant
from stena.contracts.condition import Residual, holds

Facts = Mapping[str, Any]


class Position(BaseModel):
    """Where a follower is: first everybody in the order of their ids (``snapshot``), then the changes since (``log``).

    ``xid`` and ``change`` are the last change read, or where the log begins; ``after`` is the last person of the snapshot.
    ``until``: every change that the snapshot has seen is older; ``None`` once they all have been read. ``log`` names the log
    itself: places in that of a database which was restored elsewhere are none in this one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phase: Literal["snapshot", "log"]
    revision: str
    log: str = ""
    xid: str = Field(pattern="^[0-9]{1,20}$")
    change: UUID | None = None
    after: UUID | None = None
    until: str | None = Field(default=None, pattern="^[0-9]{1,20}$")

    def behind(self, change: "LoggedChange | None") -> "Position":
        """The place after ``change``; where there is none, this one."""
        return self if change is None else self.model_copy(update={"xid": change.xid, "change": change.change_id})

    def settled(self, reached: str) -> "Position":
        """The same place once every change older than ``reached`` has been read."""
        if self.until is None or int(reached) < int(self.until):
            return self
        return self.model_copy(update={"until": None})


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """``attributes`` changed, and the facts went from ``before`` to ``after``; ``None``: there was, or is, no record.

    ``successor``: the record is no more because it became part of that one.
    """

    person_id: UUID
    attributes: list[str]
    before: Facts | None
    after: Facts | None
    xid: str
    change_id: UUID
    successor: UUID | None = None


@dataclass(frozen=True, slots=True)
class Concerned:
    """People of whom a page of changes has something to tell, and which of them the follower may hold from before.

    ``successors``: of those whom the follower could see until they became part of somebody else's record, whose that is.
    """

    people: tuple[UUID, ...]
    seen_before: frozenset[UUID]
    successors: Mapping[UUID, UUID] = field(default_factory=dict)

    def successor_of(self, person: UUID) -> UUID:
        """Whose record the person's is part of in the end; their own, if it is part of none."""
        seen = {person}
        while (person := self.successors.get(person, person)) not in seen:
            seen.add(person)
        return person


def concerned(grant: Grant, page: Iterable[LoggedChange], *, walked: bool = False) -> Concerned:
    """``walked``: the page may be older than a walk through everybody, which has shown whoever was visible at any time."""
    people: dict[UUID, None] = {}
    seen_before: dict[UUID, bool] = {}
    successors: dict[UUID, UUID] = {}
    for change in page:
        seen = seen_before.setdefault(change.person_id, _true(grant.rows, change.before))
        seen_before[change.person_id] = seen or (walked and _true(grant.rows, change.after))
        if concerns(grant, change):
            people[change.person_id] = None
            if change.successor is not None:
                successors[change.person_id] = change.successor
    return Concerned(tuple(people), frozenset(person for person, seen in seen_before.items() if seen), successors)


def concerns(grant: Grant, change: LoggedChange) -> bool:
    """Whether the follower's view of the person differs after the change."""
    visible_before, visible_after = _true(grant.rows, change.before), _true(grant.rows, change.after)
    if not (visible_before and visible_after):
        return visible_before or visible_after
    changed = set(change.attributes)
    for name, disclosure in grant.disclose.items():
        shown_before, shown_after = _true(disclosure.when, change.before), _true(disclosure.when, change.after)
        if shown_before != shown_after or (shown_after and name in changed):
            return True
    return False


def _true(condition: Residual, facts: Facts | None) -> bool:
    return facts is not None and holds(condition, facts)
