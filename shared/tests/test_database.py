"""The two evaluators of a condition, Python's and PostgreSQL's, must never disagree."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import ARRAY, Boolean, Column, MetaData, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from stena.contracts.condition import Condition, IsIn, evaluate, type_of_fact
from stena.database import create_engine, sql_condition, transaction
from stena.problems import Unavailable
from stena_local.testing import Postgres

from .conditions import conditions, records

_TYPES: dict[str, Any] = {"set": ARRAY(Text), "bool": Boolean, "text": Text}
record = Table("record", MetaData(), *(Column(fact, _TYPES[kind]) for fact, kind in type_of_fact.items()))


@pytest.fixture(scope="module")
async def engine(postgres: Postgres) -> AsyncIterator[AsyncEngine]:
    database = postgres.database("profile")
    engine = create_engine(database.owner_url)
    async with engine.begin() as connection:
        await connection.run_sync(record.metadata.create_all)
    yield engine
    await engine.dispose()
    database.drop()


async def by_sql(connection: AsyncConnection, condition: Condition, facts: dict[str, Any]) -> bool | None:
    await connection.execute(record.delete())
    await connection.execute(record.insert().values(facts))
    value: bool | None = await connection.scalar(select(sql_condition(condition, dict(record.c))).select_from(record))
    return value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=conditions, facts=records)
async def test_three_values_are_the_same_in_sql(engine: AsyncEngine, condition: Condition, facts: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        assert await by_sql(connection, condition, facts) is evaluate(condition, facts)


def test_a_fact_that_the_table_lacks_is_not_obeyed_in_part() -> None:
    with pytest.raises(KeyError):
        sql_condition(IsIn(fact="minor", values=(True,)), {})


async def test_a_database_that_is_gone_is_a_503(postgres: Postgres) -> None:
    database = postgres.database("profile")
    engine = create_engine(database.app_url)
    database.drop()
    with pytest.raises(Unavailable):
        async with transaction(engine):
            pass
    await engine.dispose()
