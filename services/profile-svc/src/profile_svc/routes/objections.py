"""Objections, and what is decided about them."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import objecting
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.rights import NewObjection, ObjectionRuling, RightsQuery

router = APIRouter()


@router.post("/objections/search")
async def waiting_objections(call: Called, query: RightsQuery) -> Response:
    grant = await call.grant("list", "objection")
    after = None if query.after is None else known_id(query.after)
    found, following = await objecting.OBJECTIONS.page(call.vault, grant, query, after)
    return answer({"objections": found, "next": following})


@router.get("/persons/{person_id}/objections")
async def read_objections(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "objection", person_id)
    return answer({"objections": await objecting.OBJECTIONS.read(call.vault, grant, known_id(person_id))})


@router.post("/persons/{person_id}/objections")
async def make_objection(
    call: Called,
    person_id: str,
    objection: NewObjection,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("object", "person", person_id)
    attributes = await call.attributes(grant)
    made = await objecting.object_to(call.vault, grant, attributes, known_id(person_id), objection, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.delete("/persons/{person_id}/objections/{objection_id}")
async def withdraw_objection(call: Called, person_id: str, objection_id: str) -> Response:
    grant = await call.grant("object", "person", person_id)
    return answer(await objecting.withdraw(call.vault, grant, known_id(person_id), objection_id))


@router.post("/persons/{person_id}/objections/{objection_id}/decision")
async def decide_objection(call: Called, person_id: str, objection_id: str, ruling: ObjectionRuling) -> Response:
    grant = await call.grant("decide", "objection", person_id)
    return answer(await objecting.decide(call.vault, grant, known_id(person_id), objection_id, ruling))
