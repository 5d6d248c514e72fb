"""What became of rankings: told by the gateway as it happens, and given to audits as ids."""

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from matching_svc import auditing
from matching_svc.routes.parts import Built, answer, granted
from matching_svc.store import Connection, audits, outcomes
from matching_svc.store import opportunities as stored
from stena.contracts.access import Grant
from stena.contracts.fairness import MOST_AUDITED, AuditScope, Outcomes
from stena.contracts.matching import KIND_PURPOSE, Opportunity, OpportunityKind
from stena.contracts.selections import NewSelection, OfKind, Selections, ShownPeople
from stena.database import transaction
from stena.problems import BadRequest, Conflict, NotFound

router = APIRouter()

Matching = Annotated[Grant, Depends(granted("match"))]
Recording = Annotated[Grant, Depends(granted("record", "selection"))]
Listing = Annotated[Grant, Depends(granted("list", "selection"))]
Auditing = Annotated[Grant, Depends(granted("read", "outcome"))]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern="^[ -~]+$")]


@router.post("/opportunities/{opportunity_id}/shown", status_code=204)
async def show(opportunity_id: str, people: ShownPeople, parts: Built, grant: Matching) -> Response:
    """Kept before anybody is shown: no record, no ranking."""
    async with transaction(parts.database) as connection:
        found = _known(await stored.find(connection, opportunity_id, grant.rows), grant)
        purpose = KIND_PURPOSE[found.kind]
        await outcomes.record_shown(connection, people, purpose, opportunity_id, grant.organisation, _today())
    return Response(status_code=204)


@router.get("/opportunities/{opportunity_id}/selections/kind")
async def kind(opportunity_id: str, parts: Built, grant: Recording) -> Response:
    """Under which purpose's id the person of a selection has to be named."""
    async with transaction(parts.database) as connection:
        return answer(OfKind(kind=_known(await stored.find(connection, opportunity_id, grant.rows), grant).kind))


@router.post("/opportunities/{opportunity_id}/selections")
async def record(
    opportunity_id: str, said: NewSelection, parts: Built, grant: Recording, idempotency_key: Key = None
) -> Response:
    """Only of somebody who was shown. What the machine said is not changed by it."""
    if grant.acting_user is None:
        raise BadRequest("Say in the header Acting-User who decides.", slug="acting-user-missing")
    async with transaction(parts.database) as connection:
        found = _known(await stored.find(connection, opportunity_id, grant.rows), grant)
        of = (KIND_PURPOSE[found.kind], opportunity_id, grant.organisation)
        try:
            made, is_new = await outcomes.record_selection(connection, said, *of, grant.acting_user, idempotency_key)
        except outcomes.NeverShown as error:
            detail = "Your organisation was not shown this person among the candidates: there is nothing to decide against."
            raise Conflict(detail, slug="not-shown") from error
    return answer(made, 201 if is_new else 200)


@router.get("/opportunities/{opportunity_id}/selections")
async def selections(
    opportunity_id: str,
    parts: Built,
    grant: Listing,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(max_length=80)] = None,
) -> Response:
    """What the caller's own people decided, the newest first."""
    async with transaction(parts.database) as connection:
        found = _known(await stored.find(connection, opportunity_id, grant.rows), grant)
        page = await outcomes.selections_of(connection, opportunity_id, grant.organisation, limit, after)
    return answer(Selections(kind=found.kind, selections=tuple(page[:limit]), more=len(page) > limit))


@router.post("/audits/outcomes")
async def reached(scope: AuditScope, parts: Built, grant: Auditing) -> Response:
    """Who got how far. Whoever is counted is remembered, so that no later audit differs by a few people."""
    async with transaction(parts.database) as connection:
        await audits.lock(connection)
        found = await _gather(connection, scope)
        sets = {stage: frozenset(getattr(found, stage)) for stage in ("considered", "shown", "selected", "rejected")}
        try:
            is_new = auditing.require_apart(sets, await audits.earlier(connection, KIND_PURPOSE[found.kind]))
        except auditing.TooClose as error:
            detail = (
                "An earlier audit counted almost the same people: the difference would tell of the few. Choose another period "
                f"or opportunity, or wait until {auditing.FEWEST} people more are among them."
            )
            raise Conflict(detail, slug="audit-too-close") from error
        if is_new:
            await audits.remember(connection, KIND_PURPOSE[found.kind], sets)
    return answer(found)


async def _gather(connection: Connection, scope: AuditScope) -> Outcomes:
    kind = scope.kind or await _kind_of(connection, scope.opportunity or "")
    where = audits.of_kind(kind) if scope.opportunity is None else audits.of_opportunity(scope.opportunity)
    shown = await audits.shown_in(connection, where, scope.since, scope.until)
    decided = await audits.decided_in(connection, where, scope.since, scope.until)
    people = await audits.people(connection, KIND_PURPOSE[kind])
    last: dict[str, date] = {}
    for row in shown:
        last[row.opportunity_id] = max(row.day, last.get(row.opportunity_id, row.day))
    opportunities = [(each, last[each.id]) for each in await stored.by_ids(connection, sorted(last))]
    # Whom somebody decided about they have looked at, wherever that was.
    seen = {row.person_id for row in (*shown, *decided)}
    # Off the loop: a gate for everybody and every opportunity may take seconds.
    considered = await asyncio.to_thread(auditing.considered, people, opportunities, seen)
    if len(considered) > MOST_AUDITED:
        raise BadRequest(f"More than {MOST_AUDITED} people were considered. Audit one opportunity.", slug="audit-too-wide")
    chosen = {outcome: {row.person_id for row in decided if row.outcome == outcome} for outcome in _DECIDED}
    return Outcomes(
        kind=kind,
        opportunities=len(opportunities),
        models=tuple(sorted({row.model for row in shown})),
        considered=tuple(sorted(considered)),
        shown=tuple(sorted(seen)),
        selected=tuple(sorted(chosen["selected"])),
        rejected=tuple(sorted(chosen["rejected"])),
        exposure=auditing.exposures(shown),
        decisions=auditing.counted(decided),
    )


_DECIDED = ("selected", "rejected")


async def _kind_of(connection: Connection, opportunity_id: str) -> OpportunityKind:
    opportunity = await stored.find(connection, opportunity_id, True)
    if opportunity is None:
        raise NotFound("There is no such opportunity.")
    return opportunity.kind


def _known(opportunity: Opportunity | None, grant: Grant) -> Opportunity:
    if opportunity is None or opportunity.kind not in grant.kinds:
        raise NotFound("There is no such opportunity for this caller.")
    return opportunity


def _today() -> date:
    return datetime.now(UTC).date()
