"""HTTP around the rulebook: what it says to the other services, and the keys of grants. Decisions are in ``authzen_routes``."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from policy_svc.authzen import read_wanted
from policy_svc.bodies import body_of
from policy_svc.decision_point import DecisionPoint
from policy_svc.explaining import explanation_of, plain
from policy_svc.serving import Serving
from stena.problems import NotFound

router = APIRouter()


async def decision_point(request: Request) -> DecisionPoint:
    """The same for the whole call, whatever is activated meanwhile."""
    serving: Serving = request.app.state.serving
    return serving.point()


async def enforcement_point(request: Request, point: Annotated[DecisionPoint, Depends(decision_point)]) -> str:
    return point.enforcement_points.identify(request.headers.get("authorization"))


Point = Annotated[DecisionPoint, Depends(decision_point)]
known_caller = [Depends(enforcement_point)]


@router.get("/rulebook")
async def catalogue(request: Request, point: Point) -> Response:
    """The attributes, purposes and organisations of the active revision; 304 for who names it in ``If-None-Match``."""
    etag = f'"{point.rulebook.revision}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(point.catalogue, headers={"ETag": etag}, media_type="application/json")


@router.get("/rulebook/organisations/{organisation}/promises", dependencies=known_caller)
async def organisation_promises(organisation: str, point: Point) -> Response:
    """What the rulebook would disclose to an organisation, for each purpose that it is approved for."""
    found = point.promises(organisation)
    if found is None:
        raise NotFound("The rulebook knows no organisation of this id.")
    return _json(found)


@router.post("/rulebook/explain", dependencies=known_caller)
async def explanation(request: Request, point: Point) -> Response:
    """Which rules were considered for a call, what became of each condition, and which values that used. Nothing is granted."""
    wanted = read_wanted(request.headers.get("content-type"), await body_of(request), point.claims)
    return Response(orjson.dumps(plain(explanation_of(point.rulebook, wanted))), media_type="application/json")


@router.get("/.well-known/jwks.json")
async def jwks(point: Point) -> Response:
    """The public keys that grants are checked with (RFC 7517)."""
    return Response(orjson.dumps({"keys": [point.key.as_dict(private=False)]}), media_type="application/jwk-set+json")


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")
