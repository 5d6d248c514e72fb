"""How a client shows who it is by a signature of its own (``private_key_jwt``: RFC 7523, sections 2.2 and 3). Pure.

INVARIANT: an assertion is for this server, lives minutes, and has a name by which its second use is known.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.jwk import KeySet

from gateway.credentials import signed_tokens
from gateway.credentials.signed_tokens import ALGORITHMS, moment
from gateway.credentials.tokens import TokenInvalid

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME: Final = 300  # seconds that an assertion may live
SKEW: Final = 30  # seconds by which a client's clock may differ
LONGEST_NAME: Final = 255  # characters of a ``jti``
_TYPES: Final = frozenset({None, "JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """``name`` is its ``jti``, good once; nobody would believe it any more after ``ends`` (seconds since 1970)."""

    client: str
    name: str
    ends: float


def client_in(assertion: str) -> str:
    """The client that an assertion claims to be of; it has to say so twice. Raises ``TokenInvalid``."""
    claims = signed_tokens.unverified(assertion)
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(subject, str) or issuer != subject:
        raise TokenInvalid
    return subject


def read(assertion: str, client: str, keys: KeySet, audiences: Collection[str]) -> Assertion:
    """What ``client`` asserts to a server of these names.

    Raises ``TokenInvalid``, or ``UnknownKey`` where other keys might do."""
    claims = signed_tokens.verified(assertion, keys, ALGORITHMS, _TYPES)
    if (claims.get("iss"), claims.get("sub")) != (client, client) or not _is_for_us(claims, audiences):
        raise TokenInvalid
    name, ends = claims.get("jti"), _end(claims, time.time())
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise TokenInvalid
    return Assertion(client, name, ends + SKEW)


def _end(claims: Mapping[str, Any], now: float) -> float:
    ends = moment(claims.get("exp"))
    begins = max(moment(claims.get("iat", now)), moment(claims.get("nbf", now)))
    if not now - SKEW < ends <= now + LIFETIME + SKEW or begins > now + SKEW:
        raise TokenInvalid
    return ends


def _is_for_us(claims: Mapping[str, Any], audiences: Collection[str]) -> bool:
    """Made for this server and for nobody else, who could use it here."""
    named = claims.get("aud")
    listed = named if isinstance(named, list) else [named]
    return bool(listed) and all(isinstance(each, str) and each in audiences for each in listed)
