"""The register of processing activities, for every client: JSON for programs, a page for people. It is about nobody."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Header, Request, Response

from gateway.edge import negotiation
from gateway.openapi.docs_page import POLICY_OF_PAGES
from gateway.parts import Gateway, Parts
from gateway.register import page as register_page
from gateway.register import register
from gateway.routes.catalogue import AcceptLanguage
from gateway.views.register import RegisterView
from stena.contracts.catalogue import Catalogue, Promises
from stena.problems import NotAcceptable

router = APIRouter(prefix="/v1", tags=["Access"])

JSON, HTML = "application/json", "text/html"
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The register.", "content": {HTML: {"schema": {"type": "string"}, "example": "<!doctype html>…"}}},
    406: {"description": f"`Accept` names neither `{JSON}` nor `{HTML}`."},
}


@router.get(
    "/register",
    operation_id="readRegister",
    summary="The register of processing activities (GDPR Art 30)",
    response_model=RegisterView,
    responses=_RESPONSES,
)
async def read_register(
    request: Request,
    gateway: Gateway,
    accept: Annotated[str, Header()] = "*/*",
    accept_language: AcceptLanguage = None,
) -> Response:
    """Made from the rulebook that decides today: purposes, legal bases, data, recipients, retention and safeguards, as they are
    enforced. With `Accept: text/html` a page, in the language that `Accept-Language` prefers."""
    await gateway.wall.identify(request.headers.get("authorization"))
    media = negotiation.media_type(accept, (JSON, HTML))
    if media is None:
        raise NotAcceptable(f"The register is {JSON} or {HTML}. Ask for one of them in Accept.")
    catalogue = await gateway.rulebook.active()
    made = register.made(catalogue, await _promised(gateway, catalogue), accept_language)
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
    if media == JSON:
        return Response(orjson.dumps(made), headers=headers, media_type=JSON)
    page = register_page.page(made, accept_language)
    return Response(page, headers={**headers, "Content-Security-Policy": POLICY_OF_PAGES}, media_type=f"{HTML}; charset=utf-8")


async def _promised(gateway: Parts, catalogue: Catalogue) -> tuple[Promises, ...]:
    """What each organisation is promised today, asked for once a day and revision, however often the register is read."""
    key = (catalogue.revision, datetime.now(UTC).date())
    return await gateway.promised.of(key, [organisation.id for organisation in catalogue.organisations])
