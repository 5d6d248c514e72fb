"""profile-svc as its tests call it: with grants that they sign themselves, under a policy-svc that only serves its keys."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from profile_svc.settings import ProfileSettings
from profile_svc.store.vault import Vault
from stena.contracts.access import Disclosure, Grant
from stena.contracts.catalogue import Catalogue
from stena.grants import ISSUER, LIFETIME, sign

REVISION = "sha256:test"


@dataclass
class PolicyStandIn:
    """Serves the public key of the grants that tests sign, and the catalogue; decides nothing."""

    catalogue: Catalogue
    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519", auto_kid=True))

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/jwks.json")
        async def jwks() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.get("/rulebook")
        async def rulebook() -> Any:
            return self.catalogue.model_dump(mode="json")

        return app


@dataclass
class Service:
    """profile-svc, running in this process, and the means to call it."""

    app: FastAPI
    http: httpx.AsyncClient
    vault: Vault
    policy: PolicyStandIn
    catalogue: Catalogue
    owner_url: URL
    settings: ProfileSettings

    def grant(self, operation: str, target: str | None = None, **changes: Any) -> str:
        """A signed grant. It discloses and lets write everything unless ``changes`` say otherwise; ``disclose`` may name
        attributes with their conditions, the others are then withheld as not necessary."""
        return sign(self.plain_grant(operation, target, **changes), self.policy.key)

    def plain_grant(self, operation: str, target: str | None = None, **changes: Any) -> Grant:
        names = [attribute.name for attribute in self.catalogue.attributes]
        disclose = _disclosures(changes.pop("disclose", names))
        write = _disclosures(changes.pop("write", [one.name for one in self.catalogue.attributes if not one.derived_from]))
        now = int(time.time())
        fields: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "profile-svc",
            "iat": now,
            "exp": now + LIFETIME,
            "jti": "grant",
            "organisation": "reception-agency",
            "operation": operation,
            "resource": "person",
            "target": target,
            "purpose": "registration",
            "rulebook": REVISION,
            "rows": True,
            "disclose": disclose,
            "withhold": {name: "not-necessary" for name in names if name not in disclose},
            "write": write,
        }
        return Grant(**{**fields, **changes})

    async def call(self, method: str, path: str, grant: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {grant}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.http.request(method, path, json=body, headers=sent)

    async def register(self, attributes: Mapping[str, Any], organisation: str = "reception-agency") -> dict[str, Any]:
        answer = await self.call(
            "POST", "/persons", self.grant("create", organisation=organisation), {"attributes": attributes}
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def read(self, person_id: str, **changes: Any) -> dict[str, Any]:
        answer = await self.call("GET", f"/persons/{person_id}", self.grant("read", person_id, **changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def sql(self, statement: str, **parameters: Any) -> list[Any]:
        """As the database's owner, past the service."""
        engine = create_async_engine(self.owner_url)
        try:
            async with engine.begin() as connection:
                result = await connection.execute(text(statement), parameters)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            await engine.dispose()


def _disclosures(wanted: Any) -> dict[str, Disclosure]:
    conditions = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted, True)
    return {name: when if isinstance(when, Disclosure) else Disclosure(when=when) for name, when in conditions.items()}
