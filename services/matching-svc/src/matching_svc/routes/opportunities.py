"""Opportunities: made, found, read, amended and closed by whom the grant's rows let."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from matching_svc.eligibility import unapproved
from matching_svc.opportunities import faults, merge
from matching_svc.routes.parts import Built, Parts, answer, granted
from matching_svc.store import Connection, approvals
from matching_svc.store import opportunities as stored
from stena.contracts.access import Grant
from stena.contracts.condition import holds
from stena.contracts.matching import NewOpportunity, Opportunity, OpportunityPage, OpportunityPatch, OpportunityQuery
from stena.database import transaction
from stena.problems import BadRequest, Conflict, Forbidden, NotFound, PreconditionFailed, PreconditionRequired, pointer

router = APIRouter(prefix="/opportunities")

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern="^[ -~]+$")]


@router.post("")
async def create(
    new: NewOpportunity, parts: Built, grant: Annotated[Grant, Depends(granted("create"))], idempotency_key: Key = None
) -> Response:
    if not holds(grant.rows, {"created_by": grant.organisation}):
        raise Forbidden("This organisation may not create an opportunity of its own for this purpose.")
    async with transaction(parts.database) as connection:
        await _check(connection, new, grant.organisation, parts)
        opportunity, is_new = await stored.create(connection, new, grant.organisation, idempotency_key)
    return answer(opportunity, 201 if is_new else 200)


@router.post("/search")
async def search(query: OpportunityQuery, parts: Built, grant: Annotated[Grant, Depends(granted("list"))]) -> Response:
    async with transaction(parts.database) as connection:
        found = await stored.search(connection, query, grant.rows, grant.organisation)
    return answer(OpportunityPage(opportunities=tuple(found[: query.limit]), more=len(found) > query.limit))


@router.get("/{opportunity_id}")
async def read(opportunity_id: str, parts: Built, grant: Annotated[Grant, Depends(granted("read"))]) -> Response:
    async with transaction(parts.database) as connection:
        return answer(_visible(await stored.find(connection, opportunity_id, grant.rows)))


@router.patch("/{opportunity_id}")
async def amend(
    opportunity_id: str,
    patch: OpportunityPatch,
    parts: Built,
    grant: Annotated[Grant, Depends(granted("amend"))],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    async with transaction(parts.database) as connection:
        opportunity = _visible(await stored.find(connection, opportunity_id, grant.rows, lock=True))
        _require_match(if_match, opportunity)
        if opportunity.state == "closed":
            raise Conflict("The opportunity is closed.", slug="opportunity-closed")
        amended = _amended(opportunity, patch)
        await _check(connection, amended, opportunity.owner, parts)
        return answer(await stored.amend(connection, opportunity_id, amended))


@router.delete("/{opportunity_id}", status_code=204)
async def close(opportunity_id: str, parts: Built, grant: Annotated[Grant, Depends(granted("close"))]) -> Response:
    """Closing again changes nothing."""
    async with transaction(parts.database) as connection:
        opportunity = _visible(await stored.find(connection, opportunity_id, grant.rows, lock=True))
        if opportunity.state == "open":
            await stored.close(connection, opportunity_id)
    return Response(status_code=204)


def _visible(opportunity: Opportunity | None) -> Opportunity:
    if opportunity is None:
        raise NotFound("There is no such opportunity for this caller.")
    return opportunity


def _require_match(if_match: str | None, opportunity: Opportunity) -> None:
    """RFC 9110 §13.1.1; a weak tag never matches."""
    if if_match is None:
        raise PreconditionRequired("Send the ETag of the version that you change as If-Match.")
    if if_match.strip() != "*" and opportunity.etag not in (tag.strip() for tag in if_match.split(",")):
        raise PreconditionFailed("The opportunity was changed since. Read it again.")


def _amended(opportunity: Opportunity, patch: OpportunityPatch) -> NewOpportunity:
    """The whole document after the patch, checked like a new one."""
    document = opportunity.model_dump(mode="json", include=set(NewOpportunity.model_fields))
    try:
        amended = NewOpportunity.model_validate(merge(document, patch.model_extra or {}))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in found]) from error
    return amended


async def _check(connection: Connection, opportunity: NewOpportunity, owner: str, parts: Parts) -> None:
    known = await approvals.named(connection, opportunity)
    found = [*faults(opportunity, parts.vocabulary.imported), *unapproved(opportunity, owner, known, datetime.now(UTC).date())]
    if found:
        errors = [{"in": "body", "pointer": pointer(place), "detail": detail} for place, detail in found[:20]]
        raise BadRequest("The opportunity contradicts itself or names unknown things.", errors=errors)
