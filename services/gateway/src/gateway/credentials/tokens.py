"""Access tokens (RFC 9068) and how a client shows who it is (RFC 6749 section 2.3.1). Pure.

A token says only which client was here; whether that client is still registered is asked anew on every call.
"""

import base64
import binascii
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.edge import strict_json

LIFETIME: Final = 600  # seconds
ALGORITHM: Final = "Ed25519"
TYPE: Final = "at+jwt"
SKEW: Final = 5  # seconds by which the clocks of two gateways may differ
MOST_KNOWN: Final = 10_000
"""Tokens whose signature was verified, the latest."""

_HEADER: Final = frozenset({"alg", "kid", "typ"})
_CLAIMS: Final = frozenset({"iss", "aud", "sub", "client_id", "iat", "exp", "jti"})


class TokenInvalid(Exception):
    """Not a token of ours, or no longer one."""


class CredentialsInvalid(Exception):
    """An ``Authorization`` header that holds no client id and secret."""


class AccessTokens:
    """Makes and reads access tokens of one issuer, which is also their audience: this gateway."""

    def __init__(self, key: OKPKey, issuer: str) -> None:
        self._key = key
        self._issuer = issuer
        self._known: OrderedDict[bytes, Mapping[str, Any]] = OrderedDict()

    def issue(self, client: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": client,
            "client_id": client,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid, "typ": TYPE}, claims, self._key, algorithms=[ALGORITHM])

    def client_of(self, token: str) -> str:
        """The client id in a token that is authentic and alive; raises ``TokenInvalid``.

        INVARIANT: that a token is authentic is remembered, and nothing else: whether it is alive is looked at each time.
        """
        name = sha256(token.encode()).digest()
        claims = self._known.get(name)
        if claims is None:
            claims = self._authentic(token)
            self._remember(name, claims)
        if not _is_alive(claims):
            raise TokenInvalid
        return str(claims["sub"])

    def _remember(self, name: bytes, claims: Mapping[str, Any]) -> None:
        self._known[name] = claims
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _authentic(self, token: str) -> Mapping[str, Any]:
        try:
            read = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            # Two readers of a claim that stands there twice might read two things (RFC 7519, section 4).
            for part in token.split(".")[:2]:
                strict_json.check(base64.urlsafe_b64decode(f"{part}=="))
        except (JoseError, ValueError):
            raise TokenInvalid from None
        # Whatever else a token says (of other keys, of what is critical, of other times) is nothing that was written here.
        if read.header.keys() != _HEADER or read.claims.keys() != _CLAIMS:
            raise TokenInvalid
        if (read.header["typ"], read.claims["iss"], read.claims["aud"]) != (TYPE, self._issuer, self._issuer):
            raise TokenInvalid
        return read.claims

    def jwks(self) -> Mapping[str, Any]:
        """The public key, for whoever wants to read a token."""
        return {"keys": [self._key.as_dict(private=False)]}


def _is_alive(claims: Mapping[str, Any]) -> bool:
    issued, ends = claims["iat"], claims["exp"]
    if type(issued) is not int or type(ends) is not int:
        return False
    return issued - SKEW <= time.time() < ends <= issued + LIFETIME


def new_secret() -> str:
    """A client secret: 256 random bits, so that a plain hash of it is as good as a slow one."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def basic_credentials(authorization: str | None) -> tuple[str, str]:
    """Client id and secret from ``Authorization: Basic``: base64 of both, each form-urlencoded, with a colon between.

    Raises ``CredentialsInvalid``.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise CredentialsInvalid from None
    client, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise CredentialsInvalid
    return unquote_plus(client), unquote_plus(secret)
