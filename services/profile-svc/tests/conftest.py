"""profile-svc on a real PostgreSQL, as its migrations make it and with the rights that they grant."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy.engine import URL

from profile_svc.attributes import Attributes
from profile_svc.commands import migrations
from profile_svc.main import create_app
from profile_svc.settings import ProfileSettings
from stena import keys
from stena.contracts.catalogue import Catalogue
from stena.migrations import upgrade
from stena_local.testing import Postgres

from .source import REVISION, PolicyStandIn, Service

RULEBOOK = Path(__file__).parents[3] / "deploy" / "rulebook"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The starter rulebook's attributes and right-to-work rules, with a few purposes and organisations."""
    attributes = yaml.safe_load((RULEBOOK / "attributes.yaml").read_text())["attributes"]
    purposes = ("job-ranking", "registration", "mentoring", "introduction")
    # Of the first of them nothing rests on consent; to one organisation the approval has ended.
    recipients = [
        {"organisation": name, "legal_basis": "GDPR-6-1-e", "valid_from": "2026-01-01", "valid_until": until}
        for name, until in (("bread-and-bridges", "2999-12-31"), ("vitosha-bakery", "2999-12-31"), ("facts-lab", "2026-01-02"))
    ]
    organisations = ("reception-agency", "employment-agency", "bread-and-bridges", "vitosha-bakery", "facts-lab", "import-lab")
    return Catalogue.model_validate(
        {
            "revision": REVISION,
            "country": "BGR",
            "attributes": [{"name": name, **attribute} for name, attribute in attributes.items()],
            "purposes": [
                {"id": name, "titles": {}, "description": "", "dpv": "", "legal_bases": ["GDPR-6-1-e"]} for name in purposes
            ],
            "organisations": [{"id": name, "name": name, "kind": "authority"} for name in organisations],
            "consents": {name: {"discloses": ["phone"], "recipients": recipients} for name in purposes[1:]},
            "right_to_work": {
                file.stem: yaml.safe_load(file.read_text()) for file in (RULEBOOK / "right_to_work").glob("*.yaml")
            },
        }
    )


@pytest.fixture(scope="session")
def attributes(catalogue: Catalogue) -> Attributes:
    return Attributes(catalogue)


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
        yield Service(app, http, app.state.vault, policy, catalogue, settings[1], settings[0])
