"""Referrals: sent, found, answered."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import referring
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.casework import NewReferral, ReferralQuery, Step

router = APIRouter()


@router.post("/persons/{person_id}/referrals")
async def refer(
    call: Called,
    person_id: str,
    referral: NewReferral,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("create", "referral", person_id)
    attributes = await call.attributes(grant)
    made = await referring.refer(call.vault, grant, attributes, known_id(person_id), referral, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.post("/referrals/search")
async def search_referrals(call: Called, query: ReferralQuery) -> Response:
    grant = await call.grant("list", "referral")
    after = None if query.after is None else known_id(query.after)
    referrals, more = await referring.search(call.vault, grant, query, after)
    return answer({"referrals": referrals, "more": more})


@router.get("/referrals/{referral_id}")
async def read_referral(call: Called, referral_id: str) -> Response:
    grant = await call.grant("read", "referral", referral_id)
    return answer(await referring.read(call.vault, grant, known_id(referral_id)))


@router.post("/referrals/{referral_id}/{step}")
async def take_step(call: Called, referral_id: str, step: Step) -> Response:
    grant = await call.grant("amend", "referral", referral_id)
    return answer(await referring.take(call.vault, grant, known_id(referral_id), step))
