"""Months, retention and forgetting on a real PostgreSQL; and what was written before the ledger was a tree."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typer.testing import CliRunner
from uuid_utils.compat import uuid7

from gateway import exporting, retention
from gateway.calls import Seen
from gateway.record import commands, heads, heads_file, verifying
from gateway.record import leaves as ledger_leaves
from gateway.record.ledger import Ledger, Narrowed
from gateway.record.subjects import Subjects
from gateway.settings import GatewaySettings
from gateway.store import entries, forgetting, months
from gateway.store import heads as store
from stena.database import transaction
from stena.migrations import upgrade
from stena_local.testing import Database, Postgres

from .conftest import MIGRATIONS
from .running import head_keeper, operator_environment
from .test_ledger import ANNA, BORYS, ENTRY, rows

JANUARY = datetime(2015, 1, 31, 23, 59, 59, tzinfo=UTC)


async def write_at(engine: AsyncEngine, *moments: datetime) -> None:
    """As if the ledger had been there then."""
    known = await Subjects(engine).of(seen.person for seen in ENTRY.people)
    made = [ledger_leaves.made(ENTRY, uuid7(), at, "trace", known) for at in moments]
    async with transaction(engine) as connection:
        await entries.append(connection, made)


async def exported(engine: AsyncEngine) -> list[bytes]:
    return [line async for line in exporting.lines(engine, await entries.size(engine))]


@pytest.fixture
async def clean_months(owner: AsyncEngine) -> AsyncIterator[None]:
    """Months that a test makes are gone after it."""
    before = set(await months.there(owner))
    yield
    async with owner.begin() as connection:
        for month in set(await months.there(owner)) - before:
            await connection.execute(text(f"DROP TABLE ledger_{month:%Y_%m}, ledger_people_{month:%Y_%m}"))


async def test_entries_lie_in_their_months_and_in_the_rest_while_there_is_none(
    engine: AsyncEngine, owner: AsyncEngine, clean_months: None
) -> None:
    await write_at(engine, JANUARY, JANUARY + timedelta(seconds=1), datetime.now(UTC))
    assert await rows(owner, "SELECT count(*) FROM ledger_rest") == [(2,)]
    before = await exported(engine)
    assert await months.add(owner, [date(2015, 1, 7), date(2015, 2, 1), date(2015, 2, 28)]) == 2
    for table, count in (("ledger_2015_01", 1), ("ledger_2015_02", 1), ("ledger_rest", 0)):
        assert await rows(owner, f"SELECT count(*) FROM {table}") == [(count,)]  # noqa: S608 -- names of this test
    assert await exported(engine) == before
    assert len(await Ledger(engine).of_person(uuid.UUID(ANNA), 10, None)) == 3


async def test_the_role_that_serves_makes_and_removes_no_month(engine: AsyncEngine) -> None:
    for statement in ("SELECT ledger_add_month('2015-01-01')", "DROP TABLE ledger_rest", "DELETE FROM ledger_rest"):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            async with engine.begin() as connection:
                await connection.execute(text(statement))


async def test_an_operator_hears_in_time_that_months_run_out(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await months.require_one_ahead(engine)
    there = await months.there(engine)
    monkeypatch.setattr(months, "datetime", _At(datetime(there[-1].year, there[-1].month, 9, tzinfo=UTC)))
    with pytest.raises(months.NoMonthAhead):
        await months.require_one_ahead(engine)


class _At:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self, zone: object) -> datetime:
        return self._now


def test_the_months_to_come() -> None:
    assert months.ahead(date(2026, 11, 21), 3) == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]


@pytest.mark.parametrize(("duration", "count"), [("P10Y", 120), ("P18M", 18), ("P1Y6M", 18), ("P90D", 4), ("P4W", 1)])
def test_a_duration_in_months(duration: str, count: int) -> None:
    assert retention.months_in(duration) == count


@pytest.mark.parametrize("duration", ["", "P", "10Y", "P1H", "P-1Y", "P1Y "])
def test_what_is_no_duration(duration: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        retention.months_in(duration)


def test_the_ledger_is_kept_as_long_as_what_it_tells_of() -> None:
    of_purposes = ["P2Y", "P10Y", None]
    assert retention.kept_for(None, of_purposes) == 120
    assert retention.kept_for("P11Y", of_purposes) == 132
    for too_short in ("P9Y", "P119M"):
        with pytest.raises(retention.TooShort):
            retention.kept_for(too_short, of_purposes)
    with pytest.raises(retention.TooShort):
        retention.kept_for(None, [])


def test_a_month_goes_once_all_of_it_is_old_enough() -> None:
    assert retention.first_kept(date(2026, 11, 1), 120) == date(2016, 11, 1)
    assert retention.first_kept(date(2026, 11, 30), 120) == date(2016, 11, 1)
    assert retention.first_kept(date(2026, 1, 31), 1) == date(2025, 12, 1)


async def test_what_retention_leaves_can_still_be_checked(
    engine: AsyncEngine, owner: AsyncEngine, clean_months: None, key_files: Path, tmp_path: Path
) -> None:
    before = date(2015, 3, 1)

    def tell(gone: int, below: int) -> ledger_leaves.Leaf:
        return ledger_leaves.made(retention.entry(before, gone, below), uuid7(), datetime.now(UTC), "trace", {})

    keeper = head_keeper(engine, key_files, tmp_path)
    await months.add(owner, [date(2015, 1, 1)])
    await write_at(engine, JANUARY, JANUARY, JANUARY + timedelta(days=2), datetime.now(UTC), JANUARY, datetime.now(UTC))
    with pytest.raises(months.NotSigned):
        await months.drop(owner, before, tell)
    await keeper.look()
    assert await months.counted(owner, before) == [(date(2015, 1, 1), 3, 6), (date(2015, 2, 1), 1, 2)]
    assert await months.drop(owner, before, tell) == 4
    assert await rows(owner, "SELECT count(*) FROM ledger") == [(3,)], "two that are kept, and the one that tells of it"

    known = heads.key_set({"keys": await store.keys(engine)})
    kept = verifying.read_heads(heads_file.files(tmp_path)[0].read_bytes().splitlines(), known)
    found = verifying.verify(await exported(engine), kept)
    assert (found.entries, found.hashes, found.findings) == (7, 4, [])
    again = await months.drop(owner, before, tell)
    assert (again, verifying.verify(await exported(engine), kept).findings) == (4, [])

    async with owner.begin() as connection:  # somebody removes one more, and hides it among those
        await connection.execute(
            text(
                "DELETE FROM ledger WHERE operation = 'list' AND at > '2016-01-01' AND entry_id ="
                " (SELECT max(entry_id::text)::uuid FROM ledger WHERE operation = 'list')"
            )
        )
    assert {each.kind for each in verifying.verify(await exported(engine), kept).findings} == {"withheld"}


async def test_who_is_erased_is_forgotten_with_the_entry_that_says_so(engine: AsyncEngine) -> None:
    ledger = Ledger(engine)
    await ledger.record(ENTRY)
    before = await exported(engine)
    erased = replace(ENTRY, operation="erase", outcome="done", people=(Seen(ANNA),))
    await ledger.record(replace(erased, outcome="intent"))
    assert len(await ledger.of_person(uuid.UUID(ANNA), 10, None)) == 2
    await ledger.record(erased)
    assert await ledger.of_person(uuid.UUID(ANNA), 10, None) == []
    for name in ("ledger", "ledger_people", "ledger_subjects", "ledger_leaves"):
        assert ANNA not in str(await rows(engine, f"SELECT {name}::text FROM {name}"))  # noqa: S608 -- names of this test
    after = await exported(engine)
    assert after[:1] == before, "what was written stays as it was, and fits its hash"
    told = [json.loads(line)["people"] for line in after]
    assert len({each["subject"] for people in told[1:] for each in people}) == 1, "a pseudonym, and still one"


async def test_an_erasure_without_a_call_forgets_too(engine: AsyncEngine) -> None:
    ledger = Ledger(engine)
    await ledger.record(ENTRY)
    await forgetting.forget(engine, [uuid.UUID(ANNA), uuid.uuid4()])
    assert await ledger.of_person(uuid.UUID(ANNA), 10, None) == []
    assert len(await ledger.of_person(uuid.UUID(BORYS), 10, None)) == 1


async def test_two_gateways_give_a_person_one_pseudonym(engine: AsyncEngine) -> None:
    crowd = [str(uuid.UUID(int=number)) for number in range(50)]
    found = await asyncio.gather(*(Subjects(engine).of(crowd[::step]) for step in (1, -1, 1, -1)))
    assert all(each == found[0] for each in found)
    assert len(set(found[0].values())) == 50


async def test_entries_are_narrowed_to_an_organisation_and_a_period(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    await write_at(engine, now - timedelta(days=2), now - timedelta(days=1), now)
    ledger, anna = Ledger(engine), uuid.UUID(ANNA)
    for narrowed, count in (
        (Narrowed(), 3),
        (Narrowed(since=now - timedelta(days=1)), 2),
        (Narrowed(until=now - timedelta(days=1)), 1),
        (Narrowed(organisation="employment-agency", since=now), 1),
        (Narrowed(organisation="another"), 0),
    ):
        assert len(await ledger.of_person(anna, 10, None, narrowed)) == count
        assert await ledger.total_of_person(anna, narrowed) == count


async def test_what_was_written_before_stands_first_in_the_tree(postgres: Postgres) -> None:
    made = postgres.database("gateway")
    await asyncio.to_thread(upgrade, made.owner_url, MIGRATIONS, "0002")
    engine = create_async_engine(made.owner_url)
    entry, person = uuid7(), uuid.UUID(ANNA)
    async with engine.begin() as connection:
        await connection.execute(
            text("""
                INSERT INTO ledger (entry_id, at, organisation, client, purpose, operation, resource, outcome, rules,
                    attributes, withheld, trace_id, people)
                VALUES (:entry, '2026-01-02T03:04:05Z', 'o', 'c', 'p', 'read', 'person', 'answered', '{a.b}', '{skills}', 1,
                    't', 1), (:other, '2026-01-02T03:04:06Z', 'o', 'c', 'p', 'read', 'person', 'denied', '{}', '{}', 0, 't', 0)
            """),
            {"entry": entry, "other": uuid7()},
        )
        listed = "INSERT INTO ledger_people (person_id, entry_id, at, besides) VALUES (:person, :entry, now(), '{adult}')"
        await connection.execute(text(listed), {"person": person, "entry": entry})
    await asyncio.to_thread(upgrade, made.owner_url, MIGRATIONS)
    (found,) = await Ledger(engine).of_person(person, 10, None)
    assert (found.entry_id, found.attributes, found.outcome) == (entry, ("adult", "skills"), "answered")
    placed = [each async for each in entries.in_order(engine, 10)]
    assert [each.position for each in placed] == [0, 1]
    assert all(each.leaf is not None and each.leaf.hash() == each.hash for each in placed)
    await engine.dispose()
    made.drop()


async def test_the_command_exports_what_the_command_verifies(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewaySettings, "database", database.app_url)
    for name, value in operator_environment(key_files, LEDGER_HEADS_DIR=tmp_path).items():
        monkeypatch.setenv(name, value)
    keeper = head_keeper(engine, key_files, tmp_path)
    await write_at(engine, *[datetime.now(UTC)] * 1_200)
    await keeper.look()
    (tmp_path / "keys.json").write_text(json.dumps({"keys": list(await store.keys(engine))}))
    export = str(tmp_path / "export.ndjson")

    def run(*words: str) -> str:
        done = CliRunner().invoke(commands.ledger, words)
        assert done.exit_code == 0, done.output
        return done.stdout

    await asyncio.to_thread(run, "export", "--output", export)
    files = ("--heads", str(tmp_path), "--key", str(tmp_path / "keys.json"))
    told = json.loads(await asyncio.to_thread(run, "verify", export, *files, "--json"))
    assert (told["entries"], told["covered"], told["findings"]) == (1_200, 1_000, [])
