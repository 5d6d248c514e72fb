"""Sign-ins of people: an organisation that verified who somebody is gives them a code, and with it they link their own.

INVARIANT: both steps go through the wall and stand in the ledger before anything is answered.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Response
from uuid_utils.compat import uuid7

from gateway.calls import Call, Caller, Permit, Question, Shown
from gateway.credentials import clients, signing_in
from gateway.credentials.outside_tokens import Signed
from gateway.credentials.tokens import TokenInvalid
from gateway.firewall import NotVisible, Rejected, Wall, pass_through
from gateway.parts import Gateway, Parts
from gateway.replies import Json, Names, Reply, about_one, respond
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.store import sign_ins
from gateway.store.sign_ins import Code, SignIn
from gateway.views import sign_in as views
from gateway.views.casework import ITEM_ID
from stena.problems import BadRequest

router = APIRouter(prefix="/v1", tags=["Rights"])

SignInId = Annotated[UUID, Path(alias="sign_in", examples=[ITEM_ID])]

ISSUE = Question("issue", "sign-in", "person")
LINK = Question("link", "sign-in", "person")
READ = Question("read", "sign-in", "person")
REVOKE = Question("revoke", "sign-in", "person")


@router.post(
    "/persons/{id}/sign-in-codes",
    operation_id="issueSignInCode",
    summary="Give a person a code for signing in",
    status_code=201,
    response_model=views.CodeView,
)
async def issue_code(person: PersonId, body: views.NewCodeBody, states: CallerStates, gateway: Gateway) -> Response:
    """The first step, by an organisation that has verified who stands there; `Acting-User` stands beside it. The code is good
    once, for a day, and is not kept."""

    async def fetch(permit: Permit) -> Json:
        await _require_there(gateway, permit)
        code, now = signing_in.new_code(), datetime.now(UTC)
        row = Code(
            person_id=UUID(permit.person),
            code_id=uuid7(),
            code_hash=signing_in.code_hash(code),
            organisation=permit.grant.organisation,
            acting_user=permit.grant.acting_user,
            verified_by=body.verified_by,
            issued_at=now,
            ends_at=signing_in.ends_at(now),
        )
        await sign_ins.add_code(gateway.engine, row)
        titles = [issuer.title for issuer in gateway.sign_ins.issuers.values()]
        return {"code": code, "ends_at": row.ends_at, "providers": titles}

    def redact(permit: Permit, made: Json) -> Shown[Reply]:
        return about_one(permit, Reply(made, 201))

    return respond(await pass_through(gateway.wall, Call(states, (ISSUE,), person), fetch, redact))


@router.post(
    "/sign-ins",
    operation_id="linkSignIn",
    summary="Link the own sign-in",
    status_code=201,
    response_model=views.LinkedView,
    responses={400: {"description": "The code is not good, or not any more: one answer for all that can be wrong with it."}},
)
async def link_sign_in(body: views.UseCodeBody, states: CallerStates, gateway: Gateway) -> Response:
    """The second step, by the person, with the token of their provider as `Authorization: Bearer`. From then on its tokens are
    enough to use the own rights."""
    signed = await _signed(gateway, states.authorization)
    code = await sign_ins.code(gateway.engine, signing_in.code_hash(body.code), datetime.now(UTC))
    if code is None:
        raise _no_good()
    wanted = _wanted(gateway, signed, code)
    caller = gateway.sign_ins.as_caller(wanted)
    named = gateway.ids.name(str(code.person_id), await gateway.decisions.scope(caller.organisation, states.purpose))

    async def fetch(permit: Permit) -> SignIn:
        await _require_there(gateway, permit)
        if not await sign_ins.link(gateway.engine, code, wanted):
            raise Rejected(_no_good())
        return wanted

    def redact(permit: Permit, linked: SignIn) -> Shown[Reply]:
        own = Names(gateway.ids, permit)(permit.person or "")
        return about_one(permit, Reply({**shown(gateway, linked), "person": own}, 201))

    return respond(await pass_through(acting_as(gateway.wall, caller), Call(states, (LINK,), named), fetch, redact))


@router.get(
    "/persons/{id}/sign-ins", operation_id="listSignIns", summary="By what a person signs in", response_model=views.SignInList
)
async def list_sign_ins(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """Ended ones too, newest first; to an organisation those that it made possible."""

    async def fetch(permit: Permit) -> list[SignIn]:
        return await visible(gateway, permit)

    def redact(permit: Permit, found: list[SignIn]) -> Shown[Reply]:
        return about_one(permit, Reply({"sign_ins": [shown(gateway, each) for each in found]}))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.delete(
    "/persons/{id}/sign-ins/{sign_in}",
    operation_id="endSignIn",
    summary="End a sign-in",
    status_code=204,
    response_class=Response,
)
async def end_sign_in(person: PersonId, sign_in: SignInId, states: CallerStates, gateway: Gateway) -> Response:
    """By the person, or by the organisation that verified them: tokens of it are refused with the very next call."""

    async def fetch(permit: Permit) -> None:
        for each in await visible(gateway, permit):
            if each.sign_in_id == sign_in:
                return await sign_ins.end(gateway.engine, each, permit.grant.organisation, datetime.now(UTC))
        raise NotVisible

    def redact(permit: Permit, ended: None) -> Shown[Reply]:
        return about_one(permit, Reply(None, 204))

    return respond(await pass_through(gateway.wall, Call(states, (REVOKE,), person), fetch, redact))


async def visible(gateway: Parts, permit: Permit) -> list[SignIn]:
    """The sign-ins of the person of the call that the caller may know of. Raises ``NotVisible``."""
    await _require_there(gateway, permit)
    found = await sign_ins.of_person(gateway.engine, UUID(permit.person))
    own = permit.grant.provenance == "full"
    return [each for each in found if own or each.organisation == permit.grant.organisation]


async def _signed(gateway: Parts, authorization: str | None) -> Signed:
    try:
        return await gateway.sign_ins.signed(clients.bearer(authorization))
    except TokenInvalid:
        raise clients.not_ours() from None


def _wanted(gateway: Parts, signed: Signed, code: Code) -> SignIn:
    return SignIn(
        person_id=code.person_id,
        sign_in_id=uuid4(),
        issuer=signed.issuer,
        subject=gateway.sign_ins.subject(signed),
        organisation=code.organisation,
        verified_by=code.verified_by,
        linked_at=datetime.now(UTC),
    )


def acting_as(wall: Wall, caller: Caller) -> Wall:
    """The wall for somebody who was identified already, or whom nothing but a code and a token speaks for yet."""

    async def identify(authorization: str | None) -> Caller:
        return caller

    return replace(wall, identify=identify)


async def _require_there(gateway: Parts, permit: Permit) -> None:
    """The grant's rows are about people, so it is the source that says whether they hold. Raises ``NotVisible``."""
    where = ["persons", permit.person or "", "sign-in", permit.grant.operation]
    await gateway.profile.ask("GET", where, permit.passes[0])


def shown(gateway: Parts, each: SignIn) -> Json:
    """A sign-in as the API shows it."""
    issuer = gateway.sign_ins.issuers.get(each.issuer)
    return {
        "id": str(each.sign_in_id),
        "provider": issuer.title if issuer else each.issuer,
        "organisation": each.organisation,
        "verified_by": each.verified_by,
        "linked_at": each.linked_at,
        "ended_at": each.ended_at,
        "ended_by": each.ended_by,
    }


def _no_good() -> BadRequest:
    return BadRequest(
        "The code is not good, was used, or its time is up; or this sign-in stands for somebody already.", slug="code-invalid"
    )
