"""How a client is to show who it is, as it is proposed, and what is kept of it. Pure, but for the secrets that it makes."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

from gateway.credentials import signed_tokens
from gateway.credentials.tokens import new_secret, secret_hash
from gateway.store import Client, Credentials

Way = Literal["secret", "keys", "published-keys", "issuer"]
_MEMBER: Final[Mapping[str, Way]] = {"jwks": "keys", "jwks_uri": "published-keys", "issuer": "issuer"}


def made(wanted: Mapping[str, Any]) -> tuple[Credentials, str | None]:
    """What is kept of what is ``wanted`` (``jwks`` as text, ``jwks_uri``, ``issuer``), and for nothing of these a secret."""
    secret = new_secret()
    kept = Credentials(secret_hash(secret), **wanted)
    return kept, None if wanted else secret


def way_of(shown: Client | Mapping[str, Any]) -> Way:
    for member, way in _MEMBER.items():
        if (shown.get(member) if isinstance(shown, Mapping) else getattr(shown, member)) is not None:
            return way
    return "secret"


def key_ids(jwks: str | None) -> list[str]:
    """The names of the keys in a JWKS that was taken before."""
    return [] if jwks is None else [str(key.kid) for key in signed_tokens.own_keys(jwks).keys]


def are_fewer(wanted: Mapping[str, Any], client: Client) -> bool:
    """Whether the keys that are ``wanted`` are all among those that the client has: nobody is let in by them."""
    return "jwks" in wanted and client.jwks is not None and _keys(wanted["jwks"]) <= _keys(client.jwks)


def _keys(jwks: str) -> frozenset[tuple[str, str]]:
    return frozenset((str(key.kid), key.thumbprint()) for key in signed_tokens.own_keys(jwks).keys)


def as_text(jwks: Mapping[str, Any]) -> str:
    """A JWKS as it is kept. Raises ``KeysInvalid``."""
    text = json.dumps(jwks, ensure_ascii=False)
    signed_tokens.own_keys(text)
    return text
