"""The vocabulary that opportunities speak. It is about nobody: these calls need a token and no purpose, and the wall decides
nothing in them, since nothing of anybody can come back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from gateway.languages import spoken
from gateway.parts import Gateway
from gateway.routes.catalogue import AcceptLanguage
from stena.contracts.vocabulary import Concepts, Language, Proposals, Scheme, Vacancy

router = APIRouter(prefix="/v1", tags=["Opportunities"])

Lang = Annotated[Language | None, Query(description="The language that is typed in; without it, all are looked at alike.")]


@router.get("/concepts", operation_id="findConcepts", summary="Occupations and skills for typed text", response_model=Concepts)
async def find_concepts(
    request: Request,
    gateway: Gateway,
    q: Annotated[str, Query(min_length=1, max_length=200, description="A word or title, or its beginning.", examples=["зид"])],
    scheme: Scheme = "occupation",
    lang: Lang = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Concepts of ESCO, the best first, while somebody types: in any language that is loaded, Cyrillic or Latin, with slips
    of the finger. Labels are in the neutral form. No personal data, so no purpose is asked for."""
    await gateway.wall.identify(request.headers.get("authorization"))
    query = {"q": q, "scheme": scheme, "language": lang, "limit": limit, "shown": spoken(accept_language)}
    return _answer(await gateway.vocabulary.find(query))


@router.post(
    "/opportunities/proposals",
    operation_id="proposeConcepts",
    summary="Occupation and skills for a vacancy that is text alone",
    response_model=Proposals,
)
async def propose_concepts(
    request: Request, body: Vacancy, gateway: Gateway, accept_language: AcceptLanguage = None
) -> Response:
    """Proposals with their confidence, for a person to confirm by offering the opportunity with them. Nothing is stored or
    ranked. No personal data, so no purpose is asked for."""
    await gateway.wall.identify(request.headers.get("authorization"))
    return _answer(await gateway.vocabulary.propose({**body.model_dump(), "shown": spoken(accept_language)}))


def _answer(found: Concepts | Proposals) -> Response:
    return Response(found.model_dump_json(), headers={"Cache-Control": "no-store"}, media_type="application/json")
