"""An OpenID Connect provider: discovery, keys that it renews, and tokens that it signs with them. Real keys, real HTTP."""

import base64
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


@dataclass
class Provider:
    """``issuer`` is where it is reached. ``asked`` counts how often its keys were."""

    issuer: str
    audience: str = "stena"
    keys: list[Key] = field(default_factory=list)
    asked: int = 0

    def renew(self, *, forget: bool = True) -> None:
        """Sign with a new key from now on; ``forget`` the ones before."""
        kept: list[Key] = [] if forget else self.keys
        made = ECKey.generate_key("P-256", auto_kid=True) if self.keys else RSAKey.generate_key(2048, auto_kid=True)
        self.keys = [made, *kept]

    def token(self, subject: str, *, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An ID token; a claim that is ``None`` is left out."""
        signing = key or self.keys[0]
        now = int(time.time())
        said = {"iss": self.issuer, "aud": self.audience, "sub": subject, "iat": now, "exp": now + 300} | claims
        told = {"alg": "RS256" if signing.key_type == "RSA" else "ES256", "kid": signing.kid} | (header or {})
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({k: v for k, v in told.items() if v is not None}, said, signing, algorithms=[told["alg"]])

    def by_hand(self, subject: str, header: Mapping[str, Any], secret: bytes | None = None) -> str:
        """The same with a header that no library would write; signed with RSA, or by HMAC under ``secret``."""
        now, key = int(time.time()), self.keys[0]
        said = {"iss": self.issuer, "aud": self.audience, "sub": subject, "iat": now, "exp": now + 300}
        text = b".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": key.kid, **header}, said))
        if secret is not None:
            signature = hmac.digest(secret, text, "sha256")
        else:
            private = RSAKey.import_key(key.as_dict(private=True)).private_key
            assert private is not None
            signature = private.sign(text, PKCS1v15(), SHA256())
        return f"{text.decode()}.{_encoded(signature).decode()}"

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/keys", self._keys),
            ]
        )

    async def _configuration(self, request: Request) -> JSONResponse:
        return JSONResponse({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"})

    async def _keys(self, request: Request) -> JSONResponse:
        self.asked += 1
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys]})


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
