"""The vocabulary, for whoever reaches this service: it holds no person and nobody's opportunity, so it needs no grant."""

import asyncio

from fastapi import APIRouter, Response

from matching_svc import vocabulary_answers
from matching_svc.routes.parts import Built, answer
from stena.contracts.vocabulary import ConceptQuery, ProposalRequest

router = APIRouter(prefix="/concepts")


@router.post("/search")
async def search(query: ConceptQuery, parts: Built) -> Response:
    return answer(vocabulary_answers.found(parts.vocabulary.search, query))


@router.post("/proposals")
async def propose(request: ProposalRequest, parts: Built) -> Response:
    """In a thread: a long text is many searches, and others must not wait for it."""
    return answer(await asyncio.to_thread(vocabulary_answers.proposed, parts.vocabulary.search, request))
