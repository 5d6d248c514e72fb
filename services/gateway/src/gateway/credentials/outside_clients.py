"""Systems and their users who call with access tokens of a provider outside: which registered client a token stands for.

INVARIANT: a token stands for a client only where the operator's file and the registration both say so: neither is enough.
"""

import re
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

import structlog

from gateway.calls import Caller
from gateway.credentials import outside_tokens
from gateway.credentials.issuers import ClientIssuer, Mapped
from gateway.credentials.provider_keys import Fetch, Keys
from gateway.credentials.signed_tokens import issuer_in
from gateway.credentials.tokens import TokenInvalid
from gateway.store import Client

log = structlog.get_logger()

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
"""Of whom a claim says that they act; as long as ``Acting-User`` may be."""


class Directory(Protocol):
    async def active(self, client_id: str) -> Client | None: ...


class OutsideClients:
    """``issuers`` are those that the operator lists; ``directory`` knows the registered clients."""

    def __init__(self, issuers: Mapping[str, ClientIssuer], fetch: Fetch, directory: Directory) -> None:
        self._issuers = issuers
        self._keys = {name: Keys(name, fetch) for name in issuers}
        self._directory = directory

    def concerns(self, token: str) -> bool:
        """Whether the token claims to be from one of the issuers."""
        return bool(self._issuers) and issuer_in(token) in self._issuers

    async def caller(self, token: str) -> Caller:
        """Who calls. Raises ``TokenInvalid``, and ``Unavailable`` where the issuer, or who is registered, cannot be asked."""
        issuer = self._issuers[issuer_in(token) or ""]
        keys = self._keys[issuer.issuer]
        claims = await keys.read(lambda known: outside_tokens.access(token, issuer, known, time.time()))
        mapped = issuer.mapped(claims)
        if mapped is None:
            log.warning("a token stands for no client, or for several", issuer=issuer.issuer)
            raise TokenInvalid
        client = await self._directory.active(mapped.client)
        if client is None or (client.issuer, client.organisation) != (issuer.issuer, mapped.organisation):
            log.warning(
                "a client is not registered for its issuer and organisation", issuer=issuer.issuer, client=mapped.client
            )
            raise TokenInvalid
        return Caller(client.client_id, client.organisation, acting_user=_acting(mapped, claims))


def _acting(mapped: Mapped, claims: Mapping[str, Any]) -> str | None:
    """Who acts, as the issuer vouches for it. Raises ``TokenInvalid`` for a token that does not say what it should."""
    if mapped.acting_user is None:
        return None
    said = claims.get(mapped.acting_user)
    if not isinstance(said, str) or not _NAME.fullmatch(said):
        raise TokenInvalid
    return said
