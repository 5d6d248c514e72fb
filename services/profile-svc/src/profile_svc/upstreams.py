"""policy-svc: whose keys sign grants, and whose catalogue says what attributes there are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from profile_svc.attributes import Attributes, UnusableCatalogue
from stena.contracts.access import Grant
from stena.problems import Unavailable
from stena.upstreams import OF_POLICY, PolicyService, inside


class Policy:
    """Verifies grants, and gives the attributes of the revision that a grant was made under, indexed once for each."""

    def __init__(self, service: PolicyService) -> None:
        self._service = service
        self._indexed: dict[str, Attributes] = {}

    async def verify(self, authorization: str | None, *, operation: str, resource: str, target: str | None) -> Grant:
        """The grant for exactly this call; raises ``Unauthenticated``."""
        return await self._service.verify(authorization, operation=operation, resource=resource, target=target)

    async def attributes(self, revision: str | None = None) -> Attributes:
        """The attributes of ``revision``, or of the active one; raises ``Unavailable`` for a rulebook that cannot be served."""
        catalogue = await self._service.catalogue(revision)
        if catalogue.revision not in self._indexed:
            try:
                indexed = Attributes(catalogue)
            except (UnusableCatalogue, ValueError) as error:
                raise Unavailable(f"profile-svc cannot serve this rulebook. {error}", retry_after=60) from error
            # Two are enough: around an activation, grants of the one before come between those of the new one.
            self._indexed = {**dict(list(self._indexed.items())[-1:]), catalogue.revision: indexed}
        return self._indexed[catalogue.revision]


@asynccontextmanager
async def open_policy(base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Policy]:
    async with inside("policy-svc", base_url, within=1.0, longest=OF_POLICY, transport=transport) as http:
        yield Policy(PolicyService(http, audience="profile-svc"))
