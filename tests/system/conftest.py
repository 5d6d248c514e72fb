import os
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from stena_local.testing import Database, Postgres

from .house import House, standing

NAMES = ("gateway", "policy", "profile", "profile_keys", "matching")


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    """The five databases, migrated by the same entry points that a deployment uses."""
    made = {name: postgres.database(name) for name in NAMES}
    with pytest.MonkeyPatch.context() as patch:
        for name, database in made.items():
            patch.setitem(os.environ, f"{name.upper()}_OWNER_DATABASE_URL", database.owner_url.render_as_string(False))
        for migration in entry_points(group="stena.migrations"):
            migration.load()()
    yield made
    for database in made.values():
        database.drop()


@pytest.fixture(scope="session")
async def house(databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    place: Path = tmp_path_factory.mktemp("secrets")
    async with standing(place, databases) as opened:
        yield opened
