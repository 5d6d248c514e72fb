"""Two records of one person become one, under a grant; and two again.

INVARIANT: in one transaction, under the locks of both. Nobody sees more of the person by it unless whoever merges was told and
said that they know; who is hidden from somebody stays hidden; and a no of the person stays one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from profile_svc.attributes import Attributes
from profile_svc.disclosure import is_disclosed
from profile_svc.indexing import index
from profile_svc.joining import Joined, Side, Widens, check_take, join, widening
from profile_svc.persons import Record, Revision, Statement, revise
from profile_svc.reading import View, viewer
from profile_svc.said import Said, live_consents
from profile_svc.said_twice import words_to_add
from profile_svc.sealing import PersonKey
from profile_svc.store import cases, consents, lookups, merges, objections, records, restrictions
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.merges import Keys, Merged
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import Made, NotThere, opened, require_seen, revised, sealed_value, view_after
from stena.contracts.access import Grant
from stena.contracts.duplicates import MergeRequest, PartOf

UNDOABLE: Final = timedelta(days=365)
"""So long a merge can be taken back."""


@dataclass(frozen=True, slots=True)
class Both:
    """The record that stays and the one that becomes part of it, locked, with their keys."""

    this: StoredPerson
    other: StoredPerson
    this_key: PersonKey
    other_key: PersonKey

    @property
    def keys(self) -> Keys:
        return Keys(self.other.person_id, self.this.person_id, opens=self.other_key, seals=self.this_key)


async def merge(
    vault: Vault,
    grant: Grant,
    attributes: Attributes,
    person_id: UUID,
    other_id: UUID,
    wanted: MergeRequest,
    key: str | None = None,
) -> Made:
    """Make the other record part of this one; again is as good as once.

    Raises ``NotThere``, ``InvalidValues``, ``UnknownAttributes``, ``Conflicting``, ``Widens``, ``RestrictedApart``,
    ``KeyReused``.
    """
    check_take(wanted.take, attributes)
    seen_by = viewer(vault, grant, attributes)
    fingerprint = vault.blind("request", "merge", str(person_id), wanted.model_dump())
    async with vault.transaction() as connection:
        await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, person_id))
        done = await merges.of_pair(connection, person_id, other_id)
        if done is None:
            both = await _lock_both(vault, connection, grant, person_id, other_id)
            done, new = await _merge(vault, connection, grant, attributes, both, wanted), True
        else:
            await require_seen(connection, person_id, grant.rows)
            new = False
        view = await view_after(vault, connection, seen_by, person_id)
    return Made(view_of_merge(done, view), new)


async def parts(vault: Vault, person_id: UUID) -> Sequence[PartOf]:
    """The merges that stand and made the record, and others, one person's."""
    async with vault.transaction() as connection:
        found = await merges.around(connection, person_id)
    return [PartOf(person=str(whole), part=str(part), merge=str(merge)) for whole, part, merge in found]


async def _merge(
    vault: Vault, connection: Connection, grant: Grant, attributes: Attributes, both: Both, wanted: MergeRequest
) -> Merged:
    stored_names = frozenset(name for name in attributes.by_name if not attributes.is_derived(name))
    mine = opened(both.this, both.this_key, stored_names)
    theirs = opened(both.other, both.other_key, stored_names)
    disclosed = [name for name in stored_names if is_disclosed(grant, name)]
    joined = join(Side(mine, both.this.provenance), Side(theirs, both.other.provenance), wanted.take, disclosed)
    said = [await consents.newest(connection, each.person_id) for each in (both.this, both.other)]
    at = consents.moment_after([word for words in said for word in words], datetime.now(UTC))
    added = words_to_add(said[0], said[1], grant.organisation, at)
    revision = _revision(both, mine, joined, attributes, grant.organisation, at)
    live = live_consents(newest_of([*said[0], *said[1], *added]), revision.facts.minor, at)
    widened = widening(both.this.facts, both.other.facts, live.tokens)
    if widened and not wanted.widen:
        raise Widens(widened)
    kept = {
        "this": await merges.row_of(connection, both.this.person_id),
        "other": await merges.row_of(connection, both.other.person_id),
    }
    after = await _write(connection, both, revision, joined, attributes, grant.organisation, at)
    kept |= {"moved": await merges.move(connection, both.keys), "words": [str(word.consent_id) for word in added]}
    await merges.take_row(connection, both.other.person_id)
    await consents.add(connection, [(after.person_id, word) for word in added])
    await refresh(connection, after, at)
    await merges.log_gone(connection, both.other.person_id, both.other.facts, after.person_id, at)
    values = {**mine, **revision.values}
    tokens = index(values, values.keys() & stored_names, attributes, vault.index_key)
    await lookups.rewrite(connection, {after.person_id: tokens, both.other.person_id: {}})
    done = Merged(
        after.person_id,
        uuid4(),
        both.other.person_id,
        both.other.external_ref,
        grant.organisation,
        grant.acting_user or "",
        at,
        {**kept, "after": dict(after.provenance), "widened": widened},
    )
    await merges.add(connection, done)
    return done


def newest_of(words: Iterable[Said]) -> list[Said]:
    """The newest word of each matter."""
    found: dict[tuple[str, str | None], Said] = {}
    for said in sorted(words, key=lambda said: (said.recorded_at, said.consent_id)):
        found[said.purpose, said.recipient] = said
    return list(found.values())


async def refresh(connection: Connection, person: StoredPerson, at: datetime) -> StoredPerson:
    """Make every fact of the locked person what the rows say that it follows from."""
    for of_fact in (cases, restrictions, objections, consents):
        person = await of_fact.refresh(connection, person, at)
    return person


def view_of_merge(merged: Merged, view: View) -> dict[str, Any]:
    """A ``stena.contracts.duplicates.Merge`` as JSON."""
    return {
        "id": str(merged.merge_id),
        "person": str(merged.person_id),
        "merged": str(merged.merged_id),
        "merged_at": merged.merged_at,
        "undone_at": merged.undone_at,
        "widened": list((merged.kept or {}).get("widened", [])),
        "view": view,
    }


async def _lock_both(vault: Vault, connection: Connection, grant: Grant, person_id: UUID, other_id: UUID) -> Both:
    people = await merges.lock(connection, grant.rows, {person_id, other_id})
    keys = await vault.person_keys.fetch(people)
    if len(people) != 2 or len(keys) != 2:
        raise NotThere("There is no such person for this caller.")
    now = datetime.now(UTC)
    this, other = [await consents.refreshed(connection, people[each], now) for each in (person_id, other_id)]
    return Both(this, other, keys[person_id], keys[other_id])


def _revision(both: Both, mine: Mapping[str, Any], joined: Joined, attributes: Attributes, by: str, at: datetime) -> Revision:
    """The values taken over, as whoever said them said them; that they stand here was said now."""
    verified_by = {name: said["by"] for name, said in joined.provenance.items() if said["verified"]}
    statement = Statement(joined.taken, by=by, at=at, verified_by=verified_by)
    revision = revise(Record(both.this.facts, mine, both.this.provenance), statement, attributes)
    said_by = {name: {**revision.provenance[name], "by": said["by"]} for name, said in joined.provenance.items()}
    return replace(revision, provenance={**revision.provenance, **said_by})


async def _write(
    connection: Connection, both: Both, revision: Revision, joined: Joined, attributes: Attributes, by: str, at: datetime
) -> StoredPerson:
    """The record that stays, and the history of both in one: that of the other one comes behind this one's own."""
    this, other, shift = both.this, both.other, both.this.version + 1
    after = replace(revised(this, revision, both.this_key, attributes), version=shift + other.version + 2)
    earlier = {name: sealed_value(this, both.this_key, name) for name in revision.replaced}
    await records.save(connection, this, after, earlier, by, at)
    await merges.move_history(connection, both.keys, (0, other.version), shift)
    lost = {"person_id": this.person_id, "version": shift + other.version + 1, "replaced_at": at, "replaced_by": by}
    await merges.add_history(
        connection,
        [
            {**lost, "attribute": name, "sealed": both.this_key.seal(name, value), "provenance": other.provenance[name]}
            for name, value in joined.lost.items()
        ],
    )
    return after
