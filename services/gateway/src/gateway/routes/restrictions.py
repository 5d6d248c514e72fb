"""Restrictions of processing (GDPR Art 18): effective at once, ended by the person, or after the person was told."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import members
from gateway.replies import Reply, about_one, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.upstreams import Answer
from gateway.views import rights as views
from gateway.views.casework import ITEM_ID
from stena.contracts.rights import NOTICE_DAYS

router = APIRouter(prefix="/v1/persons/{id}/restrictions", tags=["Rights"])

RestrictionId = Annotated[UUID, Path(alias="restriction", examples=[ITEM_ID])]

READ = Question("read", "restriction", "person")
RESTRICT = Question("restrict", "person", "person")

_RESTRICTION: Final = frozenset(views.RestrictionView.model_fields)


@router.get("", operation_id="listRestrictions", summary="What is restricted", response_model=views.RestrictionList)
async def list_restrictions(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """Newest first, ended ones too. Reasons are told to the person, and to whoever recorded them."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", _path(permit), permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"restrictions"}, "restrictions")
        return about_one(permit, Reply({"restrictions": [_checked(each) for each in answer.body["restrictions"]]}))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.post(
    "",
    operation_id="restrictPerson",
    summary="Restrict processing",
    status_code=201,
    response_model=views.RestrictionView,
    responses={200: {"model": views.RestrictionView, "description": "Done before with this key: that restriction."}},
)
async def restrict_person(
    person: PersonId, body: views.NewRestrictionBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """By the person, or at their wish by an organisation that has the case. From then on only organisations that have the case
    see the person, and nobody where they live."""

    async def fetch(permit: Permit) -> Answer:
        sent, headers = body.model_dump(mode="json"), {"Idempotency-Key": key}
        return await gateway.profile.ask("POST", _path(permit), permit.passes[0], json=sent, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(_checked(answer.body), answer.status, replayed(answer.repeated)))

    return respond(await pass_through(gateway.wall, Call(states, (RESTRICT,), person), fetch, redact))


@router.post(
    "/{restriction}/lift",
    operation_id="liftRestriction",
    summary="End a restriction",
    response_model=views.RestrictionView,
    description="By the person, at once. By the organisation that recorded it: with a reason, after the person could read of "
    f"it for {NOTICE_DAYS} days (GDPR Art 18(3)).",
)
async def lift_restriction(
    person: PersonId,
    restriction: RestrictionId,
    body: views.LiftingBody,
    states: CallerStates,
    gateway: Gateway,
) -> Response:
    async def fetch(permit: Permit) -> Answer:
        where = [*_path(permit), str(restriction), "lift"]
        return await gateway.profile.ask("POST", where, permit.passes[0], json=body.model_dump(mode="json"))

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(_checked(answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, (RESTRICT,), person), fetch, redact))


def _path(permit: Permit) -> list[str]:
    return ["persons", permit.person or "", "restrictions"]


def _checked(restriction: dict[str, Any]) -> Any:
    return members(restriction, _RESTRICTION, "restriction")
