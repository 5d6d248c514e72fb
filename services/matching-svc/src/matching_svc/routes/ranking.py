"""Rankings, both ways, with nothing of a person but what the caller's own decision discloses."""

import asyncio
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Response

from matching_svc import offers_shelf
from matching_svc.eligibility import asked, stands
from matching_svc.index import Index, Stale
from matching_svc.people_search import search
from matching_svc.ranking import explanation
from matching_svc.routes.parts import Built, Parts, answer, granted
from matching_svc.routes.person import require_kind, seen
from matching_svc.shelf import Snapshot
from matching_svc.store import approvals
from matching_svc.store import opportunities as stored
from matching_svc.vocabulary_answers import shown_in
from stena.contracts.access import Grant
from stena.contracts.matching import (
    KIND_PURPOSE,
    Candidate,
    CandidateRequest,
    Candidates,
    Match,
    Matches,
    MatchRequest,
    Opportunity,
    OpportunityKind,
)
from stena.database import transaction
from stena.problems import Conflict, NotFound, Unavailable

router = APIRouter()

Allowed = Annotated[Grant, Depends(granted("match"))]


@router.post("/matches")
async def matches(request: MatchRequest, parts: Built, grant: Allowed) -> Response:
    """What fits this person. Somebody whom matching does not know fits nothing."""
    person = seen(request, parts.index, grant)
    if person is None:
        return answer(Matches(matches=()))
    offered, knowledge = await parts.offers.current(request.kind), parts.knowledge
    shut = await shut_out(parts, request.kind)
    most = request.limit + 1 + len(shut)
    found = await asyncio.to_thread(offers_shelf.search, offered, person, grant.rows, knowledge, _today(), most)
    ranked = [one for one in found if cast(Opportunity, one.pair.opportunity).id not in shut][: request.limit + 1]
    best = tuple(
        Match(
            opportunity=cast(Opportunity, one.pair.opportunity),
            score=one.score.value,
            eligible=one.eligible,
            explanation=explanation(one, knowledge, shown_in(knowledge.vocabulary, request.languages)),
        )
        for one in ranked[: request.limit]
    )
    return answer(Matches(matches=best, truncated=len(ranked) > len(best)))


@router.post("/opportunities/{opportunity_id}/candidates")
async def candidates(opportunity_id: str, request: CandidateRequest, parts: Built, grant: Allowed) -> Response:
    """Who fits this opportunity, from ``offset`` on."""
    async with transaction(parts.database) as connection:
        opportunity = _rankable(await stored.find(connection, opportunity_id, grant.rows), grant)
        if not stands(opportunity, opportunity.owner, await approvals.named(connection, opportunity), _today()):
            raise Conflict("A condition of the opportunity rests on no live approval.", slug="condition-over")
    work = partial(
        search,
        _snapshot(parts.index, opportunity.kind),
        opportunity,
        frozenset(request.attributes),
        parts.knowledge,
        _today(),
        offset=request.offset,
        limit=request.limit,
    )
    page = await asyncio.to_thread(work)
    found = tuple(
        Candidate(
            person=one.pair.id,
            score=one.score.value,
            eligible=one.eligible,
            explanation=explanation(one, parts.knowledge, shown_in(parts.knowledge.vocabulary, request.languages)),
        )
        for one in page.ranked
    )
    return answer(
        Candidates(
            kind=opportunity.kind,
            candidates=found,
            more=page.more,
            conditions=asked(opportunity),
        )
    )


async def shut_out(parts: Parts, kind: OpportunityKind) -> frozenset[str]:
    """Opportunities that nobody is matched with, since the approval of a condition has ended."""
    async with transaction(parts.database) as connection:
        several = await stored.conditioned(connection, kind)
        known = await approvals.named(connection, *several)
    return frozenset(each.id for each in several if not stands(each, each.owner, known, _today()))


def _rankable(opportunity: Opportunity | None, grant: Grant) -> Opportunity:
    if opportunity is None:
        raise NotFound("There is no such opportunity for this caller.")
    require_kind(grant, opportunity.kind)
    if opportunity.state == "closed":
        raise Conflict("The opportunity is closed.", slug="opportunity-closed")
    return opportunity


def _snapshot(index: Index, kind: OpportunityKind) -> Snapshot:
    try:
        return index.snapshot(KIND_PURPOSE[kind])
    except Stale as error:
        raise Unavailable("The matching index is being brought up to date. Try again shortly.") from error


def _today() -> date:
    return datetime.now(UTC).date()
