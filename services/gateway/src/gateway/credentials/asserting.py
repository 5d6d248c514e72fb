"""Clients that show who they are by a key of their own: whose assertion it is, by which keys, and whether it is new."""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

from joserfc.jwk import KeySet

from gateway.credentials import client_assertions, signed_tokens
from gateway.credentials.client_assertions import Assertion
from gateway.credentials.clients import Directory
from gateway.credentials.provider_keys import Fetch, Keys
from gateway.credentials.signed_tokens import UnknownKey
from gateway.credentials.tokens import TokenInvalid
from gateway.store import Client, Engine, assertions

MOST_PUBLISHED: Final = 1_000
"""Addresses whose keys are in memory; with one more all are fetched anew, so that what nobody uses is forgotten."""


class ClientAssertions:
    """``audiences`` are the names of this server; ``fetch`` gets keys from where a client publishes them."""

    def __init__(self, engine: Engine, directory: Directory, fetch: Fetch, audiences: Collection[str]) -> None:
        self._engine = engine
        self._directory = directory
        self._fetch = fetch
        self._audiences = audiences
        self._published: dict[str, Keys] = {}

    async def client(self, text: str) -> Client | None:
        """The client whose assertion this is, shown for the first time; raises ``Unavailable`` where that cannot be told."""
        try:
            client = await self._directory.active(client_assertions.client_in(text))
            if client is None:
                return None
            assertion = await self._read(client, text)
        except TokenInvalid:
            return None
        first = await assertions.take(self._engine, client.client_id, assertion.name, assertion.ends)
        return client if first else None

    async def _read(self, client: Client, text: str) -> Assertion:
        reading = partial(self._with_keys, client, text)
        if client.jwks_uri is not None:
            return await self._at(client.jwks_uri).read(reading)
        # A client that has no keys of its own was given no other way to be known than the one that it has.
        for jwks in (client.jwks, client.earlier(datetime.now(UTC)).jwks):
            with suppress(UnknownKey, TokenInvalid, signed_tokens.KeysInvalid):
                return reading(signed_tokens.own_keys(jwks or "{}"))
        raise TokenInvalid

    def _with_keys(self, client: Client, text: str, keys: KeySet) -> Assertion:
        return client_assertions.read(text, client.client_id, keys, self._audiences)

    def _at(self, uri: str) -> Keys:
        if uri not in self._published and len(self._published) >= MOST_PUBLISHED:
            self._published.clear()
        return self._published.setdefault(uri, Keys(uri, self._fetch))
