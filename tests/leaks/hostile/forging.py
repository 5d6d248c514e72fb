"""JSON Web Signatures by hand: any header, any payload, any signature. A library would refuse to make most of these."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Sign = Callable[[bytes], bytes]
Json = dict[str, Any]


def encoded(value: bytes | Mapping[str, Any] | list[Any]) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def token(header: bytes | Mapping[str, Any], claims: bytes | Mapping[str, Any] | list[Any], sign: Sign) -> str:
    """A compact JWS of whatever is given."""
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(sign(signed.encode()))}"


def parts(jws: str) -> tuple[Json, Json]:
    """Header and payload, unverified."""
    header, claims, _ = jws.split(".")
    return json.loads(decoded(header)), json.loads(decoded(claims))


def edited(jws: str, **claims: Any) -> str:
    """The same token with other claims under the old signature."""
    header, payload, signature = jws.split(".")
    return f"{header}.{encoded(json.loads(decoded(payload)) | claims)}.{signature}"


class Key:
    """An Ed25519 key: of the house, read from its file, or an attacker's own."""

    def __init__(self, file: Path | None = None) -> None:
        self.jwk: Json = json.loads(file.read_text()) if file else {}
        self._private = Ed25519PrivateKey.from_private_bytes(decoded(self.jwk["d"])) if file else Ed25519PrivateKey.generate()

    @property
    def public(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    @property
    def public_jwk(self) -> Json:
        return {"kty": "OKP", "crv": "Ed25519", "x": encoded(self.public)}

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def hs256(secret: bytes) -> Sign:
    """What a verifier computes that takes a public key for a shared secret."""
    return lambda data: hmac.digest(secret, data, hashlib.sha256)


def unsigned(data: bytes) -> bytes:
    return b""
