"""The feed of what changes about people."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gateway.calls import Call, Permit, Question, Shown, Stated
from gateway.cursors import Bound
from gateway.firewall import pass_through
from gateway.following import Place
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, respond
from gateway.routes.headers import CallerStates, Wait
from gateway.routes.selection import bound, open_cursor
from gateway.upstreams import MANY, Answer
from gateway.views import people as views
from stena import health
from stena.problems import Unavailable

router = APIRouter(prefix="/v1/persons", tags=["People"])

FOLLOW = Question("changes", "person")


@dataclass(frozen=True, slots=True)
class Page:
    """``at_end``: it tells nothing, and neither is there more nor anything half told."""

    reply: Reply
    permit: Permit
    at_end: bool

    @property
    def cursor(self) -> str:
        return str(self.reply.content["cursor"])


@router.get("/changes", operation_id="followPersons", summary="Follow what changes", response_model=views.ChangesPage)
async def follow_persons(
    request: Request,
    states: CallerStates,
    gateway: Gateway,
    since: Annotated[
        str | None, Query(description="`cursor` of the answer before; absent: everybody first, then changes.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    wait: Wait = 0,
) -> Response:
    """A change appears only if something that you may see has changed. A person who is no longer disclosed to you appears
    once with `null`. Whatever you hold under ids in `replaces` is the same person: forget it there. When the key of the ids
    was renewed, everybody comes once more under a new id. After a change of the rulebook, thirty days away, or a restored
    backup the answer is 410: begin again without `since`. With `Prefer: wait=5` an answer without changes takes its time."""

    async def still() -> bool:
        await gateway.wall.identify(states.authorization)  # a client that is revoked waits for nothing more
        return not health.is_leaving(request.app)

    until, waited = asyncio.get_running_loop().time() + wait, False
    while True:
        known = gateway.news.state
        page = await _page(gateway, states, since, limit)
        if not (wait and page.at_end):
            break
        waited = await gateway.news.wait(known, page.permit, until, still)
        if not waited or asyncio.get_running_loop().time() >= until:
            break
        since = page.cursor
    return respond(replace(page.reply, headers={"Preference-Applied": "wait"}) if waited else page.reply)


async def _page(gateway: Parts, states: Stated, since: str | None, limit: int) -> Page:
    async def fetch(permit: Permit) -> tuple[Place, Answer]:
        known = _known(gateway, permit, since)
        place = known.brought_to(gateway.ids.making)
        if place.version not in gateway.ids.versions:
            # Activated elsewhere before it was staged here: an earlier id would be somebody new to the follower.
            raise Unavailable("The ids of this feed cannot be made here yet. Try again shortly.")
        body = {"position": place.position, "limit": limit, "again": place.version > known.version}
        return place, await gateway.profile.ask("POST", ["persons", "changes"], permit.passes[0], within=MANY, json=body)

    def redact(permit: Permit, found: tuple[Place, Answer]) -> Shown[Page]:
        place, answer = found
        return _shown_changes(gateway, permit, place, answer.body, limit)

    return await pass_through(gateway.wall, Call(states, (FOLLOW,)), fetch, redact)


def _known(gateway: Parts, permit: Permit, since: str | None) -> Place:
    if since is None:
        return Place(gateway.ids.making)
    return Place.of(open_cursor(gateway, since, _bound(permit)))


def _bound(permit: Permit) -> Bound:
    return bound(permit, "changes", ["version", "held", "position"])


def _shown_changes(gateway: Parts, permit: Permit, place: Place, page: dict[str, Any], limit: int) -> Shown[Page]:
    members(page, {"changes", "position", "more", "settled"}, "page of changes")
    wall, name = PersonWall(permit.grant), Names(gateway.ids, permit, place.version)
    changes = [members(change, {"id", "person"}, "change", {"merged"}) for change in page["changes"]]
    check_page(changes, limit)
    people = [wall.check(change["person"], {change["id"]}) for change in changes if change["person"] is not None]
    shown = [
        {
            "id": name(change["id"]),
            "replaces": _replaced(name, place, change),
            "person": None if change["person"] is None else name.person(change["person"]),
        }
        for change in changes
    ]
    cursor = gateway.cursors.seal(place.after(page).content, _bound(permit))
    content = {"changes": shown, "cursor": cursor, "more": page["more"], "disclosure": disclosure(permit)}
    at_end = not changes and not page["more"] and page["settled"]
    return Shown(Page(Reply(content), permit, at_end), tuple(map(seen, people)), withheld_count(people), silent=not changes)


def _replaced(name: Names, place: Place, change: Mapping[str, Any]) -> list[str]:
    """By which ids the follower may hold the person: of earlier versions of the key, and of records that are part of theirs."""
    merged = change.get("merged", [])
    earlier = [name.by(version, each) for each in (change["id"], *merged) for version in place.held]
    return earlier + [name(each) for each in merged]
