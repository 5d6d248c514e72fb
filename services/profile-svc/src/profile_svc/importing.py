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

from profile_svc.attributes import Attributes
from profile_svc.import_lines import BadLine, PersonLine, Reader
from profile_svc.indexing import index
from profile_svc.lookups import Tokens
from profile_svc.persons import new_person_id, revise
from profile_svc.said import Said, live_consents
from profile_svc.store import cases, consents, lookups, merges, records, restrictions
from profile_svc.store.cases import StoredCase
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import correct, first

BATCH: Final = 200
"""Lines that are stored, or not, together."""


@dataclass
class Outcome:
    """What became of a file's lines; ``bad`` holds line numbers and reasons.

    ``merged``: lines of records that are part of others since they were merged here. They change nothing: two
    lines about one person would overwrite each other with every import, until the other system has merged its own.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
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
        for ref in await merges.references(connection, list(by_reference)):
            del by_reference[ref]
            outcome.merged += 1
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
    ids = {ref: new_person_id() for ref in new}
    keys = await vault.person_keys.make(ids.values())
    people: list[StoredPerson] = []
    tokens: dict[UUID, Tokens] = {}
    said: list[tuple[UUID, Said]] = []
    for ref, line in new.items():
        revision = revise(line.first_record(attributes), line.statement(now), attributes)
        words = line.said_consents(revision.facts.minor, attributes, now)
        person = _consenting(first(ids[ref], revision, keys[ids[ref]], attributes), words, now)
        people.append(replace(person, external_ref=ref))
        tokens[ids[ref]] = index(revision.values, revision.values, attributes, vault.index_key)
        said += [(ids[ref], word) for word in words]
    await records.add(connection, people, now)
    await lookups.add(connection, tokens)
    for ref, line in new.items():
        if line.restricted:
            await restrictions.add(connection, restrictions.imported(ids[ref], line.created_by, now))
    await cases.add(connection, [case for ref, line in new.items() for case in _cases(ids[ref], line, now)])
    await consents.add(connection, said)


def _consenting(person: StoredPerson, words: Sequence[Said], now: datetime) -> StoredPerson:
    live = live_consents(words, person.facts.minor, now)
    return replace(person, facts=person.facts.with_consents(live.tokens), consent_ends_at=live.next_end)


def _cases(person_id: UUID, line: PersonLine, now: datetime) -> list[StoredCase]:
    return [cases.opened(person_id, name, "import", line.created_by, now) for name in dict.fromkeys(line.assigned)]


async def _update(
    vault: Vault, connection: Connection, attributes: Attributes, person: StoredPerson, line: PersonLine, now: datetime
) -> bool:
    """Bring a known person up to date; whether anything changed."""
    after = await correct(vault, connection, person, line.statement(now), attributes)
    changed = after is not person
    if line.restricted and not after.facts.restricted:
        await restrictions.add(connection, restrictions.imported(person.person_id, line.created_by, now))
        after, changed = await restrictions.refresh(connection, after, now), True
    fresh = _fresh(await consents.newest(connection, person.person_id), line.said_consents(after.facts.minor, attributes, now))
    if fresh:
        await consents.record(connection, after, fresh, now)
    return changed or bool(fresh)


def _fresh(known: Sequence[Said], words: Sequence[Said]) -> list[Said]:
    """The consents of which nothing was recorded yet, for purposes to which nobody has said no."""
    spoken_of = {(one.purpose, one.recipient) for one in known}
    refused = {one.purpose for one in known if one.state != "given"}
    return [one for one in words if (one.purpose, one.recipient) not in spoken_of and one.purpose not in refused]
