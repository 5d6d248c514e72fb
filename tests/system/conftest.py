from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from stena_local.testing import Database, Postgres

from .house import House, migrated, standing


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="session")
async def house(databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    place: Path = tmp_path_factory.mktemp("secrets")
    async with standing(place, databases) as opened:
        yield opened
