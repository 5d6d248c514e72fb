"""The commands as an operator runs them: a file, settings from the environment, policy-svc over real HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import typer
import uvicorn
from typer.testing import CliRunner

from profile_svc.commands import import_people, person_find
from profile_svc.forgetting import forget
from profile_svc.key_commands import keys
from profile_svc.lookup_commands import lookups
from stena import key_folders

from .people import OLENA
from .source import Service

CANARY = "canary-0815"


@pytest.fixture
async def operator(service: Service, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The operator's environment, and policy-svc listening on loopback."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # calls wait here until the server takes them
        server = uvicorn.Server(uvicorn.Config(service.policy.app(), log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        environment = service.settings.model_dump(exclude_none=True, include=set(type(service.settings).model_fields))
        for name, value in {**environment, "policy_url": f"http://127.0.0.1:{listening.getsockname()[1]}"}.items():
            monkeypatch.setenv(f"PROFILE_{name.upper()}", str(value))
        yield
        server.should_exit = True
        await task


async def stena(*arguments: str) -> Any:
    app = typer.Typer()
    app.command("import")(import_people)
    app.command("person-find")(person_find)
    app.add_typer(lookups, name="lookups")
    app.add_typer(keys, name="keys")
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


def file_of(folder: Path, *lines: dict[str, Any]) -> str:
    file = folder / "people.ndjson"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return str(file)


def line(external_id: str, **attributes: Any) -> dict[str, Any]:
    return {"external_id": external_id, "created_by": "import-lab", "attributes": {**OLENA, **attributes}}


@pytest.mark.usefixtures("operator")
async def test_a_file_is_imported_and_its_people_are_found(service: Service, tmp_path: Path) -> None:
    done = await stena("import", file_of(tmp_path, line("C-1"), line("C-2")), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"created": 2, "updated": 0, "unchanged": 0, "bad": 0, "errors": []}
    found = await stena("person-find", "C-2", "--created-by", "import-lab")
    assert (await service.read(found.stdout.strip()))["attributes"]["gender"] == "female"
    assert (await stena("person-find", "C-2", "--created-by", "facts-lab")).exit_code == 1


@pytest.mark.usefixtures("operator")
async def test_bad_lines_are_shown_up_to_a_bound_and_reported_all(tmp_path: Path) -> None:
    lines = [line("C-3"), *(line(f"C-bad-{number}", gender=CANARY) for number in range(25))]
    report = tmp_path / "report.json"
    done = await stena("import", file_of(tmp_path, *lines), "--report", str(report))
    assert done.exit_code == 1
    assert "created 1, updated 0, unchanged 0, bad 25" in done.stdout
    assert done.stdout.count("attributes/gender") == 20
    assert f"and 5 more; all are in {report}" in done.stdout
    assert [error["line"] for error in json.loads(report.read_text())["errors"]] == list(range(2, 27))
    assert CANARY not in done.output + report.read_text()


@pytest.mark.usefixtures("operator")
async def test_the_index_is_made_anew_and_gone_on_with(service: Service, tmp_path: Path) -> None:
    await stena("import", file_of(tmp_path, *(line(f"L-{number}", phone=f"+3598800{number:04}") for number in range(3))))
    # Whom other tests have left without an index may come before these three.
    assert (await stena("lookups", "rebuild")).exit_code == 0
    indexed = "SELECT person_id::text FROM lookups GROUP BY person_id ORDER BY person_id DESC"
    last = [row[0] for row in await service.sql(indexed)][:3]
    behind = len(await service.sql(f"SELECT 1 FROM persons WHERE person_id > '{last[1]}'"))  # noqa: S608 -- an id of ours
    await service.sql("DELETE FROM lookups")
    done = await stena("lookups", "rebuild", "--after", last[1])
    assert (done.exit_code, done.stdout) == (0, f"{behind} people are indexed.\n"), done.output
    assert [row[0] for row in await service.sql(indexed)] == last[:1]
    assert (await stena("lookups", "rebuild")).exit_code == 0
    assert [row[0] for row in await service.sql(indexed)][:3] == last


@pytest.mark.usefixtures("operator")
async def test_an_index_that_cannot_be_made_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE_POLICY_URL", "http://127.0.0.1:1")
    done = await stena("lookups", "rebuild", "--after", "0191d0a4-0000-7000-8000-000000000000")
    assert done.exit_code == 2
    assert "Go on with: stena lookups rebuild --after 0191d0a4-0000-7000-8000-000000000000" in done.output


@pytest.mark.usefixtures("operator")
async def test_without_policy_svc_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE_POLICY_URL", "http://127.0.0.1:1")
    done = await stena("import", file_of(tmp_path, line("C-4")))
    assert done.exit_code == 2
    assert "Nothing more was imported" in done.output


@pytest.mark.usefixtures("operator")
async def test_the_master_key_is_renewed_and_its_state_is_shown(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_folders, "SETTLE", 0.0)
    person = (await service.register(OLENA))["id"]
    done = await stena("keys", "rotate")
    assert (done.exit_code, "it works" in done.output) == (0, True)
    shown = (await stena("keys", "status")).output
    assert [word in shown for word in ("opens", "wraps and opens", "staged")] == [True, True, False]
    assert (await service.read(person))["attributes"]["given_name"] == OLENA["given_name"]


@pytest.mark.usefixtures("operator")
async def test_retention_says_what_it_would_end(service: Service) -> None:
    """The catalogue here keeps records for ever."""
    done = await asyncio.to_thread(forget, dry_run=True)
    assert done["people erased"] == 0
    assert done["idempotency keys forgotten"] == 0
