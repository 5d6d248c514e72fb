"""Making the blind index anew, for people who were stored before there was one, or under another rulebook."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from profile_svc.attributes import Attributes
from profile_svc.indexing import index
from profile_svc.lookups import Tokens
from profile_svc.resembling import IDENTIFYING
from profile_svc.store import lookups
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Vault
from profile_svc.writing import opened

BATCH: Final = 200
"""People who are indexed, or not, together: what was done stays done when it breaks off."""


async def left(vault: Vault, after: UUID | None) -> int:
    """How many people are still to be indexed."""
    async with vault.reading() as connection:
        return await lookups.count_after(connection, after)


async def rebuild(vault: Vault, attributes: Attributes, after: UUID | None, done: Callable[[UUID, int], None]) -> None:
    """Index everybody after ``after`` in the order of their ids, while the service runs.

    ``done`` is told the last of each batch and its size: from there it can be gone on with.
    """
    while True:
        async with vault.transaction() as connection:
            people = await lookups.lock_after(connection, after, BATCH)
            if not people:
                return
            await lookups.rewrite(connection, await _tokens(vault, attributes, people))
        after = people[-1].person_id
        done(after, len(people))


async def _tokens(vault: Vault, attributes: Attributes, people: Sequence[StoredPerson]) -> dict[UUID, Tokens]:
    """Of whoever has no key any more nothing can be read, and nothing stays in the index."""
    looked_up = (name for name, attribute in attributes.by_name.items() if attribute.lookup)
    names = frozenset(looked_up) | (frozenset(IDENTIFYING) & attributes.by_name.keys())
    keys = await vault.person_keys.fetch([person.person_id for person in people])
    return {
        person.person_id: index(known := opened(person, keys[person.person_id], names), known, attributes, vault.index_key)
        if person.person_id in keys
        else {}
        for person in people
    }
