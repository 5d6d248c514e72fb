"""Tokens that an OpenID Connect provider made (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725). Pure.

INVARIANT: a token counts only for the audience that it names, from the issuer that it names, for as long as it says.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway import strict_json
from gateway.issuers import Issuer
from gateway.tokens import TokenInvalid

LONGEST: Final = 16_384  # characters
LONGEST_SUBJECT: Final = 255  # OpenID Connect Core 1.0, section 2
_TYPES: Final = frozenset({None, "JWT", "jwt", "at+jwt", "application/at+jwt"})


class UnknownKey(Exception):
    """The token names a key that is not among those given: the provider may have changed them."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who a token says it is about, and for how long it says so (seconds since 1970)."""

    issuer: str
    subject: str
    ends: int


def issuer_in(token: str) -> str | None:
    """The issuer that a token claims to be from. Nothing is verified here."""
    try:
        claims = orjson.loads(_part(token, 1))
    except (ValueError, IndexError):
        return None
    return claims.get("iss") if isinstance(claims, dict) and isinstance(claims.get("iss"), str) else None


def read(token: str, issuer: Issuer, keys: KeySet, now: float) -> Signed:
    """Who signed in. Raises ``TokenInvalid``, or ``UnknownKey`` where other keys might do."""
    header = _header(token)
    known = {key.kid for key in keys.keys}
    if header.get("kid") not in known and not (header.get("kid") is None and len(known) == 1):
        raise UnknownKey
    if header.get("typ") not in _TYPES or "crit" in header or header.get("alg") not in issuer.algorithms:
        raise TokenInvalid
    try:
        # Two readers of a claim that stands there twice might read two things (RFC 7519, section 4).
        for place in (0, 1):
            strict_json.check(_part(token, place))
        claims = jwt.decode(token, keys, algorithms=list(issuer.algorithms)).claims
    except (JoseError, ValueError, IndexError):
        raise TokenInvalid from None
    return _checked(claims, issuer, now)


def _checked(claims: Mapping[str, Any], issuer: Issuer, now: float) -> Signed:
    subject, ends, issued = claims.get("sub"), _moment(claims.get("exp")), _moment(claims.get("iat"))
    begins = _moment(claims.get("nbf", issued))
    if now >= ends + issuer.skew_seconds or max(issued, begins) > now + issuer.skew_seconds:
        raise TokenInvalid
    if claims.get("iss") != issuer.issuer or not _is_for_us(claims, issuer.audience):
        raise TokenInvalid
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise TokenInvalid
    return Signed(issuer.issuer, subject, int(ends))


def _is_for_us(claims: Mapping[str, Any], audience: str) -> bool:
    """One of several audiences is enough only if the token was made for this one: ``azp``."""
    named = claims.get("aud")
    if isinstance(named, str):
        return named == audience and claims.get("azp", audience) == audience
    return isinstance(named, list) and audience in named and (len(named) == 1 or claims.get("azp") == audience)


def _moment(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenInvalid
    return value


def _header(token: str) -> dict[str, Any]:
    try:
        header = orjson.loads(_part(token, 0))
    except (ValueError, IndexError):
        raise TokenInvalid from None
    if len(token) > LONGEST or token.count(".") != 2 or not isinstance(header, dict):
        raise TokenInvalid
    return header


def _part(token: str, place: int) -> bytes:
    part = token[: LONGEST + 1].split(".")[place]
    return base64.urlsafe_b64decode(f"{part}{'=' * (-len(part) % 4)}")
