"""Tokens that an OpenID Connect provider made: of people who sign in (OpenID Connect Core 1.0, section 3.1.3.7), and of systems
and their users who call (RFC 9068, section 4). Pure.

INVARIANT: a token counts only for the audience that it names, from the issuer that it names, for as long as it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.jwk import KeySet

from gateway.credentials import signed_tokens
from gateway.credentials.issuers import ClientIssuer, Issuer
from gateway.credentials.signed_tokens import moment
from gateway.credentials.tokens import TokenInvalid

LONGEST_SUBJECT: Final = 255  # OpenID Connect Core 1.0, section 2
_TYPES: Final = frozenset({None, "JWT", "jwt", "at+jwt", "application/at+jwt"})
_OF_ID_TOKENS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})


@dataclass(frozen=True, slots=True)
class Signed:
    """Who a token says it is about, and for how long it says so (seconds since 1970)."""

    issuer: str
    subject: str
    ends: int


def signed_in(token: str, issuer: Issuer, keys: KeySet, now: float) -> Signed:
    """Who signed in. Raises ``TokenInvalid``, or ``UnknownKey`` where other keys might do."""
    claims = signed_tokens.verified(token, keys, issuer.algorithms, _TYPES)
    if not _is_for_us(claims, issuer.audience):
        raise TokenInvalid
    return Signed(issuer.issuer, _subject(claims, issuer, now), int(claims["exp"]))


def access(token: str, issuer: ClientIssuer, keys: KeySet, now: float) -> Mapping[str, Any]:
    """The claims of an access token for this gateway. Raises as ``signed_in`` does."""
    claims = signed_tokens.verified(token, keys, issuer.algorithms, issuer.types)
    _subject(claims, issuer, now)
    named = claims.get("aud")
    if issuer.audience not in (named if isinstance(named, list) else [named]):
        raise TokenInvalid
    if claims["exp"] - claims["iat"] > issuer.longest_seconds:
        raise TokenInvalid
    # Whom somebody signed in to is no permission to call anybody: an ID token stays what it is, whatever its type says.
    if _OF_ID_TOKENS & claims.keys() or claims.get("typ") == "ID":
        raise TokenInvalid
    return claims


def _subject(claims: Mapping[str, Any], issuer: Issuer, now: float) -> str:
    """Whom a token is about that is alive and the issuer's."""
    subject, ends, issued = claims.get("sub"), moment(claims.get("exp")), moment(claims.get("iat"))
    begins = moment(claims.get("nbf", issued))
    if now >= ends + issuer.skew_seconds or max(issued, begins) > now + issuer.skew_seconds:
        raise TokenInvalid
    if claims.get("iss") != issuer.issuer:
        raise TokenInvalid
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise TokenInvalid
    return subject


def _is_for_us(claims: Mapping[str, Any], audience: str) -> bool:
    """One of several audiences is enough only if the token was made for this one: ``azp``."""
    named = claims.get("aud")
    if isinstance(named, str):
        return named == audience and claims.get("azp", audience) == audience
    return isinstance(named, list) and audience in named and (len(named) == 1 or claims.get("azp") == audience)
