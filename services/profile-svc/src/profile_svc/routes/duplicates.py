"""Likely duplicates: proposed and told apart."""

from fastapi import APIRouter, Response

from profile_svc import proposing
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.duplicates import Distinction, DuplicateQuery

router = APIRouter()


@router.post("/persons/duplicates")
async def propose(call: Called, wanted: DuplicateQuery) -> Response:
    grant = await call.grant("compare", "person", wanted.person)
    person, after = (None if each is None else known_id(each) for each in (wanted.person, wanted.after))
    found, following = await proposing.propose(call.vault, grant, await call.attributes(grant), wanted, person, after)
    return answer({"duplicates": found, "after": None if following is None else str(following)})


@router.post("/persons/{person_id}/distinctions")
async def tell_apart(call: Called, person_id: str, told: Distinction) -> Response:
    grant = await call.grant("distinguish", "person", person_id)
    await proposing.tell_apart(call.vault, grant, known_id(person_id), known_id(told.other))
    return Response(status_code=204)
