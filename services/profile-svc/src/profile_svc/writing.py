"""Writing people under a grant: decide, lock, compare, seal, store; and answer with what the grant lets be seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.disclosure import Viewer
from profile_svc.facts import new_record
from profile_svc.indexing import index
from profile_svc.persons import Record, Revision, Statement, needed_for, new_person_id, require_writable, revise
from profile_svc.reading import View, view_of, viewer
from profile_svc.sealing import PersonKey
from profile_svc.store import cases, consents, lookups, records
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from stena.contracts.access import Grant
from stena.contracts.condition import Residual, holds
from stena.contracts.profile import Amendment, NewPerson


class OutsideRows(Exception):
    """The record that would be made is not one that the caller may have anything to do with."""


class NotThere(Exception):
    """The person does not exist, is not visible, or was erased: one and the same."""


class NotAsSeen(Exception):
    """``If-Match`` names another state than the one that the caller would see now."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a POST made; ``new`` is false where the same request had made it before."""

    view: View
    new: bool


async def create(vault: Vault, grant: Grant, attributes: Attributes, person: NewPerson, key: str | None) -> Made:
    """Register a person. Raises ``InvalidValues``, ``OutsideRows``, ``NotWritable``, ``KeyReused``."""
    attributes.check_values(person.attributes)
    values = {name: value for name, value in person.attributes.items() if value is not None}
    now = datetime.now(UTC)
    start = Record(new_record(grant.organisation, [grant.organisation], attributes.home))
    revision = revise(start, Statement(values, by=grant.organisation, at=now), attributes)
    if not holds(grant.rows, revision.facts.as_mapping()):
        raise OutsideRows("This purpose does not let you register such a person, perhaps for the region.")
    require_writable(grant.write, values, revision.facts)
    seen_by = viewer(vault, grant, attributes)
    async with vault.transaction() as connection:
        person_id = new_person_id()
        fingerprint = vault.blind("request", "create", values)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, person_id))
        if earlier is None:
            keys = await vault.person_keys.make([person_id])
            await records.add(connection, [first(person_id, revision, keys[person_id], attributes)], now)
            await cases.add(connection, [cases.opened(person_id, grant.organisation, "registration", grant.organisation, now)])
            tokens = index(revision.values, revision.values, attributes, vault.index_key)
            await lookups.add(connection, {person_id: tokens})
        view = await view_of(vault, connection, seen_by, earlier or person_id)
    if view is None:
        raise NotThere("The person who was registered with this key is not visible any more.")
    return Made(view, earlier is None)


async def amend(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, amendment: Amendment, seen: Sequence[str]
) -> View:
    """Correct a person. ``seen`` holds the ETags of ``If-Match``, ``*`` for any.

    Raises ``InvalidValues``, ``NotThere``, ``NotAsSeen``, ``NotWritable``.
    """
    attributes.check_values(amendment.attributes)
    _require_verifiable(amendment)
    said = Statement(
        values=amendment.attributes,
        by=grant.organisation,
        at=datetime.now(UTC),
        verified_by=dict.fromkeys(amendment.verified, grant.organisation),
    )
    seen_by = viewer(vault, grant, attributes)
    async with vault.transaction() as connection:
        stored = await records.lock(connection, person_id, grant.rows)
        view = await view_of(vault, connection, seen_by, person_id) if stored else None
        if stored is None or view is None:
            raise NotThere("There is no such person for this caller.")
        if "*" not in seen and view["etag"] not in seen:
            raise NotAsSeen("The person has changed since you read them. Read them again and amend what you then see.")
        stored = await consents.refreshed(connection, stored, said.at)
        require_writable(grant.write, said.values, stored.facts)
        await correct(vault, connection, stored, said, attributes)
        return await view_after(vault, connection, seen_by, person_id)


async def locked(connection: Connection, person_id: UUID, rows: Residual) -> StoredPerson:
    """The person, locked until the transaction ends, if ``rows`` holds; raises ``NotThere``."""
    stored = await records.lock(connection, person_id, rows)
    if stored is None:
        raise NotThere("There is no such person for this caller.")
    return stored


async def require_seen(connection: Connection, person_id: UUID, rows: Residual) -> None:
    """Raises ``NotThere`` unless the person is there and ``rows`` holds."""
    if not await records.is_seen(connection, person_id, rows):
        raise NotThere("There is no such person for this caller.")


async def correct(
    vault: Vault, connection: Connection, stored: StoredPerson, said: Statement, attributes: Attributes
) -> StoredPerson:
    """Apply ``said`` to the locked person; the same object if that changes nothing."""
    keys = await vault.person_keys.fetch([stored.person_id])
    if stored.person_id not in keys:
        raise NotThere("There is no such person for this caller.")
    key = keys[stored.person_id]
    known = opened(stored, key, needed_for(said.values, attributes))
    revision = revise(Record(stored.facts, known, stored.provenance), said, attributes)
    if not revision.changed:
        return stored
    after = revised(stored, revision, key, attributes)
    earlier = {name: sealed_value(stored, key, name) for name in revision.replaced}
    await records.save(connection, stored, after, earlier, said.by, said.at)
    tokens = index({**known, **revision.values}, revision.values, attributes, vault.index_key)
    await lookups.replace(connection, stored.person_id, tokens)
    # Who can consent follows from the age: a corrected date of birth may end consents, or bring a guardian's back.
    return after if after.facts.minor == stored.facts.minor else await consents.refresh(connection, after, said.at)


def opened(stored: StoredPerson, key: PersonKey, names: frozenset[str]) -> dict[str, Any]:
    """The values of those of ``names`` that have one."""
    plain = {name: stored.attributes[name] for name in names & stored.attributes.keys()}
    return plain | {name: key.unseal(name, stored.sealed[name]) for name in names & stored.sealed.keys()}


def sealed_value(stored: StoredPerson, key: PersonKey, name: str) -> str:
    """The value for the history: what was open is sealed there, so that nothing is left of it without the key."""
    return stored.sealed.get(name) or key.seal(name, stored.attributes.get(name))


def first(person_id: UUID, revision: Revision, key: PersonKey, attributes: Attributes) -> StoredPerson:
    """The row of a new person."""
    return revised(StoredPerson(person_id, revision.facts, {}, {}, {}, version=0), revision, key, attributes)


def revised(stored: StoredPerson, revision: Revision, key: PersonKey, attributes: Attributes) -> StoredPerson:
    """The row after ``revision``: each value goes where its sensitivity says, sealed or plain."""
    plain: dict[str, Any] = dict(stored.attributes)
    sealed: dict[str, str] = dict(stored.sealed)
    for name, value in revision.values.items():
        plain.pop(name, None)
        sealed.pop(name, None)
        if value is not None:
            if attributes.is_sealed(name):
                sealed[name] = key.seal(name, value)
            else:
                plain[name] = value
    return replace(
        stored,
        facts=revision.facts,
        attributes=plain,
        sealed=sealed,
        provenance={**stored.provenance, **revision.provenance},
        version=stored.version + 1,
    )


async def view_after(vault: Vault, connection: Connection, seen_by: Viewer, person_id: UUID) -> View:
    """What the caller sees of the person whom they have just amended, even if they have moved them out of their own sight."""
    own = replace(seen_by, selection=replace(seen_by.selection, rows=True))
    view = await view_of(vault, connection, own, person_id)
    if view is None:
        raise NotThere("There is no such person for this caller.")
    return view


def _require_verifiable(amendment: Amendment) -> None:
    if strange := [name for name in amendment.verified if amendment.attributes.get(name) is None]:
        raise InvalidValues([Fault(("verified",), f"names {name}, to which the amendment gives no value") for name in strange])
