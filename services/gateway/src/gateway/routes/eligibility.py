"""Conditions on protected attributes: proposed, approved by a second person, and asked about through the wall."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Seen, Shown, Stated
from gateway.eligibility import answers_of
from gateway.firewall import Denied, Rejected, pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import check_rows, members
from gateway.replies import Json, Reply, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.upstreams import MANY, Answer
from stena.contracts.eligibility import PURPOSE, Approval, Approvals, NewApproval
from stena.problems import BadRequest

router = APIRouter(prefix="/v1/eligibility-conditions", tags=["Opportunities"])

PROPOSE = Question("create", "opportunity")
LIST = Question("approvals", "opportunity")
APPROVE = Question("approve", "opportunity")
WITHDRAW = Question("disapprove", "opportunity")
CHECK = Question("check", "person")

ConditionId = Annotated[str, Path(alias="id", pattern="^[A-Za-z0-9_-]{1,80}$")]

AT_ONCE: Final = 500
"""People about whom one question is."""

_MEMBERS: Final = frozenset(Approval.model_fields)


@router.post(
    "",
    operation_id="proposeEligibilityCondition",
    summary="Propose a condition on a protected attribute",
    status_code=201,
    response_model=Approval,
    responses={200: {"model": Approval, "description": "Done before with this key: that proposal."}},
)
async def propose_condition(body: NewApproval, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """With its legal basis, the reason and an end. `Acting-User` says who proposes; somebody else approves."""

    async def fetch(permit: Permit) -> Answer:
        scope = (await gateway.rulebook.catalogue(permit.rulebook)).consents.get(PURPOSE)
        if scope is None or body.attribute not in scope.discloses:
            possible = ", ".join(scope.discloses) if scope else "nothing"
            fault = {"in": "body", "pointer": "/attribute", "detail": f"Conditions are possible on: {possible}."}
            raise Rejected(BadRequest("The rulebook allows no condition on this attribute.", errors=[fault]))
        said, headers = body.model_dump(mode="json"), {"Idempotency-Key": key}
        return await gateway.matching.ask("POST", ["eligibility-conditions"], permit.passes[0], json=said, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(_checked(permit, answer.body), answer.status, replayed(answer.repeated)))

    return respond(await pass_through(gateway.wall, Call(states, (PROPOSE,)), fetch, redact))


@router.get(
    "", operation_id="listEligibilityConditions", summary="Conditions on protected attributes", response_model=Approvals
)
async def list_conditions(states: CallerStates, gateway: Gateway) -> Response:
    """Your organisation's, newest first; the privacy office sees everybody's. 500 at most."""

    async def fetch(permit: Permit) -> Answer:
        path = ["eligibility-conditions", "search"]
        return await gateway.matching.ask("POST", path, permit.passes[0], within=MANY)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        found = members(answer.body, {"approvals"}, "conditions")["approvals"]
        return Shown(Reply({"approvals": [_checked(permit, each) for each in found]}))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.post(
    "/{id}/approval",
    operation_id="approveEligibilityCondition",
    summary="Approve what somebody else proposed",
    response_model=Approval,
)
async def approve_condition(condition: ConditionId, states: CallerStates, gateway: Gateway) -> Response:
    """Once, and for good: another acting user of the same organisation, or the privacy office."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask("POST", ["eligibility-conditions", condition, "approval"], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(_checked(permit, answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, (APPROVE,)), fetch, redact))


@router.delete(
    "/{id}/approval",
    operation_id="withdrawEligibilityCondition",
    summary="Withdraw the approval of a condition",
    response_model=Approval,
)
async def withdraw_condition(condition: ConditionId, states: CallerStates, gateway: Gateway) -> Response:
    """At once and for good; `Acting-User` alone is enough. Opportunities that carry the condition are matched with nobody from
    now on, until it is approved anew or they are amended."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask("DELETE", ["eligibility-conditions", condition, "approval"], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(_checked(permit, answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, (WITHDRAW,)), fetch, redact))


async def ask_the_source(
    gateway: Parts, states: Stated, conditions: Sequence[Mapping[str, Any]], people: Sequence[str]
) -> Mapping[str, str]:
    """Person → yes, no or unknown, as a call of its own: decided, answered and recorded under a purpose of its own.

    A caller who is not approved for that purpose learns nothing, and the conditions stay to be verified.
    """
    answers: dict[str, str] = {}
    try:
        for at in range(0, len(people) if conditions else 0, AT_ONCE):
            answers |= await _ask_about(gateway, states, conditions, people[at : at + AT_ONCE])
    except Denied:
        return {}
    return answers


async def _ask_about(
    gateway: Parts, states: Stated, conditions: Sequence[Mapping[str, Any]], people: Sequence[str]
) -> Mapping[str, str]:
    async def fetch(permit: Permit) -> Answer:
        body = {"ids": list(people), "conditions": list(conditions)}
        return await gateway.profile.ask("POST", ["persons", "eligibility"], permit.passes[0], within=MANY, json=body)

    def redact(permit: Permit, answer: Answer) -> Shown[Mapping[str, str]]:
        answers, attributes = answers_of(answer.body, people), frozenset(each["attribute"] for each in conditions)
        told = tuple(Seen(person, attributes) for person, said in answers.items() if said != "unknown")
        return Shown(answers, told)

    return await pass_through(gateway.wall, Call(replace(states, purpose=PURPOSE), (CHECK,)), fetch, redact)


def _checked(permit: Permit, approval: Mapping[str, Any]) -> Json:
    members(approval, {"id", "owner"}, "condition", _MEMBERS)
    check_rows(permit.grant, created_by=approval["owner"])
    return dict(approval)
