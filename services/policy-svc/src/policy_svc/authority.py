"""Who may change the rulebook: the holder of an administrator's key, or of a grant that was made here for exactly that.

INVARIANT: no key opens anything alone. What opens wants a second key, or the grant of a confirmation: the gateway, which asks
for that, has made sure that somebody else proposed it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from policy_svc.enforcement_points import Administrators
from stena import grants
from stena.grants import Verifier
from stena.problems import Unauthenticated

RESOURCE: Final = "rulebook"
AUDIENCE: Final = "policy-svc"
CONFIRM: Final = "confirm"


@dataclass(frozen=True, slots=True)
class Author:
    """``name`` stands in the history. ``opens``: what they want may open what is closed."""

    name: str
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Authority:
    """``grants`` checks those that policy-svc made for itself."""

    administrators: Administrators
    grants: Verifier

    def author(self, request: Request, operations: tuple[str, ...]) -> Author:
        """Who asks for one of ``operations``; raises ``Unauthenticated``."""
        authorization = request.headers.get("authorization")
        if (authorization or "").count(".") == 2:
            return self._granted(authorization, operations)
        first = self.administrators.identify(authorization)
        confirmed = request.headers.get("confirmed-by")
        if confirmed is None:
            return Author(first)
        second = self.administrators.identify(f"Bearer {confirmed}")
        if second == first:
            raise Unauthenticated("Confirmed-By has to be the key of another administrator.", challenge="Bearer")
        return Author(f"{first}, confirmed by {second}", opens=True)

    def _granted(self, authorization: str | None, operations: tuple[str, ...]) -> Author:
        grant = self.grants.authentic(grants.bearer(authorization))
        if (grant.aud, grant.resource, grant.rows) != (AUDIENCE, RESOURCE, True) or grant.operation not in operations:
            raise grants.refused("The grant was made for another call.")
        return Author(f"{grant.organisation}: {grant.acting_user}", opens=grant.operation == CONFIRM)


def whoever_may(*operations: str) -> Callable[[Request], Awaitable[Author]]:
    """For a route: whoever shows that they may do one of these."""

    async def author(request: Request) -> Author:
        authority: Authority = request.app.state.desk.authority
        return authority.author(request, operations)

    return author
