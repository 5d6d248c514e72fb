"""Grants: Ed25519-signed JWS that policy-svc makes and every other service checks.

INVARIANT: a service that owns data answers no call without a grant that binds exactly that call.
"""

import base64
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import KeySet, OKPKey
from pydantic import ValidationError

from stena.contracts.access import Grant
from stena.grant_texts import GrantTexts
from stena.problems import Unauthenticated

ALGORITHM: Final = "Ed25519"  # RFC 9864: the fully specified name, so that no other curve can be slipped in
LIFETIME: Final = 60  # seconds
TYPE: Final = "grant+jws"
ISSUER: Final = "policy-svc"

_HEADER: Final = frozenset({"alg", "kid", "typ"})


def sign(grant: Grant, key: OKPKey) -> str:
    """The grant as a compact JWS (RFC 7515)."""
    return sign_text(grant.model_dump_json().encode(), key)


def sign_text(payload: bytes, key: OKPKey) -> str:
    """The same of a grant that is JSON already."""
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    signed = b"%b.%b" % (_header(str(key.kid)), _encoded(payload))
    return f"{signed.decode()}.{_encoded(private.sign(signed)).decode()}"


class Verifier:
    """Checks grants for one audience with policy-svc's public keys; new keys make a new verifier."""

    def __init__(self, jwks: Mapping[str, Any], audience: str) -> None:
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])}).keys
        self._keys = {str(key.kid): public for key in keys if isinstance(public := key.public_key, Ed25519PublicKey)}
        self.key_ids = frozenset(str(key.kid) for key in keys)
        self.audience = audience
        self._texts = GrantTexts()

    def verify(self, token: str, *, operation: str, resource: str, target: str | None) -> Grant:
        """The grant, if it is authentic, alive and made for exactly this call.

        Raises ``Unauthenticated`` for anything else; the detail never says more than a caller inside already knows.
        """
        grant = self.authentic(token)
        bound = (grant.aud, grant.operation, grant.resource, grant.target)
        if bound != (self.audience, operation, resource, target):
            raise refused("The grant was made for another call.")
        return grant

    def authentic(self, token: str) -> Grant:
        """The grant, if it was signed by policy-svc and is alive; for whom and what is not checked here."""
        try:
            grant = self._texts.read(self._signed(token))
        except (InvalidSignature, AttributeError, KeyError, TypeError, ValidationError, ValueError) as error:
            raise refused("The grant is not authentic.") from error
        if grant.iss != ISSUER:
            raise refused("The grant is not authentic.")
        now = time.time()
        if not grant.iat - 5 <= now < grant.exp or grant.exp - grant.iat > LIFETIME:
            raise refused("The grant has expired.")
        return grant

    def _signed(self, token: str) -> bytes:
        """What one of the keys has signed. RFC 7515 read narrowly: of all that a JWS may be, only what policy-svc makes."""
        head, payload, signature = token.encode("ascii").split(b".")
        self._keys[_key_of(head)].verify(_decoded(signature), b"%b.%b" % (head, payload))
        return _decoded(payload)


def bearer(authorization: str | None) -> str:
    """The token of an ``Authorization: Bearer`` header (RFC 6750)."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refused("This call needs a grant from policy-svc.")
    return token.strip()


def refused(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, challenge='Bearer error="invalid_token"', slug="grant-refused")


def key_id(token: str) -> str | None:
    """The key that a JWS says it was signed with; not yet believed."""
    try:
        return str(orjson.loads(_decoded(token.encode("ascii").partition(b".")[0]))["kid"])
    except (KeyError, TypeError, ValueError):
        return None


@lru_cache(maxsize=8)
def _key_of(head: bytes) -> str:
    """The key that a header names. Whatever else one says, of other keys or of what is critical, policy-svc has not written."""
    said = orjson.loads(_decoded(head))
    if said.keys() != _HEADER or (said["alg"], said["typ"]) != (ALGORITHM, TYPE):
        raise ValueError("another header")
    return str(said["kid"])


@lru_cache(maxsize=8)
def _header(kid: str) -> bytes:
    return _encoded(orjson.dumps({"alg": ALGORITHM, "kid": kid, "typ": TYPE}))


def _encoded(text: bytes) -> bytes:
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def _decoded(part: bytes) -> bytes:
    """Raises ``ValueError`` for what is no base64url (RFC 7515, section 2)."""
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
