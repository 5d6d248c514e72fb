"""profile-svc on a real PostgreSQL, with grants that the tests sign themselves and a policy-svc that only serves its keys."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from sqlalchemy.engine import URL

from profile_svc.attributes import Attributes
from profile_svc.commands import migrations
from profile_svc.main import create_app
from profile_svc.settings import ProfileSettings
from profile_svc.store.vault import Vault
from stena import keys
from stena.contracts.access import Disclosure, Grant
from stena.contracts.catalogue import Catalogue
from stena.grants import ISSUER, LIFETIME, sign
from stena.migrations import upgrade
from stena_local.testing import Postgres

RULEBOOK = Path(__file__).parents[3] / "deploy" / "rulebook"
REVISION = "sha256:test"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The starter rulebook's attributes and right-to-work rules, with a few purposes and organisations."""
    attributes = yaml.safe_load((RULEBOOK / "attributes.yaml").read_text())["attributes"]
    purposes = ("job-ranking", "registration", "mentoring", "introduction")
    organisations = ("reception-agency", "employment-agency", "bread-and-bridges", "vitosha-bakery", "self-service")
    return Catalogue.model_validate(
        {
            "revision": REVISION,
            "country": "BGR",
            "attributes": [{"name": name, **attribute} for name, attribute in attributes.items()],
            "purposes": [{"id": name, "titles": {}, "description": "", "dpv": ""} for name in purposes],
            "organisations": [{"id": name, "name": name, "kind": "authority"} for name in organisations],
            "right_to_work": {
                file.stem: yaml.safe_load(file.read_text()) for file in (RULEBOOK / "right_to_work").glob("*.yaml")
            },
        }
    )


@pytest.fixture(scope="session")
def attributes(catalogue: Catalogue) -> Attributes:
    return Attributes(catalogue)


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
        import time

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


def _disclosures(wanted: Any) -> dict[str, Disclosure]:
    conditions = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted, True)
    return {name: when if isinstance(when, Disclosure) else Disclosure(when=when) for name, when in conditions.items()}


@pytest.fixture(scope="session")
def settings(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ProfileSettings, URL]]:
    people, person_keys = postgres.database("profile"), postgres.database("profile_keys")
    upgrade(people.owner_url, migrations("migrations"))
    upgrade(person_keys.owner_url, migrations("key_migrations"))
    folder = tmp_path_factory.mktemp("keys")
    for name in ("master", "index"):
        keys.make_secret(folder / name)
    yield (
        ProfileSettings(
            database_url=people.app_url.render_as_string(hide_password=False),
            keys_database_url=person_keys.app_url.render_as_string(hide_password=False),
            policy_url="http://policy",
            master_key_file=folder / "master",
            index_key_file=folder / "index",
        ),
        people.owner_url,
    )
    people.drop()
    person_keys.drop()


@pytest.fixture(scope="session")
async def service(settings: tuple[ProfileSettings, URL], catalogue: Catalogue) -> AsyncIterator[Service]:
    policy = PolicyStandIn(catalogue)
    app = create_app(settings[0], transport=httpx.ASGITransport(policy.app()))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://profile") as http,
    ):
        yield Service(http, app.state.vault, policy, catalogue, settings[1], settings[0])
