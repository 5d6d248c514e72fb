"""JSON Web Tokens that somebody else signed with a key of their own (RFC 7519; RFC 8725). Pure: no key is fetched here.

INVARIANT: a claim counts only after its signature did. No signature, and one that a shared secret makes, is none.
"""

import base64
from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, JWKRegistry, Key, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.credentials.tokens import TokenInvalid
from gateway.edge import strict_json

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures with a public key; whoever could check one of them cannot make one."""

LONGEST: Final = 16_384  # characters
MOST_KEYS: Final = 50
SMALLEST_RSA: Final = 2048  # bits
_CURVES: Final = frozenset({"P-256", "Ed25519"})


class UnknownKey(Exception):
    """The token names a key that is not among those given: whoever signed it may have changed them."""


class KeysInvalid(ValueError):
    """No JSON Web Key Set, or none with a key that could check a signature. The text says what to mend."""


def unverified(token: str) -> Mapping[str, Any]:
    """What a token claims, believed by nobody yet; nothing of a text that is no token."""
    try:
        claims = orjson.loads(_part(token, 1))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def issuer_in(token: str) -> str | None:
    """The issuer that a token claims to be from."""
    issuer = unverified(token).get("iss")
    return issuer if isinstance(issuer, str) else None


def verified(token: str, keys: KeySet, algorithms: Collection[str], types: Collection[str | None]) -> Mapping[str, Any]:
    """The claims of a token that one of ``keys`` signed.

    Raises ``TokenInvalid``, or ``UnknownKey`` where other keys might do."""
    header = _header(token)
    known = {key.kid for key in keys.keys}
    if header.get("kid") not in known and not (header.get("kid") is None and len(known) == 1):
        raise UnknownKey
    if header.get("typ") not in types or "crit" in header or header.get("alg") not in algorithms:
        raise TokenInvalid
    try:
        # Two readers of a claim that stands there twice might read two things (RFC 7519, section 4).
        for place in (0, 1):
            strict_json.check(_part(token, place))
        return jwt.decode(token, keys, registry=_REGISTRY).claims
    except (JoseError, ValueError, IndexError):
        raise TokenInvalid from None


def moment(value: Any) -> float:
    """A NumericDate (RFC 7519, section 2): seconds since 1970. Raises ``TokenInvalid``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenInvalid
    return value


def keys_in(document: Any) -> KeySet:
    """The keys of a JWKS that check signatures (RFC 7517, section 5: others are passed over). Raises ``KeysInvalid``."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise KeysInvalid(f"no JSON Web Key Set of at most {MOST_KEYS} keys")
    found = [key for key in map(_signing_key, listed) if key is not None]
    if not found:
        raise KeysInvalid(f"no public key for signatures: RSA of {SMALLEST_RSA} bits or more, P-256, or Ed25519")
    return KeySet(found)


def own_keys(text: str) -> KeySet:
    """The keys of a JWKS that somebody hands in as their own: each of use, each with a name, none private. Raises
    ``KeysInvalid``."""
    try:
        strict_json.check(text.encode())
        document = orjson.loads(text)
    except ValueError:
        raise KeysInvalid("no JSON") from None
    keys = keys_in(document)
    if any(isinstance(each, dict) and "d" in each for each in document["keys"]):
        raise KeysInvalid("a private key is among them: hand in the public ones alone, and make new ones")
    names = {each["kid"] for each in document["keys"] if isinstance(each, dict) and isinstance(each.get("kid"), str)}
    if not len(names) == len(keys.keys) == len(document["keys"]):
        raise KeysInvalid("each key has to be one for signatures, with a `kid` of its own")
    return keys


class _Registry(JWSRegistry):
    """``EdDSA`` is Ed25519's older name (RFC 9864): no key of another curve is let in."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


_REGISTRY: Final = _Registry(algorithms=ALGORITHMS)


def _signing_key(listed: Any) -> Key | None:
    if not isinstance(listed, dict) or listed.get("use", "sig") != "sig" or listed.get("kty") == "oct":
        return None
    try:
        key = JWKRegistry.import_key(listed)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, UnsupportedAlgorithm):
        return None  # whatever somebody wrote there, it is no key
    return key if _is_strong(key) else None


def _is_strong(key: Key) -> bool:
    match key:
        case RSAKey():
            return key.raw_value.key_size >= SMALLEST_RSA
        case ECKey() | OKPKey():
            return key.as_dict(private=False)["crv"] in _CURVES
    return False


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
