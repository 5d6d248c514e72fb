"""Allocations: asked for, looked at, cancelled, confirmed. Nothing is computed here."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from matching_svc.gates_conditions import ORDINARY
from matching_svc.routes.opportunities import Key
from matching_svc.routes.parts import Built, answer, granted
from matching_svc.store import allocations as stored
from matching_svc.store import opportunities
from stena.contracts.access import Grant
from stena.contracts.allocation import Allocation, Confirmed, ConfirmRequest, NewAllocation
from stena.contracts.matching import Opportunity
from stena.database import transaction
from stena.problems import BadRequest, Conflict, Forbidden, NotFound, pointer

router = APIRouter(prefix="/allocations")

Allowed = Annotated[Grant, Depends(granted("allocate"))]


@router.post("")
async def create(new: NewAllocation, parts: Built, grant: Allowed, idempotency_key: Key = None) -> Response:
    """202: it waits. A repeated key answers with how it stands now."""
    if new.kind not in grant.kinds:
        raise Forbidden("This purpose does not match people with this kind of opportunity.", slug="kind-not-allowed")
    async with transaction(parts.database) as connection:
        found = await opportunities.among(connection, new.opportunities, grant.rows)
        usable = {each.id for each in found if each.kind == new.kind and _allocatable(each)}
        _require_all(new, usable)
        allocation_id, is_new = await stored.create(connection, new, grant, idempotency_key)
        allocation = _visible(await stored.find(connection, allocation_id, grant))
    return answer(allocation, 202 if is_new else 200)


@router.get("/{allocation_id}")
async def read(
    allocation_id: str,
    parts: Built,
    grant: Allowed,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: str = "",
) -> Response:
    """How it stands, and a page of what is proposed."""
    async with transaction(parts.database) as connection:
        allocation = _visible(await stored.find(connection, allocation_id, grant))
        found = await stored.placements(connection, allocation_id, after, limit + 1)
    page = tuple(found[:limit])
    return answer(allocation.model_copy(update={"placements": page, "more": len(found) > limit}))


@router.delete("/{allocation_id}")
async def cancel(allocation_id: str, parts: Built, grant: Allowed) -> Response:
    """Cancelling again, or after the end, changes nothing."""
    async with transaction(parts.database) as connection:
        await stored.cancel(connection, allocation_id, grant)
        return answer(_visible(await stored.find(connection, allocation_id, grant)))


@router.post("/{allocation_id}/confirmations")
async def confirm(allocation_id: str, said: ConfirmRequest, parts: Built, grant: Allowed) -> Response:
    """What a person decided. INVARIANT: another place than the proposed one is a decision with a reason."""
    if grant.acting_user is None:
        raise BadRequest("Say who decides, in Acting-User.", slug="acting-user-missing")
    async with transaction(parts.database) as connection:
        allocation = _visible(await stored.find(connection, allocation_id, grant))
        if allocation.state != "done":
            raise Conflict("There is no proposal yet.", slug="not-in-this-state", state=allocation.state)
        proposed = await stored.proposed(connection, allocation_id, said.people)
        if proposed is None:
            raise NotFound("There is no such proposal for this caller.")
        if said.opportunity != proposed.opportunity and said.reason is None:
            raise BadRequest("Another decision than the proposal needs a reason.", slug="reason-needed")
        confirmed = Confirmed(
            opportunity=said.opportunity, reason=said.reason, acting_user=grant.acting_user, at=datetime.now(UTC)
        )
        await stored.confirm(connection, allocation_id, said.people, confirmed)
    return answer(proposed.model_copy(update={"confirmed": confirmed}))


def _visible(allocation: Allocation | None) -> Allocation:
    if allocation is None:
        raise NotFound("There is no such allocation for this caller.")
    return allocation


def _allocatable(opportunity: Opportunity) -> bool:
    """INVARIANT: nobody is placed by what matching cannot know. Conditions that are asked at the source are for a person to
    place by, from the candidates."""
    return opportunity.state == "open" and all(each.attribute in ORDINARY for each in opportunity.eligibility)


def _require_all(new: NewAllocation, usable: set[str]) -> None:
    """An opportunity that does not exist and one that is closed, of another kind or not visible look the same."""
    missing = [at for at, id_ in enumerate(new.opportunities) if id_ not in usable]
    if missing:
        detail = "There is no such open opportunity of this kind for this caller."
        errors = [{"in": "body", "pointer": pointer(("opportunities", at)), "detail": detail} for at in missing[:20]]
        raise BadRequest("An opportunity cannot be allocated.", slug="opportunity-not-allocatable", errors=errors)
