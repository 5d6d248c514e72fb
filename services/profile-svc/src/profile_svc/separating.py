"""Taking a merge back: two records as they were, with what was said and done since.

What was written since stays with the record that stayed; what moved with the other one goes back with it as it is now. A no
that was said since was said by the person, and counts in both records.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc import facts
from profile_svc.attributes import Attributes
from profile_svc.indexing import index
from profile_svc.merging import UNDOABLE, refresh, view_of_merge
from profile_svc.reading import today, viewer
from profile_svc.said import Said
from profile_svc.sealing import PersonKey
from profile_svc.store import consents, lookups, merges, records
from profile_svc.store.merges import Keys, Merged
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere, locked, opened, view_after
from stena.contracts.access import Grant


class MergeFinal(Exception):
    """What taking it back would want is kept no longer, or something else was merged since and has to be taken back first."""


async def separate(vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, merge_id: UUID) -> dict[str, Any]:
    """Take a merge back; again is as good as once. Raises ``NotThere``, ``MergeFinal``."""
    seen_by = viewer(vault, grant, attributes)
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        merged = await merges.get(connection, person_id, merge_id)
        if merged is None:
            raise NotThere("There is no such merge for this caller.")
        if merged.undone_at is None:
            now = consents.moment_after(await consents.newest(connection, person_id), datetime.now(UTC))
            await _separate(vault, connection, attributes, person, merged, grant.organisation, now)
            merged = replace(merged, undone_at=now, kept=None)
        view = await view_after(vault, connection, seen_by, person_id)
    return view_of_merge(merged, view)


async def forget(vault: Vault, now: datetime) -> None:
    """Let go of what taking old merges back would want: from then on they are final."""
    async with vault.transaction() as connection:
        await merges.forget(connection, now - UNDOABLE)


async def _separate(
    vault: Vault, connection: Connection, attributes: Attributes, person: StoredPerson, merged: Merged, by: str, now: datetime
) -> None:
    if merged.kept is None:
        raise MergeFinal("The merge is too long ago to be taken back.")
    if await merges.newer(connection, merged):
        raise MergeFinal("Another record was merged into this one since. Take that back first.")
    keys = await vault.person_keys.fetch([person.person_id, merged.merged_id])
    if len(keys) != 2:
        raise NotThere("There is no such merge for this caller.")
    back = Keys(person.person_id, merged.merged_id, opens=keys[person.person_id], seals=keys[merged.merged_id])
    await merges.drop_consents(connection, person.person_id, [UUID(each) for each in merged.kept["words"]])
    refused = await _refused_since(connection, person.person_id, merged)
    await merges.put_row(connection, merged.kept["other"])
    await merges.move(connection, back, merged.kept["moved"])
    await consents.add(connection, [(merged.merged_id, word) for word in refused])
    await _history_back(connection, back, merged)
    this = await _restore(connection, person, keys[person.person_id], merged, attributes, by, now)
    await refresh(connection, this, now)
    other = (await merges.lock(connection, True, [merged.merged_id]))[merged.merged_id]
    await records.log(connection, [(other.person_id, tuple(other.provenance), None, other.facts)], now)
    await refresh(connection, other, now)
    await merges.end(connection, merged, by, now)
    for each in (this, other):
        await lookups.rewrite(connection, {each.person_id: _tokens(vault, attributes, each, keys[each.person_id])})


async def _refused_since(connection: Connection, person_id: UUID, merged: Merged) -> list[Said]:
    said = await consents.newest(connection, person_id)
    return [
        replace(word, consent_id=uuid7(), sealed=None)
        for word in said
        if word.recorded_at > merged.merged_at and word.state != "given"
    ]


async def _history_back(connection: Connection, back: Keys, merged: Merged) -> None:
    assert merged.kept is not None
    this, other = merged.kept["this"]["version"], merged.kept["other"]["version"]
    shift = this + 1
    for written_by_merging in (this, shift + other + 1):
        await merges.drop_history(connection, back.source, written_by_merging, merged.merged_at)
    await merges.move_history(connection, back, (shift, shift + other), -shift)


async def _restore(
    connection: Connection,
    person: StoredPerson,
    key: PersonKey,
    merged: Merged,
    attributes: Attributes,
    by: str,
    now: datetime,
) -> StoredPerson:
    """The record that stayed, as it was, but for what was written to it since."""
    assert merged.kept is not None
    before, after = merged.kept["this"], merged.kept["after"]
    since = {name for name in {*person.provenance, *after} if person.provenance.get(name) != after.get(name)}
    then = replace(person, attributes=before["attributes"], sealed=before["sealed"], provenance=before["provenance"])
    restored = replace(
        then,
        attributes=_of_both(then.attributes, person.attributes, since),
        sealed=_of_both(then.sealed, person.sealed, since),
        provenance=_of_both(then.provenance, person.provenance, since),
        version=person.version + 1,
    )
    restored = _derived_anew(restored, key, attributes)
    await records.save(connection, person, restored, {}, by, now)
    return restored


def _derived_anew(person: StoredPerson, key: PersonKey, attributes: Attributes) -> StoredPerson:
    """Stored derived attributes, and the facts, as they follow from what is stored."""
    values = opened(person, key, frozenset(name for name in attributes.by_name if not attributes.is_derived(name)))
    plain = dict(person.attributes)
    for name in attributes.derived_of(values):
        if not attributes.is_computed_on_read(name):
            plain[name] = attributes.derive(name, values, today())
    written = {name: values.get(name) for name in facts.SOURCES}
    return replace(person, attributes=plain, facts=facts.following(person.facts, written, attributes.home, today()))


def _of_both(then: Any, now: Any, since: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in then.items() if name not in since}
    return kept | {name: value for name, value in now.items() if name in since}


def _tokens(vault: Vault, attributes: Attributes, person: StoredPerson, key: PersonKey) -> Any:
    names = frozenset(name for name in attributes.by_name if not attributes.is_derived(name))
    values = opened(person, key, names)
    return index(values, values.keys(), attributes, vault.index_key)
