"""What has no facts of people for a condition to speak of: alerts, the ledger, administration."""

import structlog

from gateway.calls import Permit
from gateway.firewall import Rejected
from stena.problems import Forbidden

log = structlog.get_logger()


def require_unconditional(permit: Permit) -> None:
    """INVARIANT: what cannot be enforced is refused, and a condition on facts cannot be enforced where no facts are."""
    grant = permit.grant
    if grant.rows is not True:
        log.error("permitted under a condition on facts where none are", resource=grant.resource, purpose=grant.purpose)
        raise Rejected(Forbidden("This is not open to your organisation for this purpose."))
