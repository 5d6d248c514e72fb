"""Cases of one person: who has one, given by the person, closed."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import check_rows, members
from gateway.replies import Reply, about_one, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.upstreams import Answer
from gateway.views import casework as views

router = APIRouter(prefix="/v1/persons/{id}/cases", tags=["Casework"])

CaseId = Annotated[UUID, Path(alias="case", examples=[views.ITEM_ID])]

READ_CASES = Question("read", "case", "person")
OPEN_CASE = Question("open", "case", "person")
CLOSE_CASE = Question("close", "case", "person")

_CASE: Final = frozenset(views.CaseView.model_fields)


@router.get("", operation_id="listCases", summary="Who has a person's case", response_model=views.CaseList)
async def list_cases(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """Your organisation's own, closed ones too; the person sees all."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", _path(permit), permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"cases"}, "cases")
        return about_one(permit, Reply({"cases": [_checked(permit, case) for case in answer.body["cases"]]}))

    return respond(await pass_through(gateway.wall, Call(states, (READ_CASES,), person), fetch, redact))


@router.post(
    "",
    operation_id="openCase",
    summary="Give an organisation the own case",
    status_code=201,
    response_model=views.CaseView,
    responses={200: {"model": views.CaseView, "description": "It has the case already: that one."}},
)
async def open_case(
    person: PersonId, body: views.NewCaseBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """By the person. Organisations come to a case by registering somebody, or by a referral that they accept."""

    async def fetch(permit: Permit) -> Answer:
        json, headers = body.model_dump(), {"Idempotency-Key": key}
        return await gateway.profile.ask("POST", _path(permit), permit.passes[0], json=json, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(_checked(permit, answer.body), answer.status, replayed(answer.repeated)))

    return respond(await pass_through(gateway.wall, Call(states, (OPEN_CASE,), person), fetch, redact))


@router.post("/{case}/close", operation_id="closeCase", summary="Close a case", response_model=views.CaseView)
async def close_case(person: PersonId, case: CaseId, states: CallerStates, gateway: Gateway) -> Response:
    """What rests on the case ends with it, at once; a referral that it came by is done. Again is as good as once."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("POST", [*_path(permit), str(case), "close"], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(_checked(permit, answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, (CLOSE_CASE,), person), fetch, redact))


def _path(permit: Permit) -> list[str]:
    return ["persons", permit.person or "", "cases"]


def _checked(permit: Permit, case: dict[str, Any]) -> dict[str, Any]:
    members(case, _CASE, "case")
    check_rows(permit.grant, created_by=case["organisation"])
    return case
