"""People as a grant lets them be seen: select, unseal what was selected, view."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from profile_svc.attributes import Attributes
from profile_svc.brief_pages import brief
from profile_svc.disclosure import Selected, Selection, Viewer
from profile_svc.filtering import Narrowing, narrow
from profile_svc.lookups import MOST_FOUND, TooMany, look_for
from profile_svc.store import people
from profile_svc.store.vault import Connection, Vault
from stena.contracts.access import Grant
from stena.contracts.profile import Lookup, Query

View = dict[str, Any]
"""A ``stena.contracts.profile.Person`` as JSON."""
Wanted = tuple[Viewer, UUID]
"""A person, and as whom they are to be seen."""


def viewer(vault: Vault, grant: Grant, attributes: Attributes, fields: Sequence[str] | None = None) -> Viewer:
    return Viewer(vault.selections.of(grant, attributes, fields), attributes, vault.etag_key, today())


def today() -> date:
    return datetime.now(UTC).date()


async def read(vault: Vault, seen_by: Viewer, person_id: UUID) -> View | None:
    """One person, or ``None``: not there, not visible, erased."""
    return (await read_several(vault, [(seen_by, person_id)]))[0]


async def read_several(vault: Vault, wanted: Sequence[Wanted | None]) -> list[View | None]:
    """``read`` for each, with one statement for all who are selected alike and one for the keys of all."""
    alike: dict[Selection, set[UUID]] = {}
    for each in wanted:
        if each is not None:
            alike.setdefault(each[0].selection, set()).add(each[1])
    read = [people.find_some(vault.named, selection, ids) for selection, ids in alike.items()]
    found = {
        (selection, each.person_id): each
        for selection, selected in zip(alike, [await read[0]] if len(read) == 1 else await asyncio.gather(*read), strict=True)
        for each in selected
    }
    sealed = {person_id for selection, person_id in found if selection.sealed}
    keys = await vault.person_keys.fetch(sealed) if sealed else {}

    def view(seen_by: Viewer, person_id: UUID) -> View | None:
        selected = found.get((seen_by.selection, person_id))
        if selected is None or (seen_by.selection.sealed and person_id not in keys):
            return None
        unseal = keys[person_id].unseal if seen_by.selection.sealed else _nothing_sealed
        return seen_by.tagged(seen_by.view(selected, unseal))

    return [None if each is None else view(*each) for each in wanted]


async def view_of(vault: Vault, connection: Connection, seen_by: Viewer, person_id: UUID) -> View | None:
    """The same within a transaction, which sees what it wrote itself."""
    return await _only_view(vault, seen_by, await people.find(connection, seen_by.selection, person_id))


async def _only_view(vault: Vault, seen_by: Viewer, selected: Selected | None) -> View | None:
    views = await views_of(vault, seen_by, [selected] if selected else [])
    return views[0] if views else None


async def search(
    vault: Vault, grant: Grant, attributes: Attributes, query: Query, after: UUID | None, *, briefly: bool
) -> dict[str, Any]:
    """A page of people: ``stena.contracts.profile.People`` as JSON, or ``BriefPeople``."""
    narrowing = narrow(query, grant, attributes)
    seen_by = viewer(vault, grant, attributes, query.fields)
    page = await _page(vault, seen_by, narrowing, after, query.limit + 1)
    views, more = await _untagged(vault, seen_by, page[: query.limit]), len(page) > query.limit
    return brief(views, more) if briefly else {"people": [seen_by.tagged(view) for view in views], "more": more}


async def _page(vault: Vault, seen_by: Viewer, narrowing: Narrowing, after: UUID | None, most: int) -> list[Selected]:
    if not (narrowing.filters or narrowing.sort or narrowing.conditions):
        return await people.find_first(vault.lists, seen_by.selection, after, most)
    async with vault.transaction() as connection:
        return await people.find_page(connection, seen_by.selection, narrowing, seen_by.attributes, after, most)


async def look_up(vault: Vault, grant: Grant, attributes: Attributes, wanted: Lookup) -> list[View]:
    """The few people of whom everything in ``wanted`` is true; raises ``TooMany`` for more than a few."""
    looked_for = look_for(wanted, grant, attributes, vault.index_key)
    seen_by = viewer(vault, grant, attributes, wanted.fields)
    async with vault.reading() as connection:
        found = await people.find_named(connection, seen_by.selection, looked_for, MOST_FOUND + 1)
    if len(found) > MOST_FOUND:
        raise TooMany(f"More than {MOST_FOUND} people are meant by this. Say one thing more that is known of the person.")
    return await views_of(vault, seen_by, found)


async def resolve(vault: Vault, seen_by: Viewer, ids: Sequence[UUID]) -> list[View]:
    """These people in the order asked, without those who are not visible."""
    async with vault.reading() as connection:
        found = {each.person_id: each for each in await people.find_many(connection, seen_by.selection, ids)}
    return await views_of(vault, seen_by, [found[person_id] for person_id in dict.fromkeys(ids) if person_id in found])


async def views_of(vault: Vault, seen_by: Viewer, selected: Sequence[Selected]) -> list[View]:
    """Views in the same order. Whoever has no key any more was erased meanwhile, and is left out."""
    return [seen_by.tagged(view) for view in await _untagged(vault, seen_by, selected)]


async def _untagged(vault: Vault, seen_by: Viewer, selected: Sequence[Selected]) -> list[View]:
    if not selected:
        return []
    if not seen_by.selection.sealed:
        return [seen_by.view(each, _nothing_sealed) for each in selected]
    keys = await vault.person_keys.fetch([each.person_id for each in selected])
    return [seen_by.view(each, keys[each.person_id].unseal) for each in selected if each.person_id in keys]


def _nothing_sealed(name: str, sealed: str) -> Any:
    raise AssertionError("A sealed value was selected although none is disclosed.")
