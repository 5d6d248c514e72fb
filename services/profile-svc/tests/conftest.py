"""profile-svc on a real PostgreSQL, as its migrations make it and with the rights that they grant."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from profile_svc.attributes import Attributes
from stena.contracts.catalogue import Catalogue
from stena_local.testing import Postgres

from .source import REVISION, Place, Service

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
def pattern(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Migrated once, and then copied: nobody serves here."""
    made = Place.make(postgres, tmp_path_factory.mktemp("pattern"))
    yield made
    made.drop()


@pytest.fixture
def place(postgres: Postgres, pattern: Place, tmp_path: Path) -> Iterator[Place]:
    """A place of the test's own, whose databases hold nobody else."""
    made = Place.make(postgres, tmp_path, like=pattern)
    yield made
    made.drop()


@pytest.fixture(scope="session")
async def service(
    postgres: Postgres, pattern: Place, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    made = Place.make(postgres, tmp_path_factory.mktemp("keys"), like=pattern)
    async with made.serving(catalogue) as running:
        yield running
    made.drop()
