"""Consents of one person."""

from fastapi import APIRouter, Response

from profile_svc import consenting
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.consents import ConsentRecord, GivenBy

router = APIRouter()


@router.get("/persons/{person_id}/consents")
async def read_consents(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "consent", person_id)
    return answer((await consenting.read(call.vault, grant, known_id(person_id))).model_dump())


@router.get("/persons/{person_id}/consents/{purpose}")
async def read_history(call: Called, person_id: str, purpose: str) -> Response:
    grant = await call.grant("read", "consent", person_id)
    return answer((await consenting.history(call.vault, grant, known_id(person_id), purpose)).model_dump())


@router.put("/persons/{person_id}/consents/{purpose}")
async def record_consent(call: Called, person_id: str, purpose: str, said: ConsentRecord) -> Response:
    grant = await call.grant("record", "consent", person_id)
    attributes = await call.attributes(grant)
    consent = await consenting.record(call.vault, grant, attributes, known_id(person_id), purpose, said)
    return answer(consent.model_dump())


@router.delete("/persons/{person_id}/consents/{purpose}")
async def withdraw_consent(
    call: Called, person_id: str, purpose: str, recipient: str | None = None, given_by: GivenBy = "person"
) -> Response:
    grant = await call.grant("withdraw", "consent", person_id)
    attributes = await call.attributes(grant)
    about = consenting.About(purpose, recipient)
    consent = await consenting.withdraw(call.vault, grant, attributes, known_id(person_id), about, given_by)
    return answer(consent.model_dump())
