"""Restrictions of processing."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import restricting
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.rights import Lifting, NewRestriction

router = APIRouter(prefix="/persons/{person_id}/restrictions")


@router.get("")
async def read_restrictions(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "restriction", person_id)
    return answer({"restrictions": await restricting.read(call.vault, grant, known_id(person_id))})


@router.post("")
async def restrict(
    call: Called,
    person_id: str,
    restriction: NewRestriction,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("restrict", "person", person_id)
    made = await restricting.restrict(call.vault, grant, known_id(person_id), restriction, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.post("/{restriction_id}/lift")
async def lift_restriction(call: Called, person_id: str, restriction_id: str, lifting: Lifting) -> Response:
    grant = await call.grant("restrict", "person", person_id)
    return answer(await restricting.lift(call.vault, grant, known_id(person_id), restriction_id, lifting))
