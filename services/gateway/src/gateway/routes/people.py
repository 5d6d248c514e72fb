"""People: one, a page of them, and what changes about them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from gateway import views
from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, View, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, etag, next_page, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey, IfMatch
from gateway.routes.selection import Selection, bound, names, open_cursor, query
from gateway.upstreams import MANY, Answer

router = APIRouter(prefix="/v1/persons", tags=["People"])

PersonId = Annotated[
    str, Path(alias="id", description="The person, as your organisation names them.", examples=[views.PERSON_ID])
]
Fields = Annotated[
    str | None, Query(description="Attributes to answer with, separated by commas.", examples=["skills,languages"])
]

READ = Question("read", "person", "person")
LIST = Question("list", "person")
FOLLOW = Question("changes", "person")
CREATE = Question("create", "person")
AMEND = Question("amend", "person", "person")
ERASE = Question("erase", "person", "person")


@router.post(
    "",
    operation_id="createPerson",
    summary="Register a person",
    status_code=201,
    response_model=views.PersonView,
    responses={
        200: {"model": views.PersonView, "description": "The same request was answered before: the person as now seen."}
    },
)
async def create_person(body: views.NewPersonBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """The organisation that registers a person is assigned to them. The answer passes the same wall as a read."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask(
            "POST", ["persons"], permit.passes[0], json=body.model_dump(), headers={"Idempotency-Key": key}
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        shown = _shown_person(gateway, permit, answer.body)
        headers = {**shown.body.headers, **replayed(answer.repeated), "Location": f"/v1/persons/{shown.body.content['id']}"}
        return Shown(Reply(shown.body.content, answer.status, headers), shown.people, shown.withheld)

    return respond(await pass_through(gateway.wall, Call(states, (CREATE,)), fetch, redact))


@router.get("", operation_id="listPersons", summary="A page of people", response_model=views.PeoplePage)
async def list_persons(
    states: CallerStates,
    gateway: Gateway,
    filters: Annotated[
        list[str],
        Query(
            alias="filter",
            max_length=20,
            description="`attribute:operator:value`; several must all hold. Only attributes that the purpose discloses.",
            examples=["languages:has:ukr"],
        ),
    ] = [],  # noqa: B006 -- FastAPI copies it
    sort: Annotated[str | None, Query(max_length=100, description="An attribute; `-` before it for descending.")] = None,
    fields: Fields = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Values in an address end up in logs on the way: prefer `POST /v1/persons/search` where that matters."""
    address = [("filter", text) for text in filters] + [("limit", str(limit))]
    address += [(name, value) for name, value in (("sort", sort), ("fields", fields)) if value is not None]
    selection = Selection(sort, names(fields), limit, cursor, texts=tuple(filters))
    reply = await _page(gateway, states, selection)
    link = next_page("/v1/persons", address, reply.content["next"])
    return respond(Reply(reply.content, headers=link))


@router.post(
    "/search", operation_id="searchPersons", summary="A page of people, asked for in a body", response_model=views.PeoplePage
)
async def search_persons(body: views.SearchBody, states: CallerStates, gateway: Gateway) -> Response:
    """As `GET /v1/persons`, with values as JSON. `next` of the answer is `cursor` of the next request."""
    selection = Selection(body.sort, body.fields, body.limit, body.cursor, filters=body.filters)
    return respond(await _page(gateway, states, selection))


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


@router.get("/{id}", operation_id="readPerson", summary="One person", response_model=views.PersonView)
async def read_person(person: PersonId, states: CallerStates, gateway: Gateway, fields: Fields = None) -> Response:
    """What the purpose discloses of one person, and for everything else the reason why not."""
    wanted = names(fields)

    async def fetch(permit: Permit) -> Answer:
        query = [("operation", "read"), *(("fields", name) for name in wanted or ())]
        return await gateway.profile.ask("GET", ["persons", permit.person or ""], permit.passes[0], query=query)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _shown_person(gateway, permit, answer.body, wanted)

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.patch(
    "/{id}",
    operation_id="amendPerson",
    summary="Amend a person",
    response_model=views.PersonView,
    openapi_extra={
        "requestBody": {"content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/PersonPatch"}}}}
    },
)
async def amend_person(
    person: PersonId, body: views.PersonPatch, states: CallerStates, gateway: Gateway, if_match: IfMatch = None
) -> Response:
    """JSON Merge Patch (RFC 7396) on `attributes`; the value before stays in the history. Refused with 412 if what you may
    see of the person has changed since the `ETag` in `If-Match`."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask(
            "PATCH",
            ["persons", permit.person or ""],
            permit.passes[0],
            json=body.model_dump(),
            headers={"If-Match": if_match},
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _shown_person(gateway, permit, answer.body)

    return respond(await pass_through(gateway.wall, Call(states, (AMEND,), person), fetch, redact))


@router.delete("/{id}", operation_id="erasePerson", summary="Erase a person", status_code=204, response_class=Response)
async def erase_person(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """The person's key is destroyed, and with it everything that was stored under it. The ledger keeps that it was done."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("DELETE", ["persons", permit.person or ""], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(None, 204))

    return respond(await pass_through(gateway.wall, Call(states, (ERASE,), person), fetch, redact))


async def _page(gateway: Parts, states: CallerStates, selection: Selection) -> Reply:
    async def fetch(permit: Permit) -> Answer:
        wanted = await query(gateway, permit, selection)
        return await gateway.profile.ask(
            "POST", ["persons", "search"], permit.passes[0], within=MANY, json=wanted.model_dump(mode="json")
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _shown_page(gateway, permit, answer.body, selection)

    return await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact)


def _shown_person(gateway: Parts, permit: Permit, view: View, fields: tuple[str, ...] | None = None) -> Shown[Reply]:
    asked = None if permit.person is None else {permit.person}
    checked = PersonWall(permit.grant, fields).check(view, asked)
    content = Names(gateway.ids, permit).person(checked) | {"disclosure": disclosure(permit)}
    return Shown(Reply(content, headers=etag(checked["etag"])), (seen(checked),), len(checked["withheld"]))


def _shown_page(gateway: Parts, permit: Permit, page: dict[str, Any], selection: Selection) -> Shown[Reply]:
    members(page, {"people", "more"}, "page")
    wall, name = PersonWall(permit.grant, selection.fields), Names(gateway.ids, permit)
    people = [wall.check(view) for view in page["people"]]
    check_page(people, selection.limit)
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
