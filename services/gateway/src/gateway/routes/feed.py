"""The feed of what changes about people."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from gateway import views
from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, respond
from gateway.routes.headers import CallerStates
from gateway.routes.selection import bound, open_cursor
from gateway.upstreams import MANY, Answer

router = APIRouter(prefix="/v1/persons", tags=["People"])

FOLLOW = Question("changes", "person")


@router.get("/changes", operation_id="followPersons", summary="Follow what changes", response_model=views.ChangesPage)
async def follow_persons(
    states: CallerStates,
    gateway: Gateway,
    since: Annotated[
        str | None, Query(description="`cursor` of the answer before; absent: everybody first, then changes.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Response:
    """A change appears only if something that you may see has changed. A person who is no longer disclosed to you appears
    once with `null`. After a change of the rulebook the answer is 410: begin again without `since`."""

    async def fetch(permit: Permit) -> Answer:
        position = None if since is None else open_cursor(gateway, since, bound(permit, "changes"))
        body = {"position": position, "limit": limit}
        return await gateway.profile.ask("POST", ["persons", "changes"], permit.passes[0], within=MANY, json=body)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _shown_changes(gateway, permit, answer.body, limit)

    return respond(await pass_through(gateway.wall, Call(states, (FOLLOW,)), fetch, redact))


def _shown_changes(gateway: Parts, permit: Permit, page: dict[str, Any], limit: int) -> Shown[Reply]:
    members(page, {"changes", "position", "more"}, "page of changes")
    wall, name = PersonWall(permit.grant), Names(gateway.ids, permit)
    changes = [members(change, {"id", "person"}, "change") for change in page["changes"]]
    check_page(changes, limit)
    people = [wall.check(change["person"], {change["id"]}) for change in changes if change["person"] is not None]
    shown = [
        {"id": name(change["id"]), "person": None if change["person"] is None else name.person(change["person"])}
        for change in changes
    ]
    cursor = gateway.cursors.seal(page["position"], bound(permit, "changes"))
    content = {"changes": shown, "cursor": cursor, "more": page["more"], "disclosure": disclosure(permit)}
    return Shown(Reply(content), tuple(map(seen, people)), withheld_count(people), silent=not changes)
