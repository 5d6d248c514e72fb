"""Everything about one person, for that person."""

from fastapi import APIRouter, Response

from profile_svc import accessing
from profile_svc.routes.calls import Called, answer, known_id

router = APIRouter()


@router.get("/persons/{person_id}/access/{section}")
async def read_section(call: Called, person_id: str, section: accessing.Section, after: str | None = None) -> Response:
    grant = await call.grant("access", "person", person_id)
    page = await accessing.read(call.vault, grant, await call.attributes(grant), known_id(person_id), section, after)
    return answer({"items": page.items, "after": page.after})


@router.get("/persons/{person_id}/sign-in/{operation}")
async def require_there(call: Called, person_id: str, operation: accessing.SignInStep) -> Response:
    """That the person is there for whoever takes a step towards a sign-in, which the gateway keeps."""
    grant = await call.grant(operation, "sign-in", person_id)
    await accessing.require_there(call.vault, grant, known_id(person_id))
    return Response(status_code=204)
