"""The breach report: whom it was about, from the ledger alone, and that asking stands there too."""

import asyncio
import csv
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typer.testing import CliRunner

from gateway.calls import Caller, Entry, Outcome, Seen, Stated
from gateway.record import breach_commands
from gateway.record.ledger import Ledger
from gateway.store import breaches
from gateway.store.breaches import Scope
from gateway.tables import metadata
from stena_local.testing import Database

from .running import operator_environment

NOW = datetime.now(UTC)
DAY = Scope(NOW - timedelta(days=1), NOW + timedelta(days=1))
OLENA, MARIAM, SAMIR = (str(uuid4()) for _ in range(3))


def entry(organisation: str, outcome: Outcome = "answered", client: str = "cli_1", **people: set[str]) -> Entry:
    known = {"olena": OLENA, "mariam": MARIAM, "samir": SAMIR}
    seen = tuple(Seen(known[name], frozenset(attributes)) for name, attributes in people.items())
    decision = f"dec_{uuid4().hex}"
    return Entry(Caller(client, organisation), Stated(None, "job-ranking"), "list", "person", outcome, decision, people=seen)


async def tell(engine: AsyncEngine) -> None:
    book = Ledger(engine)
    await book.record(entry("bakery", olena={"skills"}, mariam={"skills", "languages"}))
    await book.record(entry("bakery", client="cli_2", olena={"phone"}))
    await book.record(entry("builder", samir={"skills"}))
    await book.record(entry("bakery", "denied", samir={"phone"}))
    await book.record(entry("bakery", "intent", olena=set()))


@pytest.fixture
async def told(engine: AsyncEngine) -> AsyncEngine:
    await tell(engine)
    return engine


@pytest.fixture
def operator(database: Database, monkeypatch: pytest.MonkeyPatch, key_files: Path) -> None:
    """Somebody with the settings of a gateway whose ledger holds something, while policy-svc is gone."""
    address = database.app_url.render_as_string(hide_password=False)
    for name, value in operator_environment(key_files, DATABASE_URL=address).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GATEWAY_POLICY_URL", "http://127.0.0.1:9")

    async def seed() -> None:
        owner, serving = create_async_engine(database.owner_url), create_async_engine(database.app_url)
        async with owner.begin() as connection:
            await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
        await tell(serving)
        await owner.dispose()
        await serving.dispose()

    asyncio.run(seed())


async def test_how_much_was_disclosed_to_whom(told: AsyncEngine) -> None:
    found = await breaches.extent(told, Scope(DAY.since, DAY.until, "bakery"), {"skills": "skills", "phone": "contact"})
    assert (found.people, found.entries, found.unended, found.forgotten) == (2, 2, 1, 0)
    assert found.attributes == {"skills": 2, "languages": 1, "phone": 1}
    assert found.categories == {"skills": 2, "contact": 1, "other": 1}
    assert found.organisations == {"bakery": 2}
    whole = await breaches.extent(told, DAY, {})
    assert (whole.people, whole.entries, whole.organisations) == (3, 3, {"bakery": 2, "builder": 1})
    of_client = await breaches.extent(told, Scope(DAY.since, DAY.until, client="cli_2"), {})
    assert (of_client.people, of_client.attributes) == (1, {"phone": 1})
    before = await breaches.extent(told, Scope(NOW - timedelta(days=2), NOW - timedelta(days=1)), {})
    assert (before.people, before.entries, before.first) == (0, 0, None)


async def test_whom_it_was_about_page_by_page(told: AsyncEngine) -> None:
    scope = Scope(DAY.since, DAY.until, "bakery")
    first = await breaches.people_after(told, scope, None, 1)
    second = await breaches.people_after(told, scope, first[-1].subject, 1)
    assert await breaches.people_after(told, scope, second[-1].subject, 1) == []
    by_person = {str(each.person): each for each in (*first, *second)}
    assert by_person.keys() == {OLENA, MARIAM}
    assert by_person[OLENA].attributes == ("phone", "skills")
    assert by_person[OLENA].entries == 2
    assert by_person[MARIAM].attributes == ("languages", "skills")


async def test_who_was_erased_is_counted_and_not_named(told: AsyncEngine) -> None:
    async with told.begin() as connection:
        await connection.execute(text("DELETE FROM ledger_subjects WHERE person_id = :id"), {"id": UUID(OLENA)})
    found = await breaches.extent(told, DAY, {})
    assert (found.people, found.forgotten) == (3, 1)
    named = {each.person for each in await breaches.people_after(told, DAY, None)}
    assert named == {None, UUID(MARIAM), UUID(SAMIR)}


@pytest.mark.parametrize("name", ["people.csv", "people.ndjson"])
@pytest.mark.usefixtures("operator")
def test_the_command_writes_a_table_and_a_file_and_stands_in_the_ledger(database: Database, tmp_path: Path, name: str) -> None:
    span = ["--since", (NOW - timedelta(days=1)).isoformat(), "--until", (NOW + timedelta(days=1)).isoformat()]
    asked = ["report", *span, "--organisation", "bakery", "--acting-user", "Petrova", "--output", str(tmp_path / name)]
    done = CliRunner().invoke(breach_commands.breach, asked)
    assert done.exit_code == 0, done.output
    assert "bakery" in done.output
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    lines = (tmp_path / name).read_text().splitlines()
    rows = list(csv.DictReader(lines)) if name.endswith(".csv") else [json.loads(line) for line in lines]
    assert {row["person"] for row in rows} == {OLENA, MARIAM}
    as_json = CliRunner().invoke(breach_commands.breach, [*asked[:-2], "--json"])
    assert json.loads(as_json.stdout)["attributes"]["skills"] == 2
    asked_for = asyncio.run(entries_of("operator", database))
    assert asked_for == [("Petrova", "report", number) for number in (0, 2, 0)]


async def entries_of(organisation: str, database: Database) -> list[tuple[str, str, int]]:
    query = "SELECT acting_user, operation, people FROM ledger WHERE organisation = :name ORDER BY entry_id"
    engine = create_async_engine(database.app_url)
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(text(query), {"name": organisation})]
    await engine.dispose()
    return found
