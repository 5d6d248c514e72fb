"""Cases of one person."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import casework
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.casework import NewCase

router = APIRouter(prefix="/persons/{person_id}/cases")


@router.get("")
async def read_cases(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "case", person_id)
    return answer({"cases": await casework.read(call.vault, grant, known_id(person_id))})


@router.post("")
async def open_case(
    call: Called, person_id: str, case: NewCase, idempotency_key: Annotated[str | None, Header(max_length=128)] = None
) -> Response:
    grant = await call.grant("open", "case", person_id)
    attributes = await call.attributes(grant)
    made = await casework.open_case(call.vault, grant, attributes, known_id(person_id), case, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.post("/{case_id}/close")
async def close_case(call: Called, person_id: str, case_id: str) -> Response:
    grant = await call.grant("close", "case", person_id)
    return answer(await casework.close(call.vault, grant, known_id(person_id), known_id(case_id)))
