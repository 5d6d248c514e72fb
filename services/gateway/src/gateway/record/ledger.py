"""The ledger: what was disclosed, of whom, to whom, why, under which rule. Rows are added and read, never changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from gateway.calls import Entry, Outcome
from gateway.metrics import ENTRIES, LEDGER_COMMIT
from gateway.record import leaves as ledger_leaves
from gateway.record.group_commit import GroupCommit
from gateway.record.subjects import Subjects
from gateway.store import entries, merged
from gateway.tables import clients, ledger, ledger_people, ledger_subjects
from stena import request_id
from stena.database import transaction
from stena.statements import statements

WITHIN: Final = 0.8  # seconds to record an entry
WITHIN_LATE: Final = 0.2  # what is left of a second when another service took most of it


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it is about to be written."""

    entry: Entry
    entry_id: UUID
    at: datetime
    trace_id: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry as it concerns one person: ``attributes`` are the names of what was disclosed of that person, ``access_id`` the
    emergency access that it rests on, ``subject`` the pseudonym by which the ledger knows the person."""

    entry_id: UUID
    at: datetime
    organisation: str
    purpose: str
    operation: str
    resource: str
    outcome: Outcome
    decision: str | None
    rulebook: str | None
    attributes: tuple[str, ...]
    access_id: UUID | None
    subject: UUID


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as the ledger tells of it. ``person`` is the one person of the entry, if it concerns exactly one; ``asker``
    whom the client speaks for, if it is a data subject's own."""

    at: datetime
    decision: str
    organisation: str
    client: str
    acting_user: str | None
    purpose: str
    case_reference: str | None
    justification: str | None
    operation: str
    resource: str
    outcome: Outcome
    reason: str | None
    rulebook: str | None
    rules: tuple[str, ...]
    attributes: tuple[str, ...]
    people: int
    person: UUID | None
    asker: UUID | None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which entries about a person are wanted: of one organisation, ``since`` a moment and before ``until``."""

    organisation: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_later = ledger.alias("later")
# How something ended is known within a day, or never: so that no more than a month or two is looked through.
_ENDED: Final = exists().where(
    _later.c.decision == ledger.c.decision,
    _later.c.outcome.in_(["done", "failed", "incident"]),
    _later.c.at >= ledger.c.at,
    _later.c.at < ledger.c.at + timedelta(days=1),
)
_LISTED: Final = and_(ledger.c.entry_id == ledger_people.c.entry_id, ledger.c.at == ledger_people.c.at)
_ABOUT: Final = (
    select(
        *(ledger.c[each.name] for each in fields(Recorded) if each.name not in ("access_id", "subject")),
        *(ledger_people.c.access_id, ledger_people.c.subject, ledger_people.c.besides),
    )
    .select_from(ledger_people)
    .join(ledger, _LISTED)
    .join(ledger_subjects, ledger_subjects.c.subject == ledger_people.c.subject)
    .where(~and_(ledger.c.outcome == "intent", _ENDED))
)


_OF_DECISION: Final = (
    select(
        *(ledger.c[each.name] for each in fields(Decided) if each.name not in ("person", "asker")),
        select(ledger_subjects.c.person_id)
        .join(ledger_people, ledger_people.c.subject == ledger_subjects.c.subject)
        .where(_LISTED, ledger.c.people == 1)
        .correlate(ledger)
        .scalar_subquery()
        .label("person"),
        clients.c.person_id.label("asker"),
    )
    .join(clients, clients.c.client_id == ledger.c.client, isouter=True)
    .order_by(ledger.c.entry_id.desc())
    .limit(1)
)


class Ledger:
    """Writes what comes at the same time together: one statement, committed when it returns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reading = engine
        self._subjects = Subjects(engine)
        too_late = "What would be answered cannot be recorded. Try again shortly."
        self._commits = GroupCommit(self._write, WITHIN, too_late, weigh=_rows)

    async def record(self, entry: Entry) -> None:
        """Returns when ``entry`` is committed; raises ``Unavailable`` within a second otherwise.

        An entry whose writing takes too long may still be committed afterwards: the ledger may tell of an answer that
        never left, but never the other way round.
        """
        within = WITHIN_LATE if entry.outcome in ("undecided", "failed") else WITHIN
        await self._commits.add(Written(entry, uuid7(), datetime.now(UTC), request_id.current().trace_id), within)
        ENTRIES.add(entry.operation, entry.resource, entry.outcome)

    async def of_person(
        self, person: UUID, limit: int, before: UUID | None, narrowed: Narrowed = Narrowed()
    ) -> Sequence[Recorded]:
        """Entries about ``person``, newest first, older than the entry ``before``; an intent only while its end is unknown."""
        query = _about(person, narrowed).order_by(ledger_people.c.entry_id.desc()).limit(limit)
        if before is not None:
            query = query.where(ledger_people.c.entry_id < before)
        async with transaction(self._reading) as connection:
            return [_recorded(tuple(row)) for row in await connection.execute(query)]

    async def total_of_person(self, person: UUID, narrowed: Narrowed = Narrowed()) -> int:
        """How many entries ``of_person`` would give without a limit."""
        async with transaction(self._reading) as connection:
            return await connection.scalar(select(func.count()).select_from(_about(person, narrowed).subquery())) or 0

    async def of_decision(self, decision: str) -> Decided | None:
        """How a decision ended; ``None`` if the ledger knows none of this id."""
        async with transaction(self._reading) as connection:
            row = (await connection.execute(_OF_DECISION.where(ledger.c.decision == decision))).one_or_none()
        return (
            None if row is None else Decided(**{**row._mapping, "rules": tuple(row.rules), "attributes": tuple(row.attributes)})
        )

    def waiting(self) -> int:
        """How many entries wait for the commit of their group."""
        return self._commits.waiting

    async def answers(self) -> None:
        """For readiness: the ledger can be reached, by the way that entries take."""
        await statements(self._reading).fetch("SELECT 1")

    async def _write(self, group: Sequence[Written]) -> None:
        with LEDGER_COMMIT.measured():
            await self._append(group)

    async def _append(self, group: Sequence[Written]) -> None:
        subjects = await self._subjects.of(seen.person for each in group for seen in each.entry.people)
        leaves = [ledger_leaves.made(each.entry, each.entry_id, each.at, each.trace_id, subjects) for each in group]
        forgotten = await self._whole([UUID(person) for each in group for person in _erased(each.entry)])
        await entries.append_alone(self._reading, leaves, forgotten)

    async def _whole(self, people: Sequence[UUID]) -> Sequence[UUID]:
        """These people by every id that they had before they were merged."""
        if not people:
            return people
        async with transaction(self._reading) as connection:
            return list(await connection.scalars(merged.whole(people)))


def _rows(written: Written) -> int:
    """An entry and the people that it lists."""
    return 1 + len(written.entry.people)


def _about(person: UUID, narrowed: Narrowed) -> Select[Any]:
    query = _ABOUT.where(ledger_subjects.c.person_id.in_(merged.whole([person])))
    if narrowed.organisation is not None:
        query = query.where(ledger.c.organisation == narrowed.organisation)
    if narrowed.since is not None:
        query = query.where(ledger_people.c.at >= narrowed.since)
    if narrowed.until is not None:
        query = query.where(ledger_people.c.at < narrowed.until)
    return query


def _erased(entry: Entry) -> Iterator[str]:
    """Whom the ledger forgets with this entry, which is the last that is written of them by the pseudonym they had."""
    if (entry.operation, entry.resource, entry.outcome) == ("erase", "person", "done"):
        yield from (seen.person for seen in entry.people)


def _recorded(row: tuple[Any, ...]) -> Recorded:
    entry, besides = Recorded(*row[:-1]), row[-1] or ()
    return replace(entry, attributes=tuple(sorted({*entry.attributes, *besides})))
