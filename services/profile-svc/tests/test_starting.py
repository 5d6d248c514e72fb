"""A service that is started together with its database, on a machine that is slow, or before it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from profile_svc import main
from stena.contracts.catalogue import Catalogue
from stena.problems import Unavailable
from stena_local.postgres import SUPERUSER

from .source import Place

Taking = Callable[[bool], Awaitable[None]]


@pytest.fixture
async def taking(place: Place) -> AsyncIterator[Taking]:
    """Whether the keys' database takes connections."""
    server = create_async_engine(place.person_keys.server.url("postgres", SUPERUSER), isolation_level="AUTOCOMMIT")

    async def set_to(taking: bool) -> None:
        async with server.connect() as connection:
            await connection.execute(text(f'ALTER DATABASE "{place.person_keys.name}" ALLOW_CONNECTIONS {taking}'))

    await set_to(False)
    yield set_to
    await set_to(True)
    await server.dispose()


async def test_a_database_that_comes_later_is_waited_for(place: Place, taking: Taking, catalogue: Catalogue) -> None:
    async def start() -> None:
        async with place.serving(catalogue) as service:
            await service.vault.person_keys.answers()

    starting = asyncio.create_task(start())
    await asyncio.sleep(0.5)
    assert not starting.done()
    await taking(True)
    await starting


@pytest.mark.usefixtures("taking")
async def test_not_for_ever(place: Place, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "FIRST_ANSWER", 0.3)
    with pytest.raises(Unavailable):
        async with place.serving(catalogue):
            raise AssertionError("it runs without its keys")
