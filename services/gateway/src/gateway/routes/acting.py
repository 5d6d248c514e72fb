"""What every call of administration has in common: who acts and whether that is vouched for, and that no condition is left."""

from datetime import UTC, datetime
from typing import Any

from uuid_utils.compat import uuid7

from gateway.administering.four_eyes import Actor
from gateway.administering.proposals import LASTS, Kind, Outcome, Proposal, Settled
from gateway.calls import Caller, Permit, Stated
from gateway.firewall import Rejected, Wall
from gateway.parts import Parts
from gateway.routes.sign_ins import acting_as
from stena.problems import Conflict, Forbidden


async def identified(gateway: Parts, states: Stated) -> tuple[Wall, Caller]:
    """The caller, and the wall as it stands for this one: its first step is done."""
    caller = await gateway.wall.identify(states.authorization)
    return acting_as(gateway.wall, caller), caller


def actor(permit: Permit, caller: Caller) -> Actor:
    """Who acts under the permit. The rulebook asks for somebody; where it does not, there is nobody to tell from another."""
    grant = permit.grant
    if not grant.acting_user:
        raise Rejected(Forbidden("Name who acts, in Acting-User.", reason="acting-user-missing"))
    return Actor(grant.organisation, caller.client, grant.acting_user, caller.acting_user is not None)


def proposed(
    permit: Permit, caller: Caller, kind: Kind, wanted: dict[str, Any], comment: str | None, key: str | None = None
) -> Proposal:
    now = datetime.now(UTC)
    return Proposal(uuid7(), kind, actor(permit, caller), permit.id, now, now + LASTS, wanted, comment, key)


def settled(permit: Permit, by: Actor, outcome: Outcome) -> Settled:
    return Settled(datetime.now(UTC), str(by), outcome, permit.id)


def is_repeated(kept: Proposal, mine: Proposal) -> bool:
    """False for the proposal that was just made; true for the same one sent again; any other is a 409."""
    if kept.proposal_id == mine.proposal_id:
        return False
    if (kept.kind, kept.comment, _said(kept)) != (mine.kind, mine.comment, _said(mine)):
        detail = "The same Idempotency-Key came before with another proposal."
        raise Rejected(Conflict(detail, slug="idempotency-key-reused"))
    return True


def _said(proposal: Proposal) -> dict[str, Any]:
    """What the caller wants: of a new client not its id, which is made here."""
    made = {"id"} if proposal.kind == "client" else set()
    return {name: value for name, value in proposal.wanted.items() if name not in made}
