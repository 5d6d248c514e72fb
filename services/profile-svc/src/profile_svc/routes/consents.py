"""Consents of one person."""

from fastapi import APIRouter, Response

from profile_svc import consenting
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts import profile

router = APIRouter()


@router.get("/persons/{person_id}/consents")
async def read_consents(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "consent", person_id)
    consents = await consenting.read(call.vault, grant, known_id(person_id))
    return answer({"consents": [consent.model_dump() for consent in consents]})


@router.put("/persons/{person_id}/consents/{purpose}")
async def record_consent(call: Called, person_id: str, purpose: str, said: profile.ConsentRecord) -> Response:
    grant = await call.grant("record", "consent", person_id)
    attributes = await call.attributes(grant)
    consent = await consenting.record(call.vault, grant, attributes, known_id(person_id), purpose, said)
    return answer(consent.model_dump())


@router.delete("/persons/{person_id}/consents/{purpose}")
async def withdraw_consent(call: Called, person_id: str, purpose: str, recipient: str | None = None) -> Response:
    grant = await call.grant("withdraw", "consent", person_id)
    about = consenting.About(purpose, recipient)
    return answer((await consenting.withdraw(call.vault, grant, known_id(person_id), about)).model_dump())
