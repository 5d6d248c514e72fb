"""Whom something is addressed to: an organisation that may do with it what it is sent for. policy-svc knows who may."""

from gateway.firewall import NotVisible, Rejected
from gateway.parts import Parts
from stena.contracts.catalogue import Promise
from stena.problems import BadRequest


async def require_reader(gateway: Parts, recipient: str, purpose: str) -> None:
    """That a note which is shared with the recipient for the purpose can be read there; raises ``Rejected``."""
    promises = await _promises(gateway, recipient)
    if not any(promise.purpose.id == purpose and "note:read" in promise.operations for promise in promises):
        raise _rejected("reads no notes for this purpose")


async def require_taker(gateway: Parts, recipient: str, purpose: str) -> None:
    """That the recipient is approved for what it is asked, and able to answer; raises ``Rejected``."""
    promises = await _promises(gateway, recipient)
    if purpose not in {promise.purpose.id for promise in promises}:
        raise _rejected("is not approved for this purpose")
    if not any("referral:amend" in promise.operations for promise in promises):
        raise _rejected("receives no referrals")


async def _promises(gateway: Parts, organisation: str) -> tuple[Promise, ...]:
    try:
        return (await gateway.policy.promises(organisation)).promises
    except NotVisible:
        return ()


def _rejected(detail: str) -> Rejected:
    fault = {"in": "body", "pointer": "/recipient", "detail": detail}
    return Rejected(BadRequest("The recipient cannot do with it what it would be sent for.", errors=[fault]))
