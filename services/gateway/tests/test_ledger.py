"""The ledger on a real PostgreSQL: what it says of whom, and that nobody who serves can change it."""

import asyncio
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.calls import Caller, Entry, Outcome, Seen, Stated
from gateway.record.ledger import Ledger
from gateway.tables import metadata

ANNA, BORYS, CHOUAIB = (str(uuid.uuid4()) for _ in range(3))
ENTRY = Entry(
    Caller("cli_x", "employment-agency"),
    Stated("Bearer secret-token", "job-ranking", case="C-1", acting_user="Иван", justification="why"),
    "list",
    "person",
    "answered",
    decision="d1",
    rulebook="sha256:test",
    rules=("a.b", "c"),
    people=(Seen(ANNA, frozenset({"skills", "adult"})), Seen(BORYS, frozenset({"skills", "languages"}))),
    withheld=7,
)


async def rows(engine: AsyncEngine, query: str) -> list[tuple[Any, ...]]:
    async with engine.begin() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_one_entry_lists_all_its_people_and_what_was_seen_of_each(engine: AsyncEngine) -> None:
    ledger = Ledger(engine)
    await ledger.record(ENTRY)
    assert await rows(engine, "SELECT attributes, people, withheld, rules, acting_user, justification FROM ledger") == [
        (["skills"], 2, 7, ["a.b", "c"], "Иван", "why")
    ]
    besides = await rows(engine, "SELECT person_id::text, besides FROM ledger_people JOIN ledger_subjects USING (subject)")
    assert sorted(besides) == sorted([(ANNA, ["adult"]), (BORYS, ["languages"])])
    assert "secret-token" not in str(await rows(engine, "SELECT * FROM ledger"))


async def test_an_entry_about_nobody_is_an_entry(engine: AsyncEngine) -> None:
    await Ledger(engine).record(Entry(ENTRY.caller, ENTRY.stated, "read", "person"))
    assert await rows(engine, "SELECT outcome, people, attributes FROM ledger") == [("undecided", 0, [])]
    assert await rows(engine, "SELECT * FROM ledger_people") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET organisation = 'x'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "UPDATE ledger_people SET besides = NULL",
        "DELETE FROM ledger_people",
        "DROP TABLE ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "UPDATE clients SET organisation = 'x'",
        "DELETE FROM clients",
    ],
)
async def test_the_role_that_serves_cannot_change_what_was_written(engine: AsyncEngine, statement: str) -> None:
    await Ledger(engine).record(ENTRY)
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_a_stuck_ledger_is_given_up(engine: AsyncEngine, owner: AsyncEngine) -> None:
    ledger = Ledger(engine)
    async with owner.begin() as held:
        await held.execute(text("LOCK TABLE ledger IN EXCLUSIVE MODE"))
        began = time.perf_counter()
        results = await asyncio.gather(*(ledger.record(ENTRY) for _ in range(20)), return_exceptions=True)
        assert time.perf_counter() - began < 3, "each gives up after 0.8 s; the rest is for a busy machine"
    assert {type(result).__name__ for result in results} == {"Unavailable"}


async def test_a_person_sees_entries_newest_first_and_an_intent_only_while_its_end_is_unknown(engine: AsyncEngine) -> None:
    ledger = Ledger(engine)

    async def record(outcome: Outcome, decision: str, person: str = ANNA) -> None:
        await ledger.record(Entry(ENTRY.caller, ENTRY.stated, "amend", "person", outcome, decision, people=(Seen(person),)))

    await record("intent", "lost")
    await record("intent", "kept")
    await record("done", "kept")
    await record("answered", "other's", CHOUAIB)
    await record("denied", "refused")
    found = await ledger.of_person(uuid.UUID(ANNA), 10, None)
    assert [(row.decision, row.outcome) for row in found] == [("refused", "denied"), ("kept", "done"), ("lost", "intent")]
    later = await ledger.of_person(uuid.UUID(ANNA), 1, found[0].entry_id)
    assert [row.decision for row in later] == ["kept"]


async def test_the_migration_makes_the_tables_that_the_code_speaks_of(owner: AsyncEngine) -> None:
    # A month of the ledger is a partition, whose columns are those of the whole.
    query = """
        SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND attnum > 0 AND NOT attisdropped
    """
    found = await rows(owner, query)
    spoken_of = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    assert {pair for pair in found if pair[0] != "alembic_version"} == spoken_of
