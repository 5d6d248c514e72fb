"""The ledger: what was disclosed, of whom, to whom, why, under which rule. Rows are added and read, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, exists, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from gateway.calls import Entry, Outcome
from gateway.metrics import ENTRIES
from gateway.patience import Patience
from gateway.tables import clients, ledger, ledger_people
from stena import request_id
from stena.database import single_statements, transaction

WITHIN: Final = 0.8  # seconds to record an entry
WITHIN_LATE: Final = 0.2  # what is left of a second when another service took most of it

# One statement, so that an entry and the people that it lists are there together or not at all.
_RECORD: Final = text("""
    WITH entry AS (
        INSERT INTO ledger (entry_id, at, decision, organisation, client, acting_user, purpose, case_reference, justification,
            operation, resource, outcome, reason, rulebook, rules, attributes, withheld, trace_id, people)
        VALUES (:entry_id, :at, :decision, :organisation, :client, :acting_user, :purpose, :case_reference, :justification,
            :operation, :resource, :outcome, :reason, :rulebook, CAST(:rules AS text[]), CAST(:attributes AS text[]), :withheld,
            :trace_id, :people)
        RETURNING entry_id, at
    )
    INSERT INTO ledger_people (person_id, entry_id, at, besides, access_id)
    SELECT listed.person_id, entry.entry_id, entry.at, string_to_array(listed.besides, ','), listed.access_id
    FROM entry, unnest(CAST(:person_ids AS uuid[]), CAST(:besides AS text[]), CAST(:access_ids AS uuid[]))
        AS listed (person_id, besides, access_id)
""")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry as it concerns one person: ``attributes`` are the names of what was disclosed of that person, ``access_id`` the
    emergency access that it rests on."""

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


_later = ledger.alias("later")
_ENDED: Final = exists().where(_later.c.decision == ledger.c.decision, _later.c.outcome.in_(["done", "failed", "incident"]))
_ABOUT: Final = (
    select(
        *(ledger.c[each.name] for each in fields(Recorded) if each.name != "access_id"),
        *(ledger_people.c.access_id, ledger_people.c.besides),
    )
    .join(ledger_people, ledger.c.entry_id == ledger_people.c.entry_id)
    .where(~and_(ledger.c.outcome == "intent", _ENDED))
    .order_by(ledger_people.c.entry_id.desc())
)


_OF_DECISION: Final = (
    select(
        *(ledger.c[each.name] for each in fields(Decided) if each.name not in ("person", "asker")),
        select(ledger_people.c.person_id)
        .where(ledger_people.c.entry_id == ledger.c.entry_id, ledger.c.people == 1)
        .scalar_subquery()
        .label("person"),
        clients.c.person_id.label("asker"),
    )
    .join(clients, clients.c.client_id == ledger.c.client, isouter=True)
    .order_by(ledger.c.entry_id.desc())
    .limit(1)
)


class Ledger:
    """Writes with every statement its own transaction: one round trip, committed when it returns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writing = single_statements(engine)
        self._reading = engine
        self._patience = Patience("What would be answered cannot be recorded. Try again shortly.")

    async def record(self, entry: Entry) -> None:
        """Returns when ``entry`` is committed; raises ``Unavailable`` within a second otherwise.

        An entry whose writing takes too long may still be committed afterwards: the ledger may tell of an answer that
        never left, but never the other way round.
        """
        within = WITHIN_LATE if entry.outcome in ("undecided", "failed") else WITHIN
        await self._patience.wait(self._write(_row(entry)), within)
        ENTRIES.labels(entry.operation, entry.resource, entry.outcome).inc()

    async def of_person(self, person: UUID, limit: int, before: UUID | None) -> Sequence[Recorded]:
        """Entries about ``person``, newest first, older than the entry ``before``; an intent only while its end is unknown."""
        query = _ABOUT.where(ledger_people.c.person_id == person).limit(limit)
        if before is not None:
            query = query.where(ledger_people.c.entry_id < before)
        async with transaction(self._reading) as connection:
            return [_recorded(tuple(row)) for row in await connection.execute(query)]

    async def of_decision(self, decision: str) -> Decided | None:
        """How a decision ended; ``None`` if the ledger knows none of this id."""
        async with transaction(self._reading) as connection:
            row = (await connection.execute(_OF_DECISION.where(ledger.c.decision == decision))).one_or_none()
        return (
            None if row is None else Decided(**{**row._mapping, "rules": tuple(row.rules), "attributes": tuple(row.attributes)})
        )

    async def answers(self) -> None:
        """For readiness: the ledger can be reached."""
        async with transaction(self._reading) as connection:
            await connection.execute(select(1))

    async def _write(self, row: dict[str, Any]) -> None:
        async with transaction(self._writing) as connection:
            await connection.execute(_RECORD, row)


def _recorded(row: tuple[Any, ...]) -> Recorded:
    entry, besides = Recorded(*row[:-1]), row[-1] or ()
    return replace(entry, attributes=tuple(sorted({*entry.attributes, *besides})))


def _row(entry: Entry) -> dict[str, Any]:
    shared = entry.attributes
    accesses = {access.person: UUID(access.id) for access in entry.accesses}
    return {
        "entry_id": uuid7(),
        "at": datetime.now(UTC),
        "decision": entry.decision,
        "organisation": entry.caller.organisation,
        "client": entry.caller.client,
        "acting_user": entry.stated.acting_user,
        "purpose": entry.stated.purpose,
        "case_reference": entry.stated.case,
        "justification": entry.stated.justification,
        "operation": entry.operation,
        "resource": entry.resource,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "rulebook": entry.rulebook,
        "rules": list(entry.rules),
        "attributes": sorted(shared),
        "withheld": entry.withheld,
        "trace_id": request_id.current().trace_id,
        "people": len(entry.people),
        "person_ids": [UUID(seen.person) for seen in entry.people],
        "besides": [",".join(sorted(seen.attributes - shared)) or None for seen in entry.people],
        "access_ids": [accesses.get(seen.person) for seen in entry.people],
    }
