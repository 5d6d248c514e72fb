"""Who may call: the registered clients, kept in memory and never older than a second.

INVARIANT: a client that was revoked more than a second ago is not known here. A directory that cannot be refreshed knows
nobody, and says so.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog

from gateway.calls import Caller
from gateway.credentials import signing_in
from gateway.credentials.signing_in import SignIns
from gateway.credentials.tokens import AccessTokens, TokenInvalid, secret_hash
from gateway.store import Client
from stena.alongside import alongside
from stena.problems import Unauthenticated, Unavailable

log = structlog.get_logger()

REFRESH: Final = 0.4  # seconds between two readings of the table
STALE: Final = 1.0  # seconds after which what is in memory counts no more
PATIENCE: Final = 0.5  # seconds that a reading may take

_NO_SECRET: Final = bytes(32)  # the hash of no secret that anybody could find


class Elsewhere(Protocol):
    """Who knows the callers behind tokens of issuers outside. ``caller`` raises ``TokenInvalid`` and ``Unavailable``."""

    def concerns(self, token: str) -> bool: ...

    async def caller(self, token: str) -> Caller: ...


class Directory:
    """``read`` gives every client. What is in memory counts from the moment at which reading it began; ``clock`` in seconds."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Client]]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._active: dict[str, Client] = {}
        self._as_of = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def followed(self) -> AbstractAsyncContextManager[None]:
        """Keeps the directory fresh for as long as the context is open."""
        return alongside(self._follow())

    async def active(self, client_id: str) -> Client | None:
        """The client, unless it is unknown or revoked; raises ``Unavailable`` when that cannot be told."""
        if self._is_stale():
            await self.refresh()
        return self._active.get(client_id)

    async def authenticate(self, client_id: str, secret: str) -> Client | None:
        """The client with this secret. The work is the same whether or not such a client exists."""
        client, shown = await self.active(client_id), secret_hash(secret)
        known = client.secret_hash if client else _NO_SECRET
        earlier = (client and client.earlier(datetime.now(UTC)).secret_hash) or _NO_SECRET
        matches = [hmac.compare_digest(shown, each) for each in (known, earlier)]
        return client if any(matches) else None

    async def refresh(self) -> None:
        """Read the table, together with whoever else is waiting for it; raises ``Unavailable``."""
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = asyncio.create_task(self._read_all())
        await asyncio.wait({reading}, timeout=PATIENCE)
        if not reading.done():
            # It may hang as long as the database does; the next one begins anew.
            reading.cancel()
            self._reading = None
        if self._is_stale():
            raise Unavailable("Whether this client is still registered cannot be told. Try again shortly.")

    def _is_stale(self) -> bool:
        return self._clock() - self._as_of > STALE

    async def _read_all(self) -> None:
        began = self._clock()
        try:
            found = await self._read()
        except Exception as error:  # whatever it is, the directory grows stale and then refuses
            log.warning("clients not read", kind=type(error).__name__)
            return
        self._active = {client.client_id: client for client in found if client.revoked_at is None}
        self._as_of = began

    async def _follow(self) -> None:
        while True:
            with suppress(Unavailable):
                await self.refresh()
            await asyncio.sleep(REFRESH)


async def identify(
    directory: Directory, tokens: AccessTokens, elsewhere: Sequence[Elsewhere], authorization: str | None
) -> Caller:
    """Step 1: the caller behind ``Authorization: Bearer``, a client of ours or whoever a token from ``elsewhere`` stands for.

    Raises ``Unauthenticated`` or ``Unavailable``."""
    token = bearer(authorization)
    try:
        for each in elsewhere:
            if each.concerns(token):
                return await each.caller(token)
        client = await directory.active(tokens.client_of(token))
    except TokenInvalid:
        client = None
    if client is None:
        raise not_ours()
    return _caller(client)


def bearer(authorization: str | None) -> str:
    """The token in ``Authorization: Bearer``; raises ``Unauthenticated``."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("This call needs an access token: ask for one at /oauth2/token.", challenge="Bearer")
    return token.strip()


def not_ours() -> Unauthenticated:
    return Unauthenticated(
        "The access token has expired, or is not one of this gateway. Ask for a new one at /oauth2/token.",
        challenge='Bearer error="invalid_token"',
        slug="token-invalid",
    )


async def still_registered(directory: Directory, client_id: str, acting_user: str | None = None) -> Caller:
    """The caller of an answer that goes on longer than a token lives, with the ``acting_user`` whom that token was of.

    Raises like ``identify`` once the client is revoked."""
    client = await directory.active(client_id)
    if client is None:
        raise revoked()
    return replace(_caller(client), acting_user=acting_user)


async def still_known(directory: Directory, sign_ins: SignIns, known: Caller) -> Caller:
    """The same for whoever is let in in whatever way."""
    if not known.client.startswith(signing_in.PREFIX):
        return await still_registered(directory, known.client, known.acting_user)
    caller = await sign_ins.still(known)
    if caller is None:
        raise revoked()
    return caller


def revoked() -> Unauthenticated:
    return Unauthenticated("The client was revoked.", challenge='Bearer error="invalid_token"', slug="token-invalid")


def _caller(client: Client) -> Caller:
    return Caller(client.client_id, client.organisation, str(client.person_id) if client.person_id else None)
