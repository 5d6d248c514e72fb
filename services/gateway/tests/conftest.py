"""Fixtures: the gateway's database with its real roles, key files, and the gateway itself between its neighbours."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import gateway
from gateway.main import create_app
from gateway.record import heads_file
from gateway.tables import metadata
from stena import keys
from stena.migrations import upgrade
from stena_local.testing import Database, Postgres

from .neighbours import Neighbours
from .running import Running, serving, settings

MIGRATIONS = Path(gateway.__file__).parent / "migrations"


@pytest.fixture(scope="session")
def database(postgres: Postgres) -> Database:
    made = postgres.database("gateway")
    upgrade(made.owner_url, MIGRATIONS)
    return made


@pytest.fixture
async def owner(database: Database, key_files: Path) -> AsyncIterator[AsyncEngine]:
    """The role that owns the tables, which are empty; and no head is kept of what was in them."""
    for kept in heads_file.files(key_files):
        kept.unlink()
    made = create_async_engine(database.owner_url)
    async with made.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    yield made
    await made.dispose()


@pytest.fixture
async def engine(database: Database, owner: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The role that serves."""
    serving = create_async_engine(database.app_url)
    yield serving
    await serving.dispose()


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    keys.make_signing_key(folder / "token")
    (folder / "ledger").mkdir()
    keys.make_signing_key(folder / "ledger" / "1")
    keys.make_secret(folder / "cursor", 32)
    (folder / "ids").mkdir()
    keys.make_secret(folder / "ids" / "1", 64)
    (folder / "policy").write_text("a key of an enforcement point\n")
    return folder


@pytest.fixture
async def running(engine: AsyncEngine, database: Database, key_files: Path) -> AsyncIterator[Running]:
    neighbours = Neighbours()
    app = create_app(settings(database.app_url, key_files), transport=neighbours)
    async with serving(app) as http:
        yield Running(app, http, neighbours, engine)
