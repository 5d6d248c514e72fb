"""What the ledger proves: its signed heads for every client, and proofs for those who watch over the wall.

A person's own proofs stand in their disclosures. Nothing here holds a word of an entry.
"""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.parts import Gateway, Parts
from gateway.record import proofs
from gateway.record.heads import Head
from gateway.record.proofs import Inclusion
from gateway.replies import Reply, respond
from gateway.routes.headers import CallerStates
from gateway.routes.unconditional import require_unconditional
from gateway.store import heads
from gateway.views.ledger import ENTRY_ID, ConsistencyView, HeadPage, InclusionView, LedgerKeys
from stena.problems import BadRequest

router = APIRouter(tags=["Ledger"])

READ_LEDGER = Question("read", "ledger")

_Size = Annotated[int, Query(ge=1, le=2**62, description="Of a head that was signed.")]


@router.get(
    "/.well-known/ledger-keys.json",
    operation_id="ledgerKeys",
    summary="Public keys of the ledger's heads (RFC 7517)",
    response_model=LedgerKeys,
    response_model_exclude_none=True,
)
async def ledger_keys(gateway: Gateway) -> dict[str, Any]:
    """Every key that ever signed one, so that old heads can be checked for as long as they are kept. Keep the first: it has
    vouched for the next, that one for the one after it, and no other is to be believed."""
    return {"keys": list(await heads.keys(gateway.engine))}


@router.get("/v1/ledger/heads", operation_id="listLedgerHeads", summary="Signed heads of the ledger", response_model=HeadPage)
async def list_heads(
    request: Request,
    gateway: Gateway,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="`next` of the page before.")] = None,
) -> Response:
    """Newest first. Keep them: whoever has an old head can prove that nothing below it was changed since. They say how many
    entries there are, and nothing of what is in them."""
    await gateway.wall.identify(request.headers.get("authorization"))
    found = await heads.before(gateway.engine, before, limit)
    following = found[-1].number if len(found) == limit and found[-1].number > 1 else None
    content = {"heads": [{"number": each.number, **each.head.shown()} for each in found], "next": following}
    return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


@router.get(
    "/v1/ledger/proofs/inclusion",
    operation_id="proveInclusion",
    summary="That an entry stands in the ledger",
    response_model=InclusionView,
    responses={404: {"description": "No such entry, or it is not below that head."}},
)
async def prove_inclusion(
    states: CallerStates,
    gateway: Gateway,
    entry: Annotated[UUID | None, Query(description="The entry's id.", examples=[ENTRY_ID])] = None,
    position: Annotated[int | None, Query(ge=0, le=2**62, description="Or its place, from 0.")] = None,
    size: _Size | None = None,
) -> Response:
    """Below the newest head, or the one of `size`."""

    async def fetch(permit: Permit) -> Inclusion:
        require_unconditional(permit)
        head = await _head(gateway, size)
        found = await proofs.included(gateway.engine, _wanted(entry, position), head)
        if found is None:
            raise NotVisible
        return found

    def redact(permit: Permit, found: Inclusion) -> Shown[Reply]:
        path = [each.hex() for each in found.path]
        content = {"position": found.position, "leaf": found.leaf.hex(), "path": path, "head": found.head.shown()}
        return Shown(Reply(content))

    return respond(await pass_through(gateway.wall, Call(states, (READ_LEDGER,)), fetch, redact))


@router.get(
    "/v1/ledger/proofs/consistency",
    operation_id="proveConsistency",
    summary="That the ledger only grew between two heads",
    response_model=ConsistencyView,
)
async def prove_consistency(first: _Size, second: _Size, states: CallerStates, gateway: Gateway) -> Response:
    """Both sizes are those of signed heads, the smaller first."""

    async def fetch(permit: Permit) -> list[bytes]:
        require_unconditional(permit)
        for size in (first, second):
            await _head(gateway, size)
        if first > second:
            raise _no_head("first")
        return await proofs.consistent(gateway.engine, first, second)

    def redact(permit: Permit, path: list[bytes]) -> Shown[Reply]:
        return Shown(Reply({"first": first, "second": second, "path": [each.hex() for each in path]}))

    return respond(await pass_through(gateway.wall, Call(states, (READ_LEDGER,)), fetch, redact))


def _wanted(entry: UUID | None, position: int | None) -> UUID | int:
    match entry, position:
        case UUID(), None:
            return entry
        case None, int():
            return position
        case _:
            fault = {"in": "query", "pointer": "/entry", "detail": "the id of an entry or its position, one of them"}
            raise Rejected(BadRequest("Say which entry is to be proven.", errors=[fault]))


async def _head(gateway: Parts, size: int | None) -> Head:
    """The newest head, or the one of ``size``; raises ``Rejected``, or ``NotVisible`` while there is none at all."""
    found = await (heads.newest(gateway.engine) if size is None else heads.of_size(gateway.engine, size))
    if found is not None:
        return found
    if size is None:
        raise NotVisible
    raise _no_head("size")


def _no_head(parameter: str) -> Rejected:
    fault = {
        "in": "query",
        "pointer": f"/{parameter}",
        "detail": "no head of this size was signed, or none that is the smaller",
    }
    return Rejected(BadRequest("Sizes are those of signed heads: GET /v1/ledger/heads lists them.", errors=[fault]))
