"""Proposals: what waits for a second person, and what became of it. Here it is done.

INVARIANT: what lets somebody see more is done for a confirmation of somebody other than who proposed it, and once.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from gateway.administering import credentials, shown, views
from gateway.administering import proposals as known
from gateway.administering.four_eyes import are_two
from gateway.administering.proposals import Proposal
from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.parts import Gateway, Parts
from gateway.replies import Json, Reply, respond
from gateway.routes import acting
from gateway.routes.headers import CallerStates
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.routes.unconditional import require_unconditional
from gateway.store import Client, clients, proposals
from gateway.upstreams import CHECKING
from stena.problems import Conflict, Forbidden

router = APIRouter(prefix="/v1/proposals", tags=["Administration"])

LIST = Question("list", "proposal")
WITHDRAW = Question("withdraw", "proposal")
CONFIRM_CLIENT = Question("confirm", "client")
CONFIRM_RULEBOOK = Question("confirm", "rulebook")

ProposalId = Annotated[str, Path(alias="id", examples=[views.PROPOSAL_ID])]


@router.get("", operation_id="listProposals", summary="What waits for a second person", response_model=views.ProposalPage)
async def list_proposals(
    states: CallerStates,
    gateway: Gateway,
    state: Annotated[Literal["open", "all"], Query(description="What can be confirmed, or everything that was done.")] = "open",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first; with `all` also what was confirmed, withdrawn, or done at once because it lets nobody see more."""
    now = datetime.now(UTC)

    async def fetch(permit: Permit) -> Sequence[Proposal]:
        require_unconditional(permit)
        after = None if cursor is None else UUID(open_cursor(gateway, cursor, bound(permit, "proposals", state)))
        return await proposals.page(gateway.engine, state, now, after, limit + 1)

    def redact(permit: Permit, found: Sequence[Proposal]) -> Shown[Reply]:
        following = None
        if len(found) > limit:
            following = gateway.cursors.seal(str(found[limit - 1].proposal_id), bound(permit, "proposals", state))
        return Shown(Reply({"proposals": [shown.proposal(each, now) for each in found[:limit]], "next": following}))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.put(
    "/{id}/confirmation",
    operation_id="confirmProposal",
    summary="Confirm what somebody else proposed",
    response_model=views.ConfirmedView,
    responses={
        403: {"description": "Refused by the rules, or by two having to be two: who proposed it does not confirm it."},
        409: {"description": "It was settled, its time is over, or what it would change has changed meanwhile."},
    },
)
async def confirm_proposal(proposal: ProposalId, states: CallerStates, gateway: Gateway) -> Response:
    """It takes effect with the answer. A new secret is in the answer, this once."""
    wall, caller = await acting.identified(gateway, states)

    async def fetch(permit: Permit) -> Json:
        require_unconditional(permit)
        second = acting.actor(permit, caller)
        async with proposals.held(gateway.engine, _named(proposal)) as (connection, found):
            wanted = _require_open(found, proposal)
            if not are_two(wanted.by, second):
                raise Rejected(_one_alone())
            secret = None
            if wanted.kind == "rulebook":
                await _activate(gateway, permit, wanted)
            else:
                secret = await _let_in(connection, wanted)
            settled = acting.settled(permit, second, "confirmed")
            await proposals.settle(connection, wanted, settled)
        return {"proposal": shown.proposal(wanted.ended(settled), settled.at), "client_secret": secret}

    def redact(permit: Permit, done: Json) -> Shown[Reply]:
        return Shown(Reply(done))

    question = CONFIRM_RULEBOOK if known.is_about_rulebook(proposal) else CONFIRM_CLIENT
    return respond(await pass_through(wall, Call(states, (question,)), fetch, redact))


@router.delete("/{id}", operation_id="withdrawProposal", summary="Withdraw a proposal", response_model=views.ProposalView)
async def withdraw_proposal(proposal: ProposalId, states: CallerStates, gateway: Gateway) -> Response:
    """By whoever proposed it or by anybody else who administers: it lets nobody see more."""
    wall, caller = await acting.identified(gateway, states)

    async def fetch(permit: Permit) -> Json:
        require_unconditional(permit)
        by = acting.actor(permit, caller)
        async with proposals.held(gateway.engine, _named(proposal)) as (connection, found):
            wanted, settled = _require_open(found, proposal), acting.settled(permit, by, "withdrawn")
            await proposals.settle(connection, wanted, settled)
        return shown.proposal(wanted.ended(settled), settled.at)

    def redact(permit: Permit, done: Json) -> Shown[Reply]:
        return Shown(Reply(done))

    return respond(await pass_through(wall, Call(states, (WITHDRAW,)), fetch, redact))


def _named(name: str) -> UUID:
    proposal_id = known.named(name)
    if proposal_id is None:
        raise NotVisible
    return proposal_id


def _require_open(found: Proposal | None, name: str) -> Proposal:
    """INVARIANT: what is confirmed is of the kind that its name says, by which the question was chosen that was permitted."""
    if found is None or found.name != name:
        raise NotVisible
    state = found.state(datetime.now(UTC))
    if state != "open":
        raise Rejected(Conflict("The proposal is not open any more: see `state`.", slug="proposal-settled", state=state))
    return found


def _one_alone() -> Forbidden:
    return Forbidden(
        "Somebody else has to confirm it: another acting user, by a client of their own or by a token that says who they are.",
        slug="second-person-needed",
    )


async def _let_in(connection: proposals.Connection, wanted: Proposal) -> str | None:
    """The secret, where there is one; raises ``Rejected`` where the client was revoked meanwhile."""
    told, now = wanted.wanted, datetime.now(UTC)
    kept, secret = credentials.made(told["credentials"])
    if wanted.kind == "client":
        await clients.add(
            connection, Client(told["id"], told["name"], told["organisation"], None, created_at=now, **asdict(kept))
        )
        return secret
    hours = told["keep_earlier_hours"]
    if not await clients.renew(connection, told["id"], kept, now + timedelta(hours=hours) if hours else None):
        raise Rejected(Conflict("The client was revoked meanwhile.", slug="proposal-settled", state="over"))
    return secret


async def _activate(gateway: Parts, permit: Permit, wanted: Proposal) -> None:
    """policy-svc compares once more, and takes it only in the place of what it was compared with."""
    told = wanted.wanted
    wish = {"widen": True, "instead_of": told["instead_of"], "proposed_by": str(wanted.by), "comment": wanted.comment}
    path = ["rulebook", "revisions", told["revision"], "activation"]
    await gateway.governing.ask("POST", path, permit.passes[0], within=CHECKING, json=wish)
