"""Corrections that people propose."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import correcting
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.rights import CorrectionDecision, NewCorrection, RightsQuery

router = APIRouter()


@router.post("/corrections/search")
async def waiting_corrections(call: Called, query: RightsQuery) -> Response:
    grant = await call.grant("list", "correction")
    after = None if query.after is None else known_id(query.after)
    found, following = await correcting.CORRECTIONS.page(call.vault, grant, query, after)
    return answer({"corrections": found, "next": following})


@router.get("/persons/{person_id}/corrections")
async def read_corrections(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "correction", person_id)
    return answer({"corrections": await correcting.CORRECTIONS.read(call.vault, grant, known_id(person_id))})


@router.post("/persons/{person_id}/corrections")
async def propose_correction(
    call: Called,
    person_id: str,
    correction: NewCorrection,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("correct", "person", person_id)
    attributes = await call.attributes(grant)
    made = await correcting.propose(call.vault, grant, attributes, known_id(person_id), correction, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.delete("/persons/{person_id}/corrections/{correction_id}")
async def withdraw_correction(call: Called, person_id: str, correction_id: str) -> Response:
    grant = await call.grant("correct", "person", person_id)
    return answer(await correcting.withdraw(call.vault, grant, known_id(person_id), correction_id))


@router.post("/persons/{person_id}/corrections/{correction_id}/decision")
async def decide_correction(call: Called, person_id: str, correction_id: str, decision: CorrectionDecision) -> Response:
    grant = await call.grant("decide", "correction", person_id)
    attributes = await call.attributes(grant)
    return answer(await correcting.decide(call.vault, grant, attributes, known_id(person_id), correction_id, decision))
