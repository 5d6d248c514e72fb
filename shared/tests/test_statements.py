"""Statements that are said to the driver itself, on a real PostgreSQL."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import ARRAY, Integer, String, Uuid, bindparam, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from stena.database import PATIENCE, PLANNED_ANEW, create_engine
from stena.problems import Unavailable
from stena.statements import MOST, Statements, spoken, statements
from stena_local.testing import Postgres


@pytest.fixture(scope="module")
async def engine(postgres: Postgres) -> AsyncIterator[AsyncEngine]:
    database = postgres.database("gateway")
    engine = create_engine(database.app_url)
    yield engine
    await engine.dispose()
    database.drop()


async def test_a_statement_is_said_once_and_asked_with_what_is_given(engine: AsyncEngine) -> None:
    person = uuid7()
    said = spoken(select(bindparam("person", type_=Uuid()), literal(["a"], ARRAY(String)), bindparam("most", type_=Integer())))
    for most in (1, 2):
        assert [tuple(row) for row in await statements(engine).ask(said, person=person, most=most)] == [(person, ["a"], most)]
    with pytest.raises(KeyError):
        said.arguments({"person": person})


@pytest.mark.parametrize(("plans", "planned_for_any"), [("auto", 3), (PLANNED_ANEW, 0)])
async def test_what_is_planned_anew_is_never_planned_for_any(engine: AsyncEngine, plans: str, planned_for_any: int) -> None:
    alone = Statements(engine, plans)  # one connection: nobody asks beside
    for _ in range(8):  # PostgreSQL plans five times for the values, and then looks which was better
        await alone.fetch("SELECT $1::int", 1)
    said = "SELECT generic_plans FROM pg_prepared_statements WHERE statement = 'SELECT $1::int'"
    assert [tuple(row) for row in await alone.fetch(said)] == [(planned_for_any,)]


async def test_connections_are_the_same_however_their_plans_are_said(engine: AsyncEngine) -> None:
    assert statements(engine) is statements(engine, "auto") is statements(engine, plans="auto")
    assert statements(engine) is not statements(engine, PLANNED_ANEW)


async def test_more_at_once_than_there_are_connections_wait_for_each_other(engine: AsyncEngine) -> None:
    asked = [statements(engine).fetch("SELECT $1::int, pg_backend_pid()", number) for number in range(5 * MOST)]
    rows = [found[0] for found in await asyncio.gather(*asked)]
    assert [row[0] for row in rows] == list(range(5 * MOST))
    assert len({row[1] for row in rows}) <= MOST


async def test_after_a_call_that_was_given_up_nobody_gets_its_answer(engine: AsyncEngine) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await statements(engine).fetch("SELECT 1 FROM pg_sleep(5)")
    assert [tuple(row) for row in await statements(engine).fetch("SELECT 2")] == [(2,)]


async def test_a_connection_that_the_server_ends_is_a_503_and_the_next_call_has_another(engine: AsyncEngine) -> None:
    alone = Statements(engine)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await alone.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
        assert [tuple(row) for row in await alone.fetch("SELECT 1")] == [(1,)]


async def test_a_server_that_has_just_said_farewell_is_a_503(engine: AsyncEngine) -> None:
    """The moment at which it was read that the server ends this connection, and not yet that it did."""
    alone = Statements(engine)
    await alone.fetch("SELECT 1")
    fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0"
    alone._free[0]._protocol.data_received(b"E%b%b" % ((4 + len(fields)).to_bytes(4, "big"), fields))
    with pytest.raises(Unavailable):
        await alone.fetch("SELECT 1")
    assert [tuple(row) for row in await alone.fetch("SELECT 1")] == [(1,)]


@pytest.mark.parametrize("gone", [{"port": 1}, {"database": "nowhere"}, {"password": "renewed meanwhile"}], ids=str)
async def test_a_server_that_lets_nobody_in_is_a_503(engine: AsyncEngine, gone: dict[str, Any]) -> None:
    nowhere = create_engine(engine.url.set(**gone))
    with pytest.raises(Unavailable):
        await statements(nowhere).fetch("SELECT 1")


async def test_they_wait_as_long_as_their_engine(engine: AsyncEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patient = create_engine(engine.url.set(port=silent.getsockname()[1]), timeout=60)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PATIENCE + 0.1):
                await statements(patient).fetch("SELECT 1")


async def test_connections_end_with_the_engine(engine: AsyncEngine) -> None:
    other = create_engine(engine.url)
    (row,) = await statements(other).fetch("SELECT pg_backend_pid()")
    await other.dispose()
    for _ in range(100):
        if not await statements(engine).fetch("SELECT 1 FROM pg_stat_activity WHERE pid = $1", row[0]):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the connection is still open")
