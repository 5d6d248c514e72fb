"""People who sign in through a provider: whose token it is, and whom its subject stands for.

INVARIANT: a subject stands for a person only after an organisation has verified who they are and the person has shown its code.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from joserfc.jwk import KeySet

from gateway import outside_tokens
from gateway.calls import Caller
from gateway.issuers import Issuer
from gateway.outside_tokens import Signed, UnknownKey
from gateway.store import Engine, sign_ins
from gateway.store.sign_ins import SignIn
from gateway.tokens import TokenInvalid

PREFIX: Final = "sub_"
"""What tells people who signed in elsewhere from registered clients."""

CODE_LASTS: Final = timedelta(hours=24)
KEYS_LAST: Final = 600.0  # seconds after which a provider is asked for its keys anew
ASK_AGAIN: Final = 5.0  # seconds between two such questions, however many tokens name keys that nobody knows
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_GROUPS, _LENGTH = 4, 5

FetchKeys = Callable[[str], Awaitable[KeySet]]
"""Issuer → its public keys as it publishes them now; raises ``Unavailable``."""


class Keys:
    """A provider's keys in memory: fetched when first needed, when they grow old, and when a token names one that is new."""

    def __init__(self, issuer: str, fetch: FetchKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._known: KeySet | None = None
        self._as_of = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self) -> KeySet:
        if self._known is None or self._clock() - self._as_of > KEYS_LAST:
            return await self._anew(KEYS_LAST)
        return self._known

    async def newer(self) -> KeySet:
        """What the provider has now, unless it was asked only just."""
        return await self._anew(ASK_AGAIN)

    async def _anew(self, older_than: float) -> KeySet:
        async with self._fetching:
            if self._known is None or self._clock() - self._as_of > older_than:
                began = self._clock()
                self._known = await self._fetch(self._issuer)
                self._as_of = began
            return self._known


class SignIns:
    """``issuers`` are those that the operator lists; ``secret`` makes hashes of subjects that nobody finds out by trying."""

    def __init__(self, engine: Engine, issuers: Mapping[str, Issuer], fetch: FetchKeys, secret: bytes) -> None:
        self._engine = engine
        self._secret = secret
        self.issuers = issuers
        self._keys = {name: Keys(name, fetch) for name in issuers}

    def concerns(self, token: str) -> bool:
        """Whether the token claims to be from one of the providers."""
        return outside_tokens.issuer_in(token) in self.issuers

    async def signed(self, token: str) -> Signed:
        """Who signed in. Raises ``TokenInvalid`` and ``Unavailable``."""
        name = outside_tokens.issuer_in(token)
        issuer = self.issuers.get(name or "")
        if issuer is None:
            raise TokenInvalid
        keys = self._keys[issuer.issuer]
        try:
            return outside_tokens.read(token, issuer, await keys.get(), time.time())
        except UnknownKey:
            pass
        try:
            return outside_tokens.read(token, issuer, await keys.newer(), time.time())
        except UnknownKey:
            raise TokenInvalid from None

    async def caller(self, token: str) -> Caller:
        """The person behind a token. Raises ``TokenInvalid`` where its subject stands for nobody, and ``Unavailable``."""
        signed = await self.signed(token)
        found = await sign_ins.of_subject(self._engine, self.subject(signed))
        if found is None:
            raise TokenInvalid
        return self.as_caller(found)

    async def still(self, caller: Caller) -> Caller | None:
        """The same caller, if what they signed in with is still linked to them."""
        for each in await sign_ins.of_person(self._engine, UUID(caller.person)):
            if each.ended_at is None and self.as_caller(each) == caller:
                return caller
        return None

    def as_caller(self, sign_in: SignIn) -> Caller:
        """Named in decisions and in the ledger by a part of the hash: neither says who it is."""
        organisation = self.issuers[sign_in.issuer].organisation if sign_in.issuer in self.issuers else ""
        return Caller(f"{PREFIX}{sign_in.subject[:10].hex()}", organisation, str(sign_in.person_id))

    def subject(self, signed: Signed) -> bytes:
        """A keyed hash of issuer and subject: a provider's name for somebody may be a number that is known elsewhere."""
        return hmac.digest(self._secret, f"{len(signed.issuer)}|{signed.issuer}|{signed.subject}".encode(), "sha256")


def new_code() -> str:
    """A code to write on paper: 98 random bits in letters that are not mistaken for each other."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def code_hash(code: str) -> bytes:
    """However it is written: small letters, blanks and hyphens are nothing."""
    return sha256("".join(filter(str.isalnum, code.upper())).encode()).digest()


def ends_at(issued: datetime) -> datetime:
    return issued + CODE_LASTS
