"""Grants: Ed25519-signed JWS that policy-svc makes and every other service checks.

INVARIANT: a service that owns data answers no call without a grant that binds exactly that call.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from pydantic import ValidationError

from stena.contracts.access import Grant
from stena.problems import Unauthenticated

ALGORITHM: Final = "Ed25519"  # RFC 9864: the fully specified name, so that no other curve can be slipped in
LIFETIME: Final = 60  # seconds
TYPE: Final = "grant+jws"
ISSUER: Final = "policy-svc"

_HEADER: Final = frozenset({"alg", "kid", "typ"})


def sign(grant: Grant, key: OKPKey) -> str:
    """The grant as a compact JWS (RFC 7515)."""
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    return jws.serialize_compact(header, grant.model_dump_json().encode(), key, algorithms=[ALGORITHM])


class Verifier:
    """Checks grants for one audience with policy-svc's public keys. Immutable: new keys make a new verifier."""

    def __init__(self, jwks: Mapping[str, Any], audience: str) -> None:
        self._keys = KeySet.import_key_set({"keys": list(jwks["keys"])})
        self.key_ids = frozenset(str(key.kid) for key in self._keys.keys)
        self.audience = audience

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
            signed = jws.deserialize_compact(token, self._keys, algorithms=[ALGORITHM])
            grant = Grant.model_validate(orjson.loads(signed.payload))
        except (JoseError, ValidationError, ValueError) as error:
            raise refused("The grant is not authentic.") from error
        now = time.time()
        header = signed.headers()
        # Whatever else a header says, of other keys or of what is critical, policy-svc has not written.
        if header.keys() != _HEADER or header["typ"] != TYPE or grant.iss != ISSUER:
            raise refused("The grant is not authentic.")
        if not grant.iat - 5 <= now < grant.exp or grant.exp - grant.iat > LIFETIME:
            raise refused("The grant has expired.")
        return grant


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
        return str(jws.extract_compact(token.encode()).headers().get("kid"))
    except (JoseError, ValueError):
        return None
