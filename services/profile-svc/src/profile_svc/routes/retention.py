"""How long a record is kept, and who was told that theirs ends."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from profile_svc import retaining
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.retention import NoticeQuery

router = APIRouter()


@router.get("/persons/{person_id}/retention")
async def read_retention(call: Called, person_id: str) -> Response:
    grant = await call.grant("read", "retention", person_id)
    attributes = await call.attributes(grant)
    return answer(await retaining.read(call.vault, grant, attributes, known_id(person_id), datetime.now(UTC)))


@router.post("/retention-notices/search")
async def list_notices(call: Called, query: NoticeQuery) -> Response:
    grant = await call.grant("list", "retention")
    after = None if query.after is None else known_id(query.after)
    return answer(await retaining.notices(call.vault, grant, query, after))
