"""Objections (GDPR Art 21): made by the person and effective at once; decided by each organisation for itself."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import Surplus, members
from gateway.replies import Json, Names, Reply, about_one, replayed, respond
from gateway.routes import waiting
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, Limit
from gateway.upstreams import Answer
from gateway.views import rights as views
from gateway.views.casework import ITEM_ID

router = APIRouter(prefix="/v1", tags=["Rights"])

ObjectionId = Annotated[UUID, Path(alias="objection", examples=[ITEM_ID])]

OBJECT = Question("object", "person", "person")
READ = Question("read", "objection", "person")
LIST = Question("list", "objection")
DECIDE = Question("decide", "objection", "person")

_OBJECTION: Final = frozenset(views.ObjectionView.model_fields)
_DECISION: Final = frozenset(views.ObjectionDecisionView.model_fields)


@router.post(
    "/persons/{id}/objections",
    operation_id="makeObjection",
    summary="Object to processing",
    status_code=201,
    response_model=views.ObjectionView,
    responses={200: {"model": views.ObjectionView, "description": "Done before with this key: that objection."}},
)
async def make_objection(
    person: PersonId, body: views.NewObjectionBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """By the person. From then on they are not there for the purpose, for those whom it is against, until each of those has
    decided. Refused where the basis is none of GDPR Art 6(1)(e) and (f): `nothing-to-object-to`."""

    async def fetch(permit: Permit) -> Answer:
        sent, headers = body.model_dump(), {"Idempotency-Key": key}
        return await gateway.profile.ask("POST", _path(permit), permit.passes[0], json=sent, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        reply = Reply(_shown(gateway, permit, answer.body), answer.status, replayed(answer.repeated))
        return about_one(permit, reply)

    return respond(await pass_through(gateway.wall, Call(states, (OBJECT,), person), fetch, redact))


@router.get(
    "/persons/{id}/objections",
    operation_id="listObjectionsOfPerson",
    summary="What a person objected to",
    response_model=views.ObjectionList,
)
async def list_objections_of_person(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """The person sees all, with every decision; an organisation those against itself for this purpose."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", _path(permit), permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"objections"}, "objections")
        return about_one(permit, Reply({"objections": [_shown(gateway, permit, each) for each in answer.body["objections"]]}))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.get(
    "/objections",
    operation_id="listObjections",
    summary="Objections that wait for a decision",
    response_model=views.ObjectionPage,
)
async def list_objections(
    states: CallerStates,
    gateway: Gateway,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Of everybody, against your organisation for this purpose; the oldest first."""
    return await _WAITING.page(gateway, states, limit, cursor)


@router.delete(
    "/persons/{id}/objections/{objection}",
    operation_id="withdrawObjection",
    summary="Take an objection back",
    response_model=views.ObjectionView,
)
async def withdraw_objection(person: PersonId, objection: ObjectionId, states: CallerStates, gateway: Gateway) -> Response:
    """By the person, at any time. Again is as good as once."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("DELETE", [*_path(permit), str(objection)], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(_shown(gateway, permit, answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, (OBJECT,), person), fetch, redact))


@router.post(
    "/persons/{id}/objections/{objection}/decisions",
    operation_id="decideObjection",
    summary="Decide an objection",
    response_model=views.ObjectionView,
)
async def decide_objection(
    person: PersonId,
    objection: ObjectionId,
    body: views.ObjectionRulingBody,
    states: CallerStates,
    gateway: Gateway,
) -> Response:
    """For your own organisation alone. `upheld`: the person stays out of your sight for this purpose; `overridden`: they are
    there again, at once. A later decision takes the place of the one before; both stay in the record."""

    async def fetch(permit: Permit) -> Answer:
        where = [*_path(permit), str(objection), "decision"]
        return await gateway.profile.ask("POST", where, permit.passes[0], json=body.model_dump())

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(_shown(gateway, permit, answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, (DECIDE,), person), fetch, redact))


def _path(permit: Permit) -> list[str]:
    return ["persons", permit.person or "", "objections"]


def _shown(gateway: Parts, permit: Permit, objection: dict[str, Any]) -> Json:
    """An objection as the API shows it: to an organisation what concerns itself, the person by its own id."""
    members(objection, _OBJECTION, "objection")
    if permit.person not in (None, objection["person"]):
        raise Surplus("another person")
    deciders = [members(each, _DECISION, "decision")["organisation"] for each in objection["decisions"]]
    if permit.grant.resource == "objection" and permit.grant.provenance != "full":
        concerns = (permit.grant.organisation, permit.grant.purpose)
        if {*deciders, *objection["covers"]} - {concerns[0]} or objection["purpose"] != concerns[1]:
            raise Surplus("objection against others")
    return {**objection, "person": Names(gateway.ids, permit)(objection["person"])}


_WAITING: Final = waiting.Waiting(LIST, "objections", "objections", _shown)
