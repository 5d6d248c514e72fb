"""Likely duplicates: proposed, told apart, merged, and separated again."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import merging, proposing, separating
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.duplicates import Distinction, DuplicateQuery, MergeRequest, Parts

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


@router.get("/persons/{person_id}/parts")
async def tell_parts(call: Called, person_id: str, operation: str, resource: str) -> Response:
    """For the gateway, with whatever grant it has about this person. Of whom there is no record there are no parts either."""
    await call.grant(operation, resource, person_id)
    found = await merging.parts(call.vault, known_id(person_id))
    return answer(Parts(parts=tuple(found)).model_dump())


@router.post("/persons/{person_id}/merge")
async def merge(
    call: Called,
    person_id: str,
    wanted: MergeRequest,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("merge", "person", person_id)
    this, other = known_id(person_id), known_id(wanted.other)
    made = await merging.merge(call.vault, grant, await call.attributes(grant), this, other, wanted, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.post("/persons/{person_id}/merges/{merge_id}/undo")
async def separate(call: Called, person_id: str, merge_id: str) -> Response:
    grant = await call.grant("separate", "person", person_id)
    this, merge = known_id(person_id), known_id(merge_id)
    return answer(await separating.separate(call.vault, grant, await call.attributes(grant), this, merge))
