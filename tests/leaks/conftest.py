from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from stena_local.testing import Database, Postgres
from tests.system.house import migrated

from .hostile.door import Door, at_the_door
from .hostile.stand import Stand, stand_at
from .in_process import InProcess, in_process
from .target import Target
from .world import World, build


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


@pytest.fixture(scope="package")
async def door(target: Target) -> AsyncIterator[Door]:
    """The same house behind a real socket, for those who write HTTP by hand."""
    assert isinstance(target, InProcess)
    async with at_the_door(target.house) as opened:
        yield opened


@pytest.fixture(scope="module")
async def stand(door: Door, target: Target, request: pytest.FixtureRequest) -> Stand:
    return await stand_at(door, target, request.node.name)


@pytest.fixture(scope="module")
async def untouched(stand: Stand) -> AsyncIterator[Stand]:
    """After all attacks of a module nothing is stored, nothing was disclosed, and the next honest call is answered."""
    before = await stand.state()
    yield stand
    assert await stand.state() == before
    assert (await stand.get(f"/v1/persons/{stand.person}")).status == 200


@pytest.fixture(scope="package")
def own_databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="package")
async def empty(own_databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    """A Stena of its own, for those who have to know everybody in it."""
    async with in_process(own_databases, tmp_path_factory.mktemp("empty")) as opened:
        yield opened


@pytest.fixture(scope="package")
async def world(empty: Target) -> World:
    """The cast in a Stena of its own."""
    return await build(empty)
