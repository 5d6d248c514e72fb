"""Importing people from another system: valid lines in, bad ones told, and the same file again changes nothing.

A first import sets everything that a line states. A later one corrects attributes, adds consents for what nothing was
recorded for yet, and may restrict. INVARIANT: no import gives back a consent that was withdrawn, lifts a restriction or
revives an assignment; those end by a decision, and a file that is older than the decision must not undo it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.attributes import Attributes
from profile_svc.import_lines import BadLine, PersonLine, Reader
from profile_svc.lookups import Tokens, indexed
from profile_svc.persons import revise
from profile_svc.store import consents, lookups, records
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import correct, first

BATCH: Final = 200
"""Lines that are stored, or not, together."""


@dataclass
class Outcome:
    """What became of a file's lines; ``bad`` holds line numbers and reasons."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)


async def import_people(
    vault: Vault, attributes: Attributes, lines: Iterable[bytes], seen: Callable[[bytes], None] = lambda _: None
) -> Outcome:
    """Import NDJSON ``lines``; ``seen`` is called with each that is done, to show progress."""
    outcome, reader, batch = Outcome(), Reader(attributes), list[PersonLine]()
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            try:
                batch.append(reader.read(number, raw))
            except BadLine as error:
                outcome.bad.append((number, str(error)))
        if len(batch) == BATCH:
            await _store(vault, attributes, batch, outcome)
            batch = []
        seen(raw)
    if batch:
        await _store(vault, attributes, batch, outcome)
    return outcome


def reference(vault: Vault, created_by: str, external_id: str) -> bytes:
    """What a person is found by whom another system knows under ``external_id``; the id itself is not stored."""
    return vault.blind("external id", created_by, external_id)


async def _store(vault: Vault, attributes: Attributes, batch: Sequence[PersonLine], outcome: Outcome) -> None:
    now = datetime.now(UTC)
    by_reference = {reference(vault, line.created_by, line.external_id): line for line in batch}
    async with vault.transaction() as connection:
        known = await records.lock_by_reference(connection, list(by_reference))
        new = {ref: line for ref, line in by_reference.items() if ref not in known}
        await _add(vault, connection, attributes, new, now)
        outcome.created += len(new)
        for ref, person in known.items():
            if await _update(vault, connection, attributes, person, by_reference[ref], now):
                outcome.updated += 1
            else:
                outcome.unchanged += 1


async def _add(
    vault: Vault, connection: Connection, attributes: Attributes, new: dict[bytes, PersonLine], now: datetime
) -> None:
    if not new:
        return
    ids = {ref: uuid7() for ref in new}
    keys = await vault.person_keys.make(ids.values())
    people: list[StoredPerson] = []
    tokens: dict[UUID, Tokens] = {}
    for ref, line in new.items():
        record, first_end = line.first_record(attributes, now)
        revision = revise(record, line.statement(now), attributes)
        person = first(ids[ref], revision, keys[ids[ref]], attributes)
        people.append(replace(person, external_ref=ref, consent_ends_at=first_end))
        tokens[ids[ref]] = indexed(revision.values, attributes, vault.index_key)
    await records.add(connection, people, now)
    await lookups.add(connection, tokens)
    await consents.add(connection, [(ids[ref], consent) for ref, line in new.items() for consent in line.said_consents(now)])


async def _update(
    vault: Vault, connection: Connection, attributes: Attributes, person: StoredPerson, line: PersonLine, now: datetime
) -> bool:
    """Bring a known person up to date; whether anything changed."""
    after = await correct(vault, connection, person, line.statement(now), attributes)
    changed = after is not person
    if line.restricted and not after.facts.restricted:
        after, changed = await records.set_facts(connection, after, after.facts.restrict(), now), True
    spoken_of = {(one.purpose, one.recipient) for one in await consents.newest(connection, person.person_id)}
    fresh = [one for one in line.said_consents(now) if (one.purpose, one.recipient) not in spoken_of]
    if fresh:
        await consents.record(connection, after, fresh, now)
    return changed or bool(fresh)
