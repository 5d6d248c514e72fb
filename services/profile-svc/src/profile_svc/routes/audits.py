"""How groups fare: ids in, a report out."""

from fastapi import APIRouter, Response

from profile_svc import auditing
from profile_svc.routes.calls import Called, answer
from stena.contracts.fairness import GroupQuestion

router = APIRouter()


@router.post("/audits")
async def run(call: Called, question: GroupQuestion) -> Response:
    grant = await call.grant("run", "audit")
    told = await auditing.audit(call.vault, grant, await call.attributes(grant), question)
    return answer(told.model_dump(mode="json"))
