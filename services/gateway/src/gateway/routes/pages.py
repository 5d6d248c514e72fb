"""Pages of people: the same list asked for in an address or in a body."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts, of_app
from gateway.redaction import PersonWall, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, next_page, respond
from gateway.routes.headers import CallerStates, stated_in
from gateway.routes.selection import Cursor, Fields, Filters, Selection, Sort, bound, names, open_cursor, query
from gateway.upstreams import MANY, Answer
from gateway.views import people as views
from stena.contracts.profile import BRIEFLY
from stena.shortcuts import NO_QUERY, Shortcut

router = APIRouter(prefix="/v1/persons", tags=["People"])

LIST = Question("list", "person")

DEFAULT: Final = 50
MOST: Final = 500


@router.get("", operation_id="listPersons", summary="A page of people", response_model=views.PeoplePage)
async def list_persons(
    states: CallerStates,
    gateway: Gateway,
    filters: Filters = [],  # noqa: B006 -- FastAPI copies it
    sort: Sort = None,
    fields: Fields = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT,
    cursor: Cursor = None,
) -> Response:
    """Values in an address end up in logs on the way: prefer `POST /v1/persons/search` where that matters."""
    address = [("filter", text) for text in filters] + [("limit", str(limit))]
    address += [(name, value) for name, value in (("sort", sort), ("fields", fields)) if value is not None]
    selection = Selection(sort, names(fields), texts=tuple(filters))
    reply = await _page(gateway, states, selection, limit, cursor)
    link = next_page("/v1/persons", address, reply.content["next"])
    return respond(Reply(reply.content, headers=link))


async def _list_persons_at_once(request: Request) -> Response:
    said = request.scope["query_string"].removeprefix(b"limit=")
    return await list_persons(await stated_in(request), await of_app(request), limit=int(said or DEFAULT))


SHORTCUT: Final = Shortcut(
    "GET",
    "/v1/persons",
    re.compile("/v1/persons"),
    _list_persons_at_once,
    NO_QUERY | {b"limit=%d" % limit for limit in range(1, MOST + 1)},
)


@router.post(
    "/search", operation_id="searchPersons", summary="A page of people, asked for in a body", response_model=views.PeoplePage
)
async def search_persons(body: views.SearchBody, states: CallerStates, gateway: Gateway) -> Response:
    """As `GET /v1/persons`, with values as JSON. `next` of the answer is `cursor` of the next request."""
    selection = Selection(body.sort, body.fields, filters=body.filters)
    return respond(await _page(gateway, states, selection, body.limit, body.cursor))


async def _page(gateway: Parts, states: CallerStates, selection: Selection, limit: int, cursor: str | None) -> Reply:
    async def fetch(permit: Permit) -> Answer:
        made_for = bound(permit, "list", selection.shape)
        after = None if cursor is None else str(open_cursor(gateway, cursor, made_for))
        wanted = await query(gateway, permit, selection, limit, after)
        return await gateway.profile.ask(
            "POST",
            ["persons", "search"],
            permit.passes[0],
            within=MANY,
            json=wanted.model_dump(mode="json"),
            headers={"Prefer": BRIEFLY},
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _shown_page(gateway, permit, answer.body, selection, limit)

    async with gateway.pages:
        return await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact)


def _shown_page(gateway: Parts, permit: Permit, page: dict[str, Any], selection: Selection, limit: int) -> Shown[Reply]:
    people, name = PersonWall(permit.grant, selection.fields).check_people(page, limit), Names(gateway.ids, permit)
    following = None
    if page["more"]:
        following = gateway.cursors.seal(people[-1]["id"], bound(permit, "list", selection.shape))
    content = {
        "people": [name.person(view) for view in people],
        "next": following,
        "truncated": following is not None,
        "disclosure": disclosure(permit),
    }
    return Shown(Reply(content), tuple(map(seen, people)), withheld_count(people))
