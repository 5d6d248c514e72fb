"""One person: registered, read, amended, erased."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts, of_app
from gateway.redaction import PersonWall, View, seen
from gateway.replies import Names, Reply, disclosure, etag, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey, IfMatch, stated_in
from gateway.routes.selection import Fields, names
from gateway.upstreams import MANY, Answer
from gateway.views import people as views
from stena.shortcuts import Shortcut

router = APIRouter(prefix="/v1/persons", tags=["People"])

PersonId = Annotated[
    str,
    Path(
        alias="id",
        description="The person, as your organisation names them.",
        examples=[views.PERSON_ID],
        json_schema_extra={"pattern": "^psn_[a-z2-7]{55}$"},  # what else is there is nobody's id: 404, as for any other
    ),
]

READ = Question("read", "person", "person")
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


@router.get("/{id}", operation_id="readPerson", summary="One person", response_model=views.PersonView)
async def read_person(person: PersonId, states: CallerStates, gateway: Gateway, fields: Fields = None) -> Response:
    """What the purpose discloses of one person, and for everything else the reason why not."""
    wanted = names(fields)

    async def fetch(permit: Permit) -> Any:
        return await gateway.profile.person(permit.passes[0], wanted)

    def redact(permit: Permit, view: Any) -> Shown[Reply]:
        return _shown_person(gateway, permit, view, wanted)

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


async def _read_person_at_once(request: Request, person: str) -> Response:
    return await read_person(person, await stated_in(request), await of_app(request))


SHORTCUT: Final = Shortcut("GET", "/v1/persons/{id}", re.compile("/v1/persons/(psn_[a-z2-7]{55})"), _read_person_at_once)


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
        # Every table is emptied: who is told that it is not known whether that was done asks again, and finds nobody.
        return await gateway.profile.ask("DELETE", ["persons", permit.person or ""], permit.passes[0], within=MANY)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(None, 204))

    return respond(await pass_through(gateway.wall, Call(states, (ERASE,), person), fetch, redact))


def _shown_person(gateway: Parts, permit: Permit, view: View, fields: tuple[str, ...] | None = None) -> Shown[Reply]:
    asked = None if permit.person is None else {permit.person}
    checked = PersonWall(permit.grant, fields).check(view, asked)
    content = Names(gateway.ids, permit).person(checked) | {"disclosure": disclosure(permit)}
    return Shown(Reply(content, headers=etag(checked["etag"])), (seen(checked),), len(checked["withheld"]))
