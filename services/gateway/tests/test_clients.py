"""The directory of clients: fresh within a second, or nobody is known."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway import store
from gateway.credentials.clients import Directory
from gateway.credentials.tokens import secret_hash
from gateway.store import Client
from stena.problems import Unavailable

CLIENT = Client("cli_x", "a test", "employment-agency", None, secret_hash("secret"), datetime.now(UTC))


class Table:
    """The clients table, which can hang or fail."""

    def __init__(self) -> None:
        self.rows: Sequence[Client] = (CLIENT,)
        self.readings = 0
        self.hangs = self.fails = False

    async def read(self) -> Sequence[Client]:
        self.readings += 1
        if self.fails:
            raise OSError
        if self.hangs:
            await asyncio.sleep(60)
        return self.rows


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_within_a_second_memory_is_enough() -> None:
    table, clock = Table(), Clock()
    directory = Directory(table.read, clock=clock)
    assert await directory.active("cli_x") == CLIENT
    clock.now += 0.9
    assert await directory.active("cli_x") == CLIENT
    assert table.readings == 1


async def test_after_a_second_a_revoked_client_is_not_known_even_if_nobody_followed() -> None:
    table, clock = Table(), Clock()
    directory = Directory(table.read, clock=clock)
    await directory.active("cli_x")
    table.rows = ()
    clock.now += 1.1
    assert await directory.active("cli_x") is None


@pytest.mark.parametrize("trouble", ["hangs", "fails"])
async def test_when_the_table_cannot_be_read_nobody_is_known_and_everybody_waits_together(trouble: str) -> None:
    table, clock = Table(), Clock()
    directory = Directory(table.read, clock=clock)
    await directory.active("cli_x")
    setattr(table, trouble, True)
    clock.now += 1.1
    began = time.perf_counter()
    outcomes = await asyncio.gather(*(directory.active("cli_x") for _ in range(10)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert time.perf_counter() - began < 2
    assert table.readings <= 11
    setattr(table, trouble, False)
    assert await directory.active("cli_x") == CLIENT


async def test_whoever_was_revoked_is_not_known_even_if_the_database_started_anew(engine: AsyncEngine) -> None:
    clock = Clock()
    directory = Directory(partial(store.all_clients, engine), clock=clock)
    await store.register(engine, CLIENT)
    assert await directory.active("cli_x") == CLIENT
    assert await store.revoke(engine, "cli_x")
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    )
    async with engine.connect() as connection:
        assert (await connection.execute(text(cut))).all()
    clock.now += 1.1
    with suppress(Unavailable):
        assert await directory.active("cli_x") is None
    assert await directory.active("cli_x") is None


async def test_what_took_long_to_read_is_as_old_as_its_beginning() -> None:
    table, clock = Table(), Clock()

    async def slow() -> Sequence[Client]:
        clock.now += 1.1
        return await table.read()

    with pytest.raises(Unavailable):
        await Directory(slow, clock=clock).active("cli_x")


async def test_a_secret_is_compared_with_its_own_client_alone() -> None:
    directory = Directory(Table().read)
    assert await directory.authenticate("cli_x", "secret") == CLIENT
    assert await directory.authenticate("cli_x", "other") is None
    assert await directory.authenticate("cli_y", "secret") is None
