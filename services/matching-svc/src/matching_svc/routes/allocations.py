"""Allocations: asked for, looked at, cancelled, confirmed. Nothing is computed here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from matching_svc.allocation_tasks import differing, meaning
from matching_svc.eligibility import asked, stands
from matching_svc.routes.opportunities import Key
from matching_svc.routes.parts import Built, answer, granted
from matching_svc.store import Connection, allocation_decisions, approvals, opportunities
from matching_svc.store import allocations as stored
from stena.contracts.access import Grant
from stena.contracts.allocation import (
    Allocation,
    Conditions,
    ConditionsRequest,
    Confirmed,
    ConfirmRequest,
    NewAllocation,
    ShownPlacements,
)
from stena.contracts.matching import Opportunity
from stena.database import transaction
from stena.problems import BadRequest, Conflict, Forbidden, NotFound, pointer

router = APIRouter(prefix="/allocations")

Allowed = Annotated[Grant, Depends(granted("allocate"))]


@router.post("")
async def create(new: NewAllocation, parts: Built, grant: Allowed, idempotency_key: Key = None) -> Response:
    """202: it waits. A repeated key answers with how it stands now."""
    async with transaction(parts.database) as connection:
        found = await _allocatable(connection, ConditionsRequest(kind=new.kind, opportunities=new.opportunities), grant)
        if meaning(asked(found[0])) != meaning(new.conditions):
            raise _changed()
        allocation_id, is_new = await stored.create(connection, new, grant, idempotency_key)
        allocation = _visible(await stored.find(connection, allocation_id, grant))
    return answer(allocation, 202 if is_new else 200)


@router.post("/conditions")
async def conditions(request: ConditionsRequest, parts: Built, grant: Allowed) -> Response:
    """What the source has to be asked about people before they are placed at these opportunities."""
    async with transaction(parts.database) as connection:
        found = await _allocatable(connection, request, grant)
    return answer(Conditions(conditions=asked(found[0])))


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
        if found:
            await require_current(connection, allocation, grant)
    page = tuple(found[:limit])
    return answer(allocation.model_copy(update={"placements": page, "more": len(found) > limit}))


@router.delete("/{allocation_id}")
async def cancel(allocation_id: str, parts: Built, grant: Allowed) -> Response:
    """Cancelling again, or after the end, changes nothing."""
    async with transaction(parts.database) as connection:
        await stored.cancel(connection, allocation_id, grant)
        return answer(_visible(await stored.find(connection, allocation_id, grant)))


@router.post("/{allocation_id}/shown", status_code=204)
async def show(allocation_id: str, people: ShownPlacements, parts: Built, grant: Allowed) -> Response:
    """Kept before a proposal is shown, as with candidates: no record, no proposal."""
    async with transaction(parts.database) as connection:
        allocation = done(await stored.find(connection, allocation_id, grant))
        await allocation_decisions.record_shown(connection, allocation, people.people, grant.organisation, _today())
    return Response(status_code=204)


@router.post("/{allocation_id}/confirmations")
async def confirm(allocation_id: str, said: ConfirmRequest, parts: Built, grant: Allowed) -> Response:
    """What a person decided. INVARIANT: another place than the proposed one is a decision with a reason."""
    if grant.acting_user is None:
        raise BadRequest("Say who decides, in Acting-User.", slug="acting-user-missing")
    async with transaction(parts.database) as connection:
        allocation = done(await stored.find(connection, allocation_id, grant))
        await require_current(connection, allocation, grant)
        proposed = await stored.proposed(connection, allocation_id, said.people)
        if proposed is None:
            raise NotFound("There is no such proposal for this caller.")
        if said.opportunity != proposed.opportunity and said.reason is None:
            raise BadRequest("Another decision than the proposal needs a reason.", slug="reason-needed")
        if said.opportunity is not None:
            await _require_place(connection, allocation, said.opportunity, grant)
        confirmed = Confirmed(
            opportunity=said.opportunity, reason=said.reason, acting_user=grant.acting_user, at=datetime.now(UTC)
        )
        await allocation_decisions.record(connection, allocation, proposed, confirmed, grant.organisation)
        await stored.confirm(connection, allocation_id, said.people, confirmed)
    return answer(proposed.model_copy(update={"confirmed": confirmed}))


def done(allocation: Allocation | None) -> Allocation:
    """One of which something is proposed."""
    found = _visible(allocation)
    if found.state != "done":
        raise Conflict("There is no proposal yet.", slug="not-in-this-state", state=found.state)
    return found


async def require_current(connection: Connection, allocation: Allocation, grant: Grant) -> None:
    """INVARIANT: a proposal tells nobody any more what the source was asked for, once that is no longer approved."""
    several = await stored.offered(connection, allocation.id)
    known = await approvals.named(connection, *several)
    stand = all(stands(each, each.owner, known, _today()) for each in several)
    if not stand or any(meaning(asked(each)) != meaning(allocation.conditions) for each in several):
        raise _changed()


def _visible(allocation: Allocation | None) -> Allocation:
    if allocation is None:
        raise NotFound("There is no such allocation for this caller.")
    return allocation


async def _allocatable(connection: Connection, request: ConditionsRequest, grant: Grant) -> Sequence[Opportunity]:
    """The opportunities in the order asked for. INVARIANT: all carry the same conditions on what only the source knows, so that
    whoever fails one can be left out of the job before matching hears of them."""
    if request.kind not in grant.kinds:
        raise Forbidden("This purpose does not match people with this kind of opportunity.", slug="kind-not-allowed")
    found = {each.id: each for each in await opportunities.among(connection, request.opportunities, grant.rows)}
    known, today = await approvals.named(connection, *found.values()), _today()
    usable = {
        id_
        for id_, each in found.items()
        if each.kind == request.kind and each.state == "open" and stands(each, each.owner, known, today)
    }
    missing = [at for at, id_ in enumerate(request.opportunities) if id_ not in usable]
    detail = "There is no such open opportunity of this kind for this caller, or the approval of a condition has ended."
    _refuse(missing, "An opportunity cannot be allocated.", "opportunity-not-allocatable", detail)
    several = [found[id_] for id_ in request.opportunities]
    detail = "The source would have to be asked something else about people than for the first."
    _refuse(differing(several), "The opportunities carry different conditions.", "conditions-differ", detail)
    return several


def _refuse(places: Sequence[int], what: str, slug: str, detail: str) -> None:
    if places:
        errors = [{"in": "body", "pointer": pointer(("opportunities", at)), "detail": detail} for at in places[:20]]
        raise BadRequest(what, slug=slug, errors=errors)


async def _require_place(connection: Connection, allocation: Allocation, opportunity: str, grant: Grant) -> None:
    """Where a person is put has to be there; whether it is open still, and whom it takes, is the person's to answer for."""
    found = await opportunities.among(connection, [opportunity], grant.rows)
    if not any(each.kind == allocation.kind for each in found):
        errors = [{"in": "body", "pointer": "/opportunity", "detail": "There is no such opportunity of this kind."}]
        raise BadRequest("Nobody can be placed there.", slug="opportunity-not-allocatable", errors=errors)


def _changed() -> Conflict:
    return Conflict("A condition of an opportunity has changed, or its approval has ended.", slug="condition-over")


def _today() -> date:
    return datetime.now(UTC).date()
