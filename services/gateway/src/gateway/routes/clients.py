"""Clients: the systems that may call, for whom, and how they show who they are. To let one in takes two, to revoke one not.

INVARIANT: nothing here lets anybody in. What would becomes a proposal; ``proposals`` does it once it is confirmed.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response

from gateway import store
from gateway.administering import credentials, shown, views
from gateway.administering.proposals import Kind, Proposal
from gateway.calls import Call, Permit, Question, Shown, Stated
from gateway.credentials import issuers
from gateway.credentials.issuers import NotSafe
from gateway.credentials.signed_tokens import KeysInvalid
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.parts import Gateway, Parts
from gateway.replies import Reply, replayed, respond
from gateway.routes import acting
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.routes.unconditional import require_unconditional
from gateway.store import Client, clients, proposals
from stena.problems import BadRequest, Conflict

router = APIRouter(prefix="/v1/clients", tags=["Administration"])

LIST = Question("list", "client")
PROPOSE = Question("propose", "client")
REVOKE = Question("revoke", "client")

ClientId = Annotated[str, Path(alias="id", examples=[views.CLIENT_ID])]
REPEATED: dict[int | str, dict[str, Any]] = {
    200: {
        "model": views.ProposalView,
        "description": "Proposed before with this key, or done at once: as it stands now.",
    }
}


@router.get("", operation_id="listClients", summary="Which clients there are", response_model=views.ClientPage)
async def list_clients(
    states: CallerStates,
    gateway: Gateway,
    organisation: Annotated[str | None, Query(description="Of one organisation alone.")] = None,
    state: Annotated[Literal["live", "all"], Query(description="Those that are not revoked, or every one.")] = "live",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Oldest first. No secret is kept, so none is shown."""
    shape = [organisation, state]

    async def fetch(permit: Permit) -> Sequence[Client]:
        require_unconditional(permit)
        after = None
        if cursor is not None:
            moment, client_id = open_cursor(gateway, cursor, bound(permit, "clients", shape))
            after = (datetime.fromisoformat(moment), client_id)
        return await store.page(gateway.engine, organisation, live=state == "live", after=after, most=limit + 1)

    def redact(permit: Permit, found: Sequence[Client]) -> Shown[Reply]:
        following = None
        if len(found) > limit:
            last = found[limit - 1]
            following = gateway.cursors.seal([last.created_at.isoformat(), last.client_id], bound(permit, "clients", shape))
        return Shown(Reply({"clients": [shown.client(each) for each in found[:limit]], "next": following}))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.post(
    "",
    operation_id="proposeClient",
    summary="Propose a client",
    status_code=202,
    response_model=views.ProposalView,
    responses=REPEATED,
)
async def propose_client(body: views.NewClientBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """It is let in when somebody else confirms the proposal. Its id stands there already."""

    async def wanted(permit: Permit) -> Wish:
        catalogue = await gateway.rulebook.catalogue(permit.rulebook)
        if body.organisation not in {each.id for each in catalogue.organisations}:
            raise _malformed("/organisation", "The rulebook knows no such organisation.")
        told = {"id": f"cli_{secrets.token_hex(10)}", "name": body.name, "organisation": body.organisation}
        return Wish("client", told | {"credentials": _kept(body.credentials)})

    return await _propose(gateway, states, key, body.comment, wanted)


@router.post(
    "/{id}/credentials",
    operation_id="proposeCredentials",
    summary="Propose other credentials of a client",
    status_code=202,
    response_model=views.ProposalView,
    responses=REPEATED,
)
async def propose_credentials(
    client: ClientId, body: views.NewCredentialsBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """A new secret or other keys, when somebody else confirms it. Who has keys published renews them without anybody here.
    Fewer of the keys that the client has, and no other one, at once: those left out are refused from then on."""

    async def wanted(permit: Permit) -> Wish:
        row, kept = await _live(gateway, client), _kept(body.credentials)
        who = {"id": row.client_id, "name": row.name, "organisation": row.organisation}
        told = who | {"credentials": kept, "keep_earlier_hours": body.keep_earlier_hours}
        if not credentials.are_fewer(kept, row):
            return Wish("credentials", told)
        had, left = row.jwks or "", kept["jwks"]
        return Wish("credentials", told, partial(clients.keep_keys, client_id=row.client_id, had=had, left=left))

    return await _propose(gateway, states, key, body.comment, wanted)


@router.delete("/{id}", operation_id="revokeClient", summary="Revoke a client", status_code=204, response_class=Response)
async def revoke_client(client: ClientId, states: CallerStates, gateway: Gateway) -> Response:
    """At once, and by one alone: its tokens are refused within a second. It is never let in again."""
    wall, caller = await acting.identified(gateway, states)

    async def fetch(permit: Permit) -> None:
        require_unconditional(permit)
        row = await _live(gateway, client)
        told = {"id": row.client_id, "name": row.name, "organisation": row.organisation}
        mine = acting.proposed(permit, caller, "revocation", told, None)
        done = mine.ended(acting.settled(permit, mine.by, "at-once"))
        if await proposals.at_once(gateway.engine, done, partial(clients.end, client_id=row.client_id)) is None:
            raise NotVisible

    def redact(permit: Permit, revoked: None) -> Shown[Reply]:
        return Shown(Reply(None, 204))

    return respond(await pass_through(wall, Call(states, (REVOKE,)), fetch, redact))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is proposed; ``at_once`` does it where that lets nobody in, and is false where the client changed."""

    kind: Kind
    told: dict[str, Any]
    at_once: proposals.Work | None = None


Wanted = Callable[[Permit], Awaitable[Wish]]


async def _propose(gateway: Parts, states: Stated, key: str | None, comment: str | None, wanted: Wanted) -> Response:
    wall, caller = await acting.identified(gateway, states)

    async def fetch(permit: Permit) -> tuple[Proposal, bool]:
        require_unconditional(permit)
        wish = await wanted(permit)
        mine = acting.proposed(permit, caller, wish.kind, wish.told, comment, key)
        if wish.at_once is None:
            kept = await proposals.add_once(gateway.engine, mine)
            return kept, acting.is_repeated(kept, mine)
        done = mine.ended(acting.settled(permit, mine.by, "at-once"))
        kept_now = await proposals.at_once(gateway.engine, done, wish.at_once)
        if kept_now is None:
            raise Rejected(Conflict("The client has other credentials meanwhile.", slug="proposal-settled", state="over"))
        return kept_now, acting.is_repeated(kept_now, done)

    def redact(permit: Permit, found: tuple[Proposal, bool]) -> Shown[Reply]:
        kept, repeated = found
        said = shown.proposal(kept, datetime.now(UTC))
        return Shown(Reply(said, 202 if kept.settled is None and not repeated else 200, replayed(repeated)))

    return respond(await pass_through(wall, Call(states, (PROPOSE,)), fetch, redact))


async def _live(gateway: Parts, client_id: str) -> Client:
    """Raises ``NotVisible`` for one that is not registered, or was revoked."""
    row = await store.live(gateway.engine, client_id)
    if row is None:
        raise NotVisible
    return row


def _kept(body: views.CredentialsBody) -> dict[str, str]:
    """What is kept of what the caller sent; raises ``Rejected`` with what to mend."""
    try:
        match body:
            case views.KeysBody(jwks=jwks):
                return {"jwks": credentials.as_text(jwks)}
            case views.PublishedKeysBody(jwks_uri=uri):
                issuers.require_safe(uri)
                return {"jwks_uri": uri}
            case views.IssuerBody(issuer=issuer):
                issuers.require_safe(issuer)
                return {"issuer": issuer}
            case views.SecretBody():
                return {}
    except KeysInvalid as error:
        raise _malformed("/credentials/jwks", f"These keys cannot be taken: {error}.") from error
    except NotSafe as error:
        place = "jwks_uri" if isinstance(body, views.PublishedKeysBody) else "issuer"
        raise _malformed(f"/credentials/{place}", f"It {error}.") from error


def _malformed(place: str, detail: str) -> Rejected:
    return Rejected(BadRequest("The proposal cannot be taken.", errors=[{"in": "body", "pointer": place, "detail": detail}]))
