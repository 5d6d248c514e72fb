"""People who sign in through a provider: whose token it is, and whom its subject stands for.

INVARIANT: a subject stands for a person only after an organisation has verified who they are and the person has shown its code.
"""

import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from gateway.calls import Caller
from gateway.credentials import outside_tokens
from gateway.credentials.issuers import SignInIssuer
from gateway.credentials.outside_tokens import Signed
from gateway.credentials.provider_keys import Fetch, Keys
from gateway.credentials.signed_tokens import issuer_in
from gateway.credentials.tokens import TokenInvalid
from gateway.store import Engine, sign_ins
from gateway.store.sign_ins import SignIn

PREFIX: Final = "sub_"
"""What tells people who signed in elsewhere from registered clients."""

CODE_LASTS: Final = timedelta(hours=24)
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_GROUPS, _LENGTH = 4, 5


class SignIns:
    """``issuers`` are those that the operator lists; ``secret`` makes hashes of subjects that nobody finds out by trying."""

    def __init__(self, engine: Engine, issuers: Mapping[str, SignInIssuer], fetch: Fetch, secret: bytes) -> None:
        self._engine = engine
        self._secret = secret
        self.issuers = issuers
        self._keys = {name: Keys(name, fetch) for name in issuers}

    def concerns(self, token: str) -> bool:
        """Whether the token claims to be from one of the providers."""
        return bool(self.issuers) and issuer_in(token) in self.issuers

    async def signed(self, token: str) -> Signed:
        """Who signed in. Raises ``TokenInvalid`` and ``Unavailable``."""
        issuer = self.issuers.get(issuer_in(token) or "")
        if issuer is None:
            raise TokenInvalid
        keys = self._keys[issuer.issuer]
        return await keys.read(lambda known: outside_tokens.signed_in(token, issuer, known, time.time()))

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
