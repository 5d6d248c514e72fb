"""The feed: everybody once, then what changes about them, in commit order. Who is told what, ``feed`` decides."""

from typing import Any
from uuid import UUID

from profile_svc.attributes import Attributes
from profile_svc.disclosure import Viewer
from profile_svc.feed import Position, concerned
from profile_svc.reading import viewer, views_of
from profile_svc.store import changes, people
from profile_svc.store.vault import Connection, Vault
from stena.contracts.access import Grant

Page = dict[str, Any]
"""A ``stena.contracts.profile.Changes`` as JSON."""


class OtherRulebook(Exception):
    """A follower's position is of another rulebook: what it may see has changed, so it has to read everything anew."""


async def follow(
    vault: Vault, grant: Grant, attributes: Attributes, limit: int, position: Position | None, *, again: bool = False
) -> Page:
    """The page after ``position``, or after a new walk through everybody if ``again``; raises ``OtherRulebook``."""
    if position is not None and position.revision != grant.rulebook:
        raise OtherRulebook("The rulebook has changed since. Read everything anew.")
    seen_by = viewer(vault, grant, attributes)
    async with vault.transaction() as connection:
        if position is None:
            position = Position(phase="snapshot", revision=grant.rulebook, xid=await changes.horizon(connection))
        if again:
            position = position.model_copy(update={"phase": "snapshot", "after": None, "until": None})
        if position.phase == "snapshot":
            return await _snapshot(vault, connection, seen_by, position, limit)
        return await _log(vault, connection, seen_by, grant, position, limit)


async def _snapshot(vault: Vault, connection: Connection, seen_by: Viewer, position: Position, limit: int) -> Page:
    page = await people.find_after(connection, seen_by.selection, position.after, limit + 1)
    items = [{"id": view["id"], "person": view} for view in await views_of(vault, seen_by, page[:limit])]
    if len(page) > limit:
        position = position.model_copy(update={"after": page[limit - 1][0]})
    else:
        # Asked for after the page was read, so that whatever the page did not show any more is older.
        until = await changes.frontier(connection)
        position = position.model_copy(update={"phase": "log", "after": None, "until": until})
    return _page(items, position, more=True)


async def _log(vault: Vault, connection: Connection, seen_by: Viewer, grant: Grant, position: Position, limit: int) -> Page:
    # Asked for before the log is read, so that everything older than it is read if anything is left over of the page.
    horizon = position.xid if position.until is None else await changes.horizon(connection)
    page = await changes.read(connection, position.xid, position.change, limit)
    told = concerned(grant, page)
    visible = await people.find_many(connection, seen_by.selection, told.people) if told.people else []
    views = {UUID(view["id"]): view for view in await views_of(vault, seen_by, visible)}
    items = [
        {"id": str(person_id), "person": views.get(person_id)}
        for person_id in told.people
        if person_id in views or person_id in told.seen_before
    ]
    if page:
        position = position.model_copy(update={"xid": page[-1].xid, "change": page[-1].change_id})
    full = len(page) == limit
    return _page(items, position.settled(page[-1].xid if full else horizon), more=full)


def _page(items: list[dict[str, Any]], position: Position, *, more: bool) -> Page:
    settled = position.phase == "log" and position.until is None
    return {"changes": items, "position": position.model_dump(mode="json"), "more": more, "settled": settled}
