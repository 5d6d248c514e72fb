from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from stena_local.testing import Database, Postgres

from .house import House, migrated, standing


@pytest.fixture(scope="module")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="module")
async def house(databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for each module: who is in it, and how many, is known to its tests."""
    place: Path = tmp_path_factory.mktemp("secrets")
    async with standing(place, databases) as opened:
        yield opened
