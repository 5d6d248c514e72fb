"""Referrals: one organisation asks another to take a person on; access begins with the yes and ends with the referral."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.edge.addressing import require_taker
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import Surplus, check_page, check_rows, members
from gateway.replies import Json, Names, Reply, next_page, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.upstreams import MANY, Answer
from gateway.views import casework as views
from stena.contracts.casework import State, Step

router = APIRouter(prefix="/v1", tags=["Casework"])

ReferralId = Annotated[UUID, Path(alias="referral", examples=[views.ITEM_ID])]

REFER = Question("create", "referral", "person")
LIST = Question("list", "referral")
READ = Question("read", "referral", "referral")
ANSWER = Question("amend", "referral", "referral")

_REFERRAL: Final = frozenset(views.ReferralView.model_fields)


@router.post(
    "/persons/{id}/referrals",
    operation_id="referPerson",
    summary="Refer a person to another organisation",
    status_code=201,
    response_model=views.ReferralView,
    responses={200: {"model": views.ReferralView, "description": "Done before with this key: that referral."}},
)
async def refer_person(
    person: PersonId, body: views.NewReferralBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """By an organisation that has the case. The recipient learns of the request, and more of the person once it accepts."""

    async def fetch(permit: Permit) -> Answer:
        await require_taker(gateway, body.recipient, body.purpose)
        path, json = ["persons", permit.person or "", "referrals"], body.model_dump(mode="json")
        return await gateway.profile.ask("POST", path, permit.passes[0], json=json, headers={"Idempotency-Key": key})

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        shown = _shown(gateway, permit, answer.body)
        headers = {**replayed(answer.repeated), "Location": f"/v1/referrals/{shown['id']}"}
        return Shown(Reply(shown, answer.status, headers), (Seen(permit.person or ""),))

    return respond(await pass_through(gateway.wall, Call(states, (REFER,), person), fetch, redact))


@router.get("/referrals", operation_id="listReferrals", summary="Referrals sent or received", response_model=views.ReferralPage)
async def list_referrals(
    states: CallerStates,
    gateway: Gateway,
    direction: Annotated[Literal["in", "out"], Query(description="Those received, or those sent.")],
    state: State | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Your organisation's own, newest first."""
    shape = {"direction": direction, "state": state}

    async def fetch(permit: Permit) -> Answer:
        after = None if cursor is None else str(open_cursor(gateway, cursor, bound(permit, "referrals", shape)))
        json = {**shape, "limit": limit, "after": after}
        return await gateway.profile.ask("POST", ["referrals", "search"], permit.passes[0], within=MANY, json=json)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"referrals", "more"}, "page of referrals")
        found = answer.body["referrals"]
        check_page(found, limit)
        shown = [_shown(gateway, permit, referral) for referral in found]
        following = None
        if answer.body["more"]:
            following = gateway.cursors.seal(found[-1]["id"], bound(permit, "referrals", shape))
        query = [(name, value) for name, value in (*shape.items(), ("limit", str(limit))) if value is not None]
        reply = Reply({"referrals": shown, "next": following}, headers=next_page("/v1/referrals", query, following))
        return Shown(reply, tuple(map(Seen, dict.fromkeys(referral["person"] for referral in found))))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.get("/referrals/{referral}", operation_id="readReferral", summary="One referral", response_model=views.ReferralView)
async def read_referral(referral: ReferralId, states: CallerStates, gateway: Gateway) -> Response:
    """Seen by who sent it and to whom it was sent; for everybody else it is not there."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", ["referrals", str(referral)], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _one(gateway, permit, answer)

    return respond(await pass_through(gateway.wall, Call(states, (READ,), referral=str(referral)), fetch, redact))


@router.post(
    "/referrals/{referral}/{step}",
    operation_id="answerReferral",
    summary="Accept, reject, finish or revoke a referral",
    response_model=views.ReferralView,
    responses={409: {"description": "The referral stands where the step does not lead on from: `state` says where."}},
)
async def answer_referral(referral: ReferralId, step: Step, states: CallerStates, gateway: Gateway) -> Response:
    """The recipient accepts or rejects what is in progress, and says when what it accepted is done; the sender revokes either.
    With acceptance the recipient has the case, with the end of the referral no longer. Again is as good as once."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("POST", ["referrals", str(referral), step], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _one(gateway, permit, answer)

    return respond(await pass_through(gateway.wall, Call(states, (ANSWER,), referral=str(referral)), fetch, redact))


def _one(gateway: Parts, permit: Permit, answer: Answer) -> Shown[Reply]:
    shown = _shown(gateway, permit, answer.body)
    return Shown(Reply(shown), (Seen(answer.body["person"]),))


def _shown(gateway: Parts, permit: Permit, referral: dict[str, Any]) -> Json:
    """A referral as the API shows it: the person by the caller's own id alone."""
    members(referral, _REFERRAL, "referral")
    parties = [referral["sender"], referral["recipient"]]
    if permit.grant.organisation not in parties:
        raise Surplus("referral of others")
    if permit.person not in (None, referral["person"]):
        raise Surplus("another person")
    if permit.person is None:
        # Before there is a referral the facts are the person's, which are not known here.
        check_rows(permit.grant, created_by=referral["sender"], assigned=parties)
    return {**referral, "person": Names(gateway.ids, permit)(referral["person"])}
