"""Conditions on protected attributes: proposed by one person, approved by another, looked up."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from matching_svc.eligibility import faults, is_second_person
from matching_svc.routes.opportunities import Key
from matching_svc.routes.parts import Built, answer, granted
from matching_svc.store import approvals as stored
from stena.contracts.access import Grant
from stena.contracts.condition import holds
from stena.contracts.eligibility import Approval, Approvals, NewApproval
from stena.database import transaction
from stena.problems import BadRequest, Conflict, Forbidden, NotFound, pointer

router = APIRouter(prefix="/eligibility-conditions")

MOST = 500


@router.post("")
async def propose(
    new: NewApproval, parts: Built, grant: Annotated[Grant, Depends(granted("create"))], idempotency_key: Key = None
) -> Response:
    if not holds(grant.rows, {"created_by": grant.organisation}):
        raise Forbidden("This organisation may not propose conditions for this purpose.")
    who = _acting(grant)
    if found := faults(new, datetime.now(UTC).date()):
        errors = [{"in": "body", "pointer": pointer(place), "detail": detail} for place, detail in found]
        raise BadRequest("The condition cannot be approved as it stands.", errors=errors)
    async with transaction(parts.database) as connection:
        approval, is_new = await stored.propose(connection, new, grant.organisation, who, idempotency_key)
    return answer(approval, 201 if is_new else 200)


@router.post("/search")
async def search(parts: Built, grant: Annotated[Grant, Depends(granted("approvals"))]) -> Response:
    async with transaction(parts.database) as connection:
        return answer(Approvals(approvals=tuple(await stored.newest(connection, grant.rows, MOST))))


@router.post("/{approval_id}/approval")
async def approve(approval_id: str, parts: Built, grant: Annotated[Grant, Depends(granted("approve"))]) -> Response:
    """Once, and for good."""
    who = _acting(grant)
    async with transaction(parts.database) as connection:
        approval = _visible(await stored.find(connection, approval_id, grant.rows))
        if approval.approved is not None:
            raise Conflict("The condition is approved already.", slug="already-approved")
        if approval.withdrawn is not None or approval.expires_on < datetime.now(UTC).date():
            raise Conflict("The condition has ended. Propose it anew.", slug="approval-over")
        if not is_second_person(approval, grant.organisation, who):
            raise Forbidden("A second person has to approve what one has proposed.", slug="second-person-needed")
        return answer(await stored.approve(connection, approval_id, grant.organisation, who))


@router.delete("/{approval_id}/approval")
async def withdraw(approval_id: str, parts: Built, grant: Annotated[Grant, Depends(granted("disapprove"))]) -> Response:
    """At once and for good. One person is enough, since nobody is shown more than before. Withdrawing again changes nothing."""
    who = _acting(grant)
    async with transaction(parts.database) as connection:
        approval = _visible(await stored.find(connection, approval_id, grant.rows))
        if approval.withdrawn is not None:
            return answer(approval)
        return answer(await stored.withdraw(connection, approval_id, grant.organisation, who))


def _visible(approval: Approval | None) -> Approval:
    if approval is None:
        raise NotFound("There is no such condition for this caller.")
    return approval


def _acting(grant: Grant) -> str:
    if not grant.acting_user:
        errors = [{"in": "header", "pointer": "/Acting-User", "detail": "It must name the person who acts."}]
        raise BadRequest("Say who acts in your organisation.", errors=errors)
    return grant.acting_user
