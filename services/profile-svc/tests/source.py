"""profile-svc as its tests call it: with grants that they sign themselves, under a policy-svc that only serves its keys."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from profile_svc.commands import migrations
from profile_svc.main import create_app
from profile_svc.settings import ProfileSettings
from profile_svc.store.vault import Vault
from stena import keys
from stena.contracts.access import Disclosure, Grant
from stena.contracts.catalogue import Catalogue
from stena.grants import ISSUER, LIFETIME, sign
from stena.migrations import upgrade
from stena_local.testing import Database, Postgres

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
    keys_owner_url: URL
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
        """As the owner of the people's database, past the service."""
        return await self._sql(self.owner_url, statement, parameters)

    async def keys_sql(self, statement: str, **parameters: Any) -> list[Any]:
        """The same in the database of the keys."""
        return await self._sql(self.keys_owner_url, statement, parameters)

    async def _sql(self, url: URL, statement: str, parameters: Mapping[str, Any]) -> list[Any]:
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                result = await connection.execute(text(statement), parameters)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            await engine.dispose()


@dataclass
class Place:
    """Databases and a folder of keys for profile-svc, which may run there several times."""

    people: Database
    person_keys: Database
    folder: Path

    @classmethod
    def make(cls, postgres: Postgres, folder: Path, like: "Place | None" = None) -> "Place":
        """Databases that are migrated, or copies of those of ``like``, a first version of every key, and no journal yet."""
        people = postgres.database("profile", like=like.people if like else None)
        person_keys = postgres.database("profile_keys", like=like.person_keys if like else None)
        if like is None:
            upgrade(people.owner_url, migrations("migrations"))
            upgrade(person_keys.owner_url, migrations("key_migrations"))
        for name in ("masters", "erasures"):
            (folder / name).mkdir()
        for name in ("masters/1", "index", "journal"):
            keys.make_secret(folder / name)
        return cls(people, person_keys, folder)

    @property
    def settings(self) -> ProfileSettings:
        return ProfileSettings(
            database_url=self.people.app_url.render_as_string(hide_password=False),
            keys_database_url=self.person_keys.app_url.render_as_string(hide_password=False),
            policy_url="http://policy",
            master_keys_dir=self.folder / "masters",
            index_key_file=self.folder / "index",
            erasure_journal_dir=self.folder / "erasures",
            journal_key_file=self.folder / "journal",
        )

    @asynccontextmanager
    async def serving(self, catalogue: Catalogue) -> AsyncIterator[Service]:
        policy = PolicyStandIn(catalogue)
        app = create_app(self.settings, transport=httpx.ASGITransport(policy.app()))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://profile") as http,
        ):
            urls = self.people.owner_url, self.person_keys.owner_url
            yield Service(app, http, app.state.vault, policy, catalogue, *urls, self.settings)

    def drop(self) -> None:
        self.people.drop()
        self.person_keys.drop()


def _disclosures(wanted: Any) -> dict[str, Disclosure]:
    conditions = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted, True)
    return {name: when if isinstance(when, Disclosure) else Disclosure(when=when) for name, when in conditions.items()}
