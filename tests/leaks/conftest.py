from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from stena_local.testing import Database, Postgres
from tests.system.house import migrated

from .in_process import in_process
from .target import Target


@pytest.fixture
def restored_logging() -> None:
    """In place of the one for all tests: what the services log here is caught until the last test of the folder."""


@pytest.fixture(scope="package")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="package")
async def target(databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    """A running Stena for the whole folder: every test brings people of its own."""
    place: Path = tmp_path_factory.mktemp("leaks")
    async with in_process(databases, place) as opened:
        yield opened
