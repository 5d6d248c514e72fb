"""Decisions about what an allocation proposes, and proposals for whoever comes after it."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response

from gateway.calls import Call, Permit, Seen, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import View, members, seen
from gateway.replies import Names, Reply, disclosure, respond
from gateway.routes.allocation_people import disclosed_of_all, one, scope_of
from gateway.routes.allocations import OF_NAMED, OPPORTUNITY, PEOPLE, AllocationId
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.eligibility import ask_the_source
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.placements import placement_for_caller, record_shown, settled
from gateway.upstreams import MANY, Answer
from gateway.views.allocation import ArrivalBody, ArrivalView, ConfirmationBody
from stena.contracts.allocation import Allocation

router = APIRouter(prefix="/v1/allocations/{id}", tags=["Matching"])

Found = tuple[View, Mapping[str, Any], Answer]

_NOTHING: Final[dict[str, Any]] = {
    "opportunity": None,
    "score": None,
    "why": "nothing-open",
    "wanted": None,
    "alternative": None,
    "price": 0.0,
    "verify": [],
    "confirmed": None,
}
"""What is proposed to somebody to whom nothing is open."""


@router.post(
    "/confirmations",
    operation_id="confirmPlacement",
    summary="Decide about a proposal",
    status_code=204,
    response_class=Response,
)
async def confirm_placement(
    allocation: AllocationId, body: ConfirmationBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """`Acting-User` decides. Anything but what was proposed wants a reason; both are kept beside the proposal, and counted by
    audits as what was decided of candidates is. The last word stands, so the same call again changes nothing."""

    async def fetch(permit: Permit) -> str:
        person = str((await one(gateway, permit.passes[PEOPLE], body.person))["id"])
        people = await _names(gateway, await _look(gateway, permit, allocation), person)
        said = {"people": people, "opportunity": body.opportunity, "reason": body.reason}
        path = ["allocations", allocation, "confirmations"]
        await gateway.matching.ask("POST", path, permit.passes[OPPORTUNITY], json=said)
        return person

    def redact(permit: Permit, person: str) -> Shown[Reply]:
        return Shown(Reply(None, 204), (Seen(person),))

    return respond(await pass_through(gateway.wall, Call(states, OF_NAMED), fetch, redact))


@router.post(
    "/arrivals",
    operation_id="placeArrival",
    summary="Place somebody who comes later",
    status_code=201,
    response_model=ArrivalView,
    responses={200: {"model": ArrivalView, "description": "Something was proposed for this person before, or nothing can be."}},
)
async def place_arrival(
    allocation: AllocationId,
    body: ArrivalBody,
    states: CallerStates,
    key: IdempotencyKey,
    gateway: Gateway,
    accept_language: AcceptLanguage = None,
) -> Response:
    """At once, by the prices that the allocation taught: a seat is proposed where it is worth more to this person than to those
    who are still to come. As many are expected to come as the allocation placed. A proposal like the others."""

    async def fetch(permit: Permit) -> Found:
        view = await one(gateway, permit.passes[PEOPLE], body.person, None)
        look, allowed = await _look(gateway, permit, allocation), permit.passes[OPPORTUNITY]
        people, conditions = await _names(gateway, look, view["id"]), look["conditions"]
        told = (await ask_the_source(gateway, states, conditions, [view["id"]])).get(view["id"])
        if told == "no":
            return view, {"person": people[0], **_NOTHING}, Answer(200, None)
        asked = {"people": people, "attributes": disclosed_of_all(permit, PEOPLE), "seats": body.seats}
        answer = await gateway.matching.ask("POST", ["allocations", allocation, "arrivals"], allowed, within=MANY, json=asked)
        await record_shown(gateway, allowed, allocation, [answer.body])
        return view, settled(answer.body, told, conditions), answer

    def redact(permit: Permit, found: Found) -> Shown[Reply]:
        view, said, answer = found
        shown = placement_for_caller(Names(gateway.ids, permit), view, said, accept_language)
        content = {"placement": shown, "disclosure": disclosure(permit)}
        return Shown(Reply(content, answer.status), (seen(view),), len(view["withheld"]))

    return respond(await pass_through(gateway.wall, Call(states, OF_NAMED), fetch, redact))


async def _names(gateway: Parts, look: Mapping[str, Any], person: str) -> list[str]:
    """The ids by which matching may know the person in this allocation."""
    return list(gateway.ids.names(person, await scope_of(gateway, look["kind"])))


async def _look(gateway: Parts, permit: Permit, allocation: str) -> Mapping[str, Any]:
    query = [("limit", "1")]
    answer = await gateway.matching.ask("GET", ["allocations", allocation], permit.passes[OPPORTUNITY], query=query)
    return members(answer.body, frozenset(Allocation.model_fields), "allocation")
