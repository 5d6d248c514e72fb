"""The feed: everybody once, then what changes about them, in commit order. Who is told what, ``feed`` decides."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from profile_svc.attributes import Attributes
from profile_svc.disclosure import Viewer
from profile_svc.feed import Concerned, LoggedChange, Position, concerned, concerns
from profile_svc.reading import viewer, views_of
from profile_svc.store import changes, people
from profile_svc.store.vault import Connection, Vault
from stena.contracts.access import Grant

Page = dict[str, Any]
"""A ``stena.contracts.profile.Changes`` as JSON."""


BATCH: Final = 500
MOST_BATCHES: Final = 20
"""So many times so many changes of the log are read for one page."""


class LogCut(Exception):
    """A follower was away for longer than changes are kept."""


class OtherRulebook(Exception):
    """A follower's position is of another rulebook: what it may see has changed, so it has to read everything anew."""


async def follow(
    vault: Vault, grant: Grant, attributes: Attributes, limit: int, position: Position | None, *, again: bool = False
) -> Page:
    """The page after ``position``, or after a new walk through everybody if ``again``.

    Raises ``OtherRulebook`` and ``LogCut``.
    """
    if position is not None and position.revision != grant.rulebook:
        raise OtherRulebook("The rulebook has changed since. Read everything anew.")
    if position is not None and not again and await _is_at_end(vault, position):
        return _page([], position, more=False)
    seen_by = viewer(vault, grant, attributes)
    async with vault.transaction() as connection:
        if position is None:
            here = await changes.identity(connection)
            position = Position(phase="snapshot", revision=grant.rulebook, log=here, xid=await changes.horizon(connection))
        else:
            await _require_kept(connection, position)
        if again:
            position = position.model_copy(update={"phase": "snapshot", "after": None, "until": None})
        if position.phase == "snapshot":
            return await _snapshot(vault, connection, seen_by, position, limit)
        return await _log(vault, connection, seen_by, grant, position, limit)


async def _is_at_end(vault: Vault, position: Position) -> bool:
    if position.phase != "log" or position.until is not None:
        return False
    return await changes.nothing_behind(vault.statements, position.log, position.xid, position.change)


async def _require_kept(connection: Connection, position: Position) -> None:
    if position.log != await changes.identity(connection):
        raise LogCut("The changes that were followed are those of before a backup was restored. Read everything anew.")
    if not await changes.is_whole_after(connection, position.xid, position.change):
        raise LogCut("Changes since then are no longer kept. Read everything anew.")


async def _snapshot(vault: Vault, connection: Connection, seen_by: Viewer, position: Position, limit: int) -> Page:
    page = await people.find_after(connection, seen_by.selection, position.after, limit + 1)
    items = [{"id": view["id"], "person": view} for view in await views_of(vault, seen_by, page[:limit])]
    if len(page) > limit:
        position = position.model_copy(update={"after": page[limit - 1].person_id})
    else:
        # Asked for after the page was read, so that whatever the page did not show any more is older.
        until = await changes.frontier(connection)
        position = position.model_copy(update={"phase": "log", "after": None, "until": until})
    return _page(items, position, more=True)


async def _log(vault: Vault, connection: Connection, seen_by: Viewer, grant: Grant, position: Position, limit: int) -> Page:
    # Asked for before the log is read, so that everything older than it is read if nothing is left over.
    horizon = position.xid if position.until is None else await changes.horizon(connection)
    walked = position.until is not None
    found, position, left_over = await _to_tell(vault, connection, grant, position, limit)
    told = concerned(grant, found, walked=walked)
    wanted = [*told.people, *told.successors.values()]
    visible = await people.find_many(connection, seen_by.selection, wanted) if wanted else []
    views = {UUID(view["id"]): view for view in await views_of(vault, seen_by, visible)}
    return _page(_items(told, views), position.settled(position.xid if left_over else horizon), more=left_over)


def _items(told: Concerned, views: Mapping[UUID, dict[str, Any]]) -> list[dict[str, Any]]:
    """INVARIANT: that a record became part of another one learns who could see both; to others it is gone without a reason."""
    items: dict[UUID, dict[str, Any]] = {}
    for person_id in told.people:
        successor = told.successor_of(person_id)
        if person_id in views or successor not in views:
            if person_id in views or person_id in told.seen_before:
                items.setdefault(person_id, {"id": str(person_id), "person": views.get(person_id)})
        else:
            item = items.setdefault(successor, {"id": str(successor), "person": views[successor]})
            item["merged"] = [*item.get("merged", []), str(person_id)]
    return list(items.values())


async def _to_tell(
    vault: Vault, connection: Connection, grant: Grant, position: Position, limit: int
) -> tuple[list[LoggedChange], Position, bool]:
    """The next changes that concern the follower, of at most ``limit`` people; the place behind them; whether any is left over.

    INVARIANT: how much else has changed is not told, neither by empty pages nor by a word of more. (Where it is more than
    one answer may read, a page ends before its time.)
    """
    found: list[LoggedChange] = []
    people_told = set[UUID]()
    for _ in range(MOST_BATCHES):
        batch = await changes.read(connection, vault.log_key, position.xid, position.change, BATCH)
        passed = [change for change in batch if concerns(grant, change)]
        for change in passed:
            if change.person_id not in people_told and len(people_told) == limit:
                return found, position.behind(_before(batch, change)), True
            people_told.add(change.person_id)
            found.append(change)
        position = position.behind(batch[-1] if batch else None)
        if len(batch) < BATCH:
            return found, position, False
    return found, position, True


def _before(batch: Sequence[LoggedChange], change: LoggedChange) -> LoggedChange | None:
    place = batch.index(change)
    return batch[place - 1] if place else None


def _page(items: list[dict[str, Any]], position: Position, *, more: bool) -> Page:
    settled = position.phase == "log" and position.until is None
    return {"changes": items, "position": position.model_dump(mode="json"), "more": more, "settled": settled}
