"""Conditions in Python and in SQL: Kleene's logic in both, and never a difference between them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import ARRAY, Boolean, Column, MetaData, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from stena.contracts.condition import (
    AllOf,
    AnyOf,
    Condition,
    IsIn,
    Not,
    Overlaps,
    Within,
    evaluate,
    facts_used,
    holds,
    type_of_fact,
)
from stena.database import create_engine, sql_condition
from stena_local.testing import Postgres

NAMES = ["BG", "BG4", "BG41", "agency", "ngo", "job-ranking", "job-ranking@agency"]
_values = st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)
_sets = [fact for fact, kind in type_of_fact.items() if kind == "set"]
_scalars = [fact for fact, kind in type_of_fact.items() if kind != "set"]

leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Overlaps, fact=st.sampled_from(_sets), values=_values),
    st.builds(Within, fact=st.sampled_from(_sets), values=_values),
    st.builds(
        IsIn,
        fact=st.sampled_from(_scalars),
        values=st.lists(st.one_of(st.booleans(), st.sampled_from(NAMES)), max_size=3).map(tuple),
    ),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, of=inner),
        st.builds(AllOf, of=st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, of=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)

_fact_values = {"set": st.lists(st.sampled_from(NAMES), max_size=3), "bool": st.booleans(), "text": st.sampled_from(NAMES)}
records = st.fixed_dictionaries({fact: st.one_of(st.none(), _fact_values[kind]) for fact, kind in type_of_fact.items()})
"""A record's facts, any of them possibly unknown."""


assigned = Overlaps(fact="assigned", values=("agency",))
unknown = IsIn(fact="minor", values=(True,))


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (AllOf(of=(assigned, unknown)), None),
        (AllOf(of=(Not(of=assigned), unknown)), False),
        (AnyOf(of=(assigned, unknown)), True),
        (AnyOf(of=(Not(of=assigned), unknown)), None),
        (Not(of=unknown), None),
        (AllOf(of=()), True),
        (AnyOf(of=()), False),
    ],
)
def test_kleenes_tables(condition: Condition, wanted: bool | None) -> None:
    assert evaluate(condition, {"assigned": ["agency"]}) is wanted


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        (assigned, {"assigned": "agency"}),  # text is not a set, and "agency" is not one of its letters
        (assigned, {"assigned": ["agency", 1]}),
        (IsIn(fact="minor", values=(True,)), {"minor": 1}),
        (Within(fact="assigned", values=("agency",)), {}),
    ],
)
def test_missing_and_mistyped_facts_are_unknown(condition: Condition, facts: dict[str, object]) -> None:
    assert evaluate(condition, facts) is None  # type: ignore[arg-type]  # mistyped on purpose
    assert not holds(condition, facts)  # type: ignore[arg-type]


def test_a_boolean_is_never_equal_to_text() -> None:
    assert evaluate(IsIn(fact="created_by", values=(True,)), {"created_by": "True"}) is False


@given(conditions, records)
def test_only_the_facts_named_matter(condition: Condition, record: dict[str, object]) -> None:
    named = {fact: value for fact, value in record.items() if fact in facts_used(condition)}
    assert evaluate(condition, record) is evaluate(condition, named)  # type: ignore[arg-type]


@given(conditions)
def test_a_condition_survives_the_wire(condition: Condition) -> None:
    adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
    assert adapter.validate_json(adapter.dump_json(condition)) == condition


@given(conditions, records)
def test_knowing_more_never_turns_a_decided_condition(condition: Condition, record: dict[str, object]) -> None:
    decided = evaluate(condition, {})
    assert decided is None or evaluate(condition, record) is decided  # type: ignore[arg-type]


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


@settings(max_examples=400, deadline=None)
@given(condition=conditions, facts=records)
async def test_three_values_are_the_same_in_sql(engine: AsyncEngine, condition: Condition, facts: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        assert await by_sql(connection, condition, facts) is evaluate(condition, facts)


def test_a_fact_that_the_table_lacks_is_not_obeyed_in_part() -> None:
    with pytest.raises(KeyError):
        sql_condition(IsIn(fact="minor", values=(True,)), {})
