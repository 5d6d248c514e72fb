"""The wall's promise before any data: this caller's purposes, and the attributes that there are."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request, Response

from gateway.languages import preferred
from gateway.parts import Gateway
from gateway.replies import Json
from gateway.views import people as views
from stena.contracts.catalogue import Attribute, Promise

router = APIRouter(prefix="/v1", tags=["Access"])

AcceptLanguage = Annotated[str | None, Header(alias="Accept-Language", description="In which language titles are wanted.")]


@router.get(
    "/purposes",
    operation_id="listPurposes",
    summary="Your purposes, and what each would disclose",
    response_model=views.PromiseList,
)
async def list_purposes(request: Request, gateway: Gateway, accept_language: AcceptLanguage = None) -> Response:
    """Only purposes that your organisation is approved for today."""
    caller = await gateway.wall.identify(request.headers.get("authorization"))
    promises = await gateway.policy.promises(caller.organisation)
    content = {
        "organisation": promises.organisation.id,
        "organisation_name": promises.organisation.name,
        "rulebook": promises.revision,
        "purposes": [_promise(promise, accept_language) for promise in promises.promises],
    }
    return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


@router.get(
    "/attributes", operation_id="listAttributes", summary="What can be known of a person", response_model=views.AttributeList
)
async def list_attributes(request: Request, gateway: Gateway, accept_language: AcceptLanguage = None) -> Response:
    """Every attribute of the rulebook, whether or not a purpose of yours discloses it."""
    await gateway.wall.identify(request.headers.get("authorization"))
    catalogue = await gateway.rulebook.active()
    shown = [_attribute(attribute, accept_language) for attribute in catalogue.attributes]
    content = {"rulebook": catalogue.revision, "attributes": shown}
    return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


def _promise(promise: Promise, accept_language: str | None) -> Json:
    purpose = promise.purpose
    return {
        "purpose": purpose.id,
        "title": preferred(accept_language, purpose.titles),
        "description": purpose.description,
        "dpv": purpose.dpv,
        "operations": promise.operations,
        "kinds": purpose.kinds,
        "emergency": purpose.emergency and purpose.emergency.model_dump(mode="json"),
        "disclosed": [name for name, each in promise.disclose.items() if each.when is True],
        "conditional": {name: each.otherwise for name, each in promise.disclose.items() if each.when is not True},
        "withheld": promise.withhold,
        "legal_basis": promise.legal_basis,
        "regions": promise.regions,
        "valid_from": promise.valid_from,
        "valid_until": promise.valid_until,
        "ids": purpose.ids,
    }


def _attribute(attribute: Attribute, accept_language: str | None) -> Json:
    return {
        "name": attribute.name,
        "title": preferred(accept_language, attribute.titles),
        "titles": attribute.titles,
        "description": attribute.description,
        "category": attribute.category,
        "sensitivity": attribute.sensitivity,
        "reveals": attribute.reveals,
        "derived_from": attribute.derived_from,
        "schema": attribute.json_schema,
        "examples": attribute.examples,
        "filters": attribute.filters,
        "filter_key": attribute.filter_key,
        "sortable": attribute.sortable,
        "lookup": attribute.lookup,
    }
