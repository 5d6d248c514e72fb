"""Opportunities: jobs, training, language courses, mentoring and public services. No person's data, but the same wall."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import check_rows, members
from gateway.replies import Json, Reply, etag, next_page, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey, IfMatch
from gateway.routes.selection import Cursor, bound, open_cursor
from gateway.upstreams import MANY, Answer
from gateway.views import people as views
from stena.contracts.matching import NewOpportunity, Opportunity, OpportunityKind, OpportunityPatch

router = APIRouter(prefix="/v1/opportunities", tags=["Opportunities"])

OpportunityId = Annotated[str, Path(alias="id", pattern="^[A-Za-z0-9_-]{1,80}$", examples=[views.OPPORTUNITY_ID])]
Limit = Annotated[int, Query(ge=1, le=500)]

CREATE = Question("create", "opportunity")
LIST = Question("list", "opportunity")
READ = Question("read", "opportunity", "opportunity")
AMEND = Question("amend", "opportunity", "opportunity")
CLOSE = Question("close", "opportunity", "opportunity")

_MEMBERS: Final = frozenset(Opportunity.model_fields)


@router.post(
    "",
    operation_id="createOpportunity",
    summary="Offer an opportunity",
    status_code=201,
    response_model=views.OpportunityView,
    responses={200: {"model": views.OpportunityView, "description": "Done before with this key: that opportunity."}},
)
async def create_opportunity(body: NewOpportunity, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """It belongs to your organisation. Skills and occupations are ESCO concepts."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask(
            "POST", ["opportunities"], permit.passes[0], json=body.model_dump(mode="json"), headers={"Idempotency-Key": key}
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        reply = _shown(permit, answer)
        headers = {**reply.headers, **replayed(answer.repeated), "Location": f"/v1/opportunities/{reply.content['id']}"}
        return Shown(Reply(reply.content, answer.status, headers))

    return respond(await pass_through(gateway.wall, Call(states, (CREATE,)), fetch, redact))


@router.get("", operation_id="listOpportunities", summary="A page of opportunities", response_model=views.OpportunityList)
async def list_opportunities(
    states: CallerStates,
    gateway: Gateway,
    kind: OpportunityKind | None = None,
    region: Annotated[str | None, Query(pattern="^[A-Z]{2}[0-9A-Z]{0,3}$", description="NUTS code; what lies in it.")] = None,
    own: Annotated[bool, Query(description="Only those of your organisation, closed ones too.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Open opportunities, and your organisation's own."""
    shape = {"kind": kind, "region": region, "own": own}

    async def fetch(permit: Permit) -> Answer:
        after = None if cursor is None else open_cursor(gateway, cursor, bound(permit, "opportunities", shape))
        body = {**shape, "limit": limit, "after": after}
        return await gateway.matching.ask("POST", ["opportunities", "search"], permit.passes[0], within=MANY, json=body)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"opportunities", "more"}, "page of opportunities")
        found = [checked(permit, opportunity) for opportunity in answer.body["opportunities"]]
        following = None
        if answer.body["more"]:
            following = gateway.cursors.seal(found[-1]["id"], bound(permit, "opportunities", shape))
        query = [(name, str(value).lower() if name == "own" else str(value)) for name, value in shape.items() if value]
        link = next_page("/v1/opportunities", [*query, ("limit", str(limit))], following)
        content = {"opportunities": found, "next": following, "truncated": following is not None}
        return Shown(Reply(content, headers=link))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.get("/{id}", operation_id="readOpportunity", summary="One opportunity", response_model=views.OpportunityView)
async def read_opportunity(opportunity: OpportunityId, states: CallerStates, gateway: Gateway) -> Response:
    """With its `ETag`, for a change to be made to this version."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask("GET", ["opportunities", opportunity], permit.passes[0])

    return respond(await pass_through(gateway.wall, Call(states, (READ,), opportunity=opportunity), fetch, _shown_one))


@router.patch(
    "/{id}",
    operation_id="amendOpportunity",
    summary="Amend an opportunity",
    response_model=views.OpportunityView,
    openapi_extra={
        "requestBody": {
            "content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/OpportunityPatch"}}}
        }
    },
)
async def amend_opportunity(
    opportunity: OpportunityId, body: OpportunityPatch, states: CallerStates, gateway: Gateway, if_match: IfMatch = None
) -> Response:
    """JSON Merge Patch (RFC 7396) of your own opportunity, while it is open."""

    async def fetch(permit: Permit) -> Answer:
        path, patch = ["opportunities", opportunity], body.model_dump(mode="json")
        return await gateway.matching.ask("PATCH", path, permit.passes[0], json=patch, headers={"If-Match": if_match})

    return respond(await pass_through(gateway.wall, Call(states, (AMEND,), opportunity=opportunity), fetch, _shown_one))


@router.delete(
    "/{id}", operation_id="closeOpportunity", summary="Close an opportunity", status_code=204, response_class=Response
)
async def close_opportunity(opportunity: OpportunityId, states: CallerStates, gateway: Gateway) -> Response:
    """It is matched with nobody any more. Your organisation can still read it."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask("DELETE", ["opportunities", opportunity], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(None, 204))

    return respond(await pass_through(gateway.wall, Call(states, (CLOSE,), opportunity=opportunity), fetch, redact))


def checked(permit: Permit, opportunity: dict[str, Any], grant: int = 0) -> Json:
    """An opportunity as the API shows it: its tag travels as a header alone. ``grant`` is the one that it was asked under."""
    members(opportunity, {"id", "owner", "etag"}, "opportunity", _MEMBERS)
    check_rows(permit.passes[grant].grant, created_by=opportunity["owner"])
    return {name: value for name, value in opportunity.items() if name != "etag"}


def _shown(permit: Permit, answer: Answer) -> Reply:
    return Reply(checked(permit, answer.body), headers=etag(answer.body["etag"]))


def _shown_one(permit: Permit, answer: Answer) -> Shown[Reply]:
    return Shown(_shown(permit, answer))
