"""A decision of the ledger as the call that was asked: what `stena rulebook explain` gets to read."""

import asyncio
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from gateway.calls import Caller, Entry, Seen, Stated
from gateway.record import commands as ledger_commands
from gateway.record.ledger import Ledger
from stena.contracts.access import Evaluation
from stena_local.testing import Database

from .running import operator_environment

ANNA, BORYS = (str(uuid.uuid4()) for _ in range(2))
READ = Entry(
    Caller("cli_x", "employment-agency"),
    Stated("Bearer secret-token", "job-ranking", case="C-1", acting_user="Иван"),
    "read",
    "person",
    "answered",
    decision="dec_one",
    rulebook="sha256:test",
    rules=("job-ranking.operate",),
    people=(Seen(ANNA, frozenset({"skills"})),),
)


@pytest.fixture
def environment(database: Database, monkeypatch: pytest.MonkeyPatch, key_files: Path) -> None:
    address = database.app_url.render_as_string(hide_password=False)
    for name, value in operator_environment(key_files, DATABASE_URL=address).items():
        monkeypatch.setenv(name, value)


async def asked(engine: AsyncEngine, entry: Entry) -> dict[str, Any]:
    ledger = Ledger(engine)
    await ledger.record(entry)
    assert entry.decision is not None
    found = await ledger.of_decision(entry.decision)
    assert found is not None
    return ledger_commands.asked(found)


async def test_a_call_about_one_person(engine: AsyncEngine) -> None:
    call = await asked(engine, READ)
    assert Evaluation.model_validate(call["evaluation"]).model_dump() == {
        "subject": {
            "type": "organisation",
            "id": "employment-agency",
            "properties": {"client": "cli_x", "acting_user": "Иван"},
        },
        "action": {"name": "read", "properties": {}},
        "resource": {"type": "person", "id": ANNA, "properties": {}},
        "context": {"purpose": "job-ranking", "case": "C-1"},
    }
    assert call["rulebook"] == "sha256:test"


@pytest.mark.parametrize(
    "entry",
    [
        replace(READ, operation="list"),
        replace(READ, operation="list", people=(Seen(ANNA), Seen(BORYS))),
        replace(READ, operation="export", people=()),
    ],
)
async def test_a_call_about_many_names_none_of_them(engine: AsyncEngine, entry: Entry) -> None:
    assert (await asked(engine, entry))["evaluation"]["resource"]["id"] == "*"


async def test_a_writing_call_is_shown_as_it_ended(engine: AsyncEngine) -> None:
    ledger = Ledger(engine)
    await ledger.record(replace(READ, operation="amend", outcome="intent"))
    await ledger.record(replace(READ, operation="amend", outcome="done"))
    found = await ledger.of_decision("dec_one")
    assert found is not None
    assert found.outcome == "done"


async def test_a_decision_that_nobody_knows(engine: AsyncEngine) -> None:
    assert await Ledger(engine).of_decision("dec_none") is None


async def test_the_command(environment: None, engine: AsyncEngine) -> None:
    await Ledger(engine).record(READ)

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(ledger_commands.ledger, ["show", *words])
        return result.exit_code, result.stdout

    code, text = await asyncio.to_thread(run, "dec_one", "--json")
    assert code == 0
    assert json.loads(text)["evaluation"]["resource"]["id"] == ANNA
    assert "secret-token" not in text
    code, text = await asyncio.to_thread(run, "dec_one")
    assert "job-ranking.operate" in text
    assert (await asyncio.to_thread(run, "dec_none"))[0] == 1
