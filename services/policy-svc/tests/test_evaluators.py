"""A residual says the same in Python, in SQL on a real PostgreSQL, and as the rules do when the record's facts are known.

A failure prints the case that it shrank to; what was learnt from one is kept in ``corpus/`` and replayed for ever.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, note
from sqlalchemy import Boolean, ColumnClause, Integer, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeEngine

from policy_svc.decisions import Decision, decide
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation
from stena.contracts.condition import Residual, evaluate, type_of_fact
from stena.database import create_engine, sql_condition

from .generated import RECORDS, RULEBOOKS, Raw, question, several_questions
from .reference import NOON, Reference, Seen, rules_of, visible, with_rules

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.json"))
TYPES: Mapping[str, TypeEngine[Any]] = {"set": ARRAY(TEXT), "bool": Boolean(), "text": TEXT()}

Truth = Mapping[Residual, bool | None]


@pytest.fixture(scope="module")
async def engine(postgres: Any) -> AsyncIterator[AsyncEngine]:
    database = postgres.database("policy")
    made = create_engine(database.app_url)
    yield made
    await made.dispose()
    database.drop()


@given(RULEBOOKS, several_questions, RECORDS)
async def test_three_evaluators_of_a_residual_agree(
    engine: AsyncEngine, rulebook: Rulebook, generated: list[Raw], asked: list[Raw], records: list[Any]
) -> None:
    note(json.dumps({"rules": generated, "asked": asked, "records": records}))
    for shown, attributes in await check(engine, rulebook, generated, [question(**one) for one in asked], records):
        event(f"seen: {shown}, attributes: {len(attributes)}")


@pytest.mark.parametrize("case", [json.loads(file.read_text()) for file in CORPUS], ids=[file.stem for file in CORPUS])
async def test_what_failed_once(engine: AsyncEngine, rulebook: Rulebook, case: dict[str, Any]) -> None:
    seen = await check(engine, rulebook, case["rules"], [question(**one) for one in case["asked"]], case["records"])
    assert [[shown, sorted(attributes)] for shown, attributes in seen] == case["seen"], case["why"]


async def check(
    engine: AsyncEngine, rulebook: Rulebook, generated: list[Raw], asked: Sequence[Evaluation], records: list[Any]
) -> list[Seen]:
    """What each question sees of each record, after all evaluators have agreed on it."""
    rulebook = with_rules(rulebook, rules_of(generated))
    decisions = [decide(rulebook, one, NOON) for one in asked]
    truths = await in_sql(engine, {residual for decision in decisions for residual in residuals(decision)}, records)
    found = []
    for (one, decision), (facts, truth) in product(zip(asked, decisions, strict=True), zip(records, truths, strict=True)):
        reference = Reference(rulebook, generated, one, facts)
        wanted = reference.seen()
        assert {residual: evaluate(residual, facts) for residual in truth} == truth, "Python and SQL"
        assert visible(decide(rulebook, one, NOON, facts), {}) == wanted, "the rules with all facts known"
        assert visible(decision, facts) == wanted, "the residual in Python"
        assert by(truth, decision) == wanted, "the residual in SQL"
        if wanted[0] and one.action.name == "amend":
            writable = {name for name, way in decision.write.items() if truth[way.when]}
            assert writable == reference.open_attributes("write") - derived(rulebook)
        found.append(wanted)
    return found


def derived(rulebook: Rulebook) -> set[str]:
    return {attribute.name for attribute in rulebook.catalogue.attributes if attribute.derived_from}


def residuals(decision: Decision) -> set[Residual]:
    return {decision.rows, *(way.when for way in (*decision.disclose.values(), *decision.write.values()))}


def by(truth: Truth, decision: Decision) -> Seen:
    seen = decision.permit and truth[decision.rows] is True
    return seen, {attribute for attribute, way in decision.disclose.items() if seen and truth[way.when] is True}


async def in_sql(engine: AsyncEngine, wanted: set[Residual], records: list[Any]) -> list[Truth]:
    """What PostgreSQL makes of every condition for every record, in one statement."""
    conditions = list(wanted)
    numbered = [{"number": number, **facts} for number, facts in enumerate(records)]
    columns: list[ColumnClause[Any]] = [column(fact, TYPES[kind]) for fact, kind in type_of_fact.items()]
    table = (
        func.jsonb_to_recordset(cast(literal(numbered, JSONB), JSONB))
        .table_valued(column("number", Integer), *columns)
        .render_derived(name="record", with_types=True)
    )
    facts = {fact: table.c[fact] for fact in type_of_fact}
    answers = [sql_condition(condition, facts).label(f"answer_{number}") for number, condition in enumerate(conditions)]
    async with engine.connect() as connection:
        rows = (await connection.execute(select(table.c.number, *answers).order_by(table.c.number))).all()
    return [dict(zip(conditions, row[1:], strict=True)) for row in rows]
