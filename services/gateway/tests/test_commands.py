"""The operator's commands, run as an operator runs them: settings from the environment, policy-svc over HTTP."""

import asyncio
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer import Typer
from typer.testing import CliRunner

from gateway import commands, store
from gateway.credentials.tokens import secret_hash
from gateway.identity import PairwiseIds, Scope
from stena import keys
from stena.contracts.catalogue import Catalogue
from stena_local.testing import Database

from .neighbours import CATALOGUE
from .running import operator_environment

PERSON = str(uuid.uuid4())

stena = Typer()
stena.add_typer(commands.client, name="client")
stena.command("person-id")(commands.person_id)


def policy_app() -> FastAPI:
    app = FastAPI()

    @app.get("/rulebook")
    async def rulebook() -> Catalogue:
        return CATALOGUE

    return app


@pytest.fixture(scope="module")
def policy_url() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(policy_app(), log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def operator(
    monkeypatch: pytest.MonkeyPatch, database: Database, engine: AsyncEngine, key_files: Path, policy_url: str
) -> CliRunner:
    address = database.app_url.render_as_string(hide_password=False)
    for name, value in operator_environment(key_files, DATABASE_URL=address, POLICY_URL=policy_url).items():
        monkeypatch.setenv(name, value)
    return CliRunner()


async def run(operator: CliRunner, *arguments: str) -> tuple[int, str, str]:
    """In a thread, since a command brings its own event loop."""
    result = await asyncio.to_thread(operator.invoke, stena, list(arguments))
    return result.exit_code, result.stdout, result.stderr


async def test_a_registered_client_is_stored_without_its_secret(operator: CliRunner, engine: AsyncEngine) -> None:
    arguments = ("client", "add", "--organisation", "self-service", "--name", "Оля", "--person", PERSON, "--json")
    code, out, _ = await run(operator, *arguments)
    made = json.loads(out)
    (row,) = await store.all_clients(engine)
    assert code == 0
    assert (row.client_id, row.name, row.organisation, str(row.person_id)) == (made["client_id"], "Оля", "self-service", PERSON)
    assert row.secret_hash == secret_hash(made["client_secret"])
    assert len(made["client_secret"]) >= 43  # 256 bits
    _, listed, _ = await run(operator, "client", "list", "--json")
    assert made["client_secret"] not in listed


async def test_a_client_is_revoked_once(operator: CliRunner, engine: AsyncEngine) -> None:
    await run(operator, "client", "add", "--organisation", "reception-agency", "--name", "x")
    (row,) = await store.all_clients(engine)
    assert (await run(operator, "client", "revoke", row.client_id))[0] == 0
    code, _, err = await run(operator, "client", "revoke", row.client_id)
    assert (code, row.client_id in err) == (1, True)
    _, listed, _ = await run(operator, "client", "list")
    assert row.client_id in listed  # whole, so that it can be copied


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("client", "add", "--organisation", "nobody", "--name", "x"), "employment-agency, reception-agency"),
        (("client", "add", "--organisation", "self-service", "--name", "x", "--person", "psn_x"), "UUID"),
        (("person-id", PERSON, "--organisation", "nobody"), "no organisation nobody"),
        (("person-id", PERSON, "--organisation", "self-service", "--purpose", "nothing"), "no purpose nothing"),
        (("person-id", "42", "--organisation", "self-service"), "UUID"),
        (("person-id", PERSON, "--organisation", "self-service", "--known-to", "employment-agency"), "knows nobody"),
    ],
)
async def test_a_mistake_is_named_and_nothing_is_stored(
    operator: CliRunner, engine: AsyncEngine, arguments: tuple[str, ...], told: str
) -> None:
    code, out, err = await run(operator, *arguments)
    assert (code, out) == (1, "")
    assert told in err
    assert await store.all_clients(engine) == []


async def test_without_policy_svc_the_command_says_what_to_do(operator: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_POLICY_URL", "http://127.0.0.1:1")
    code, _, err = await run(operator, "client", "add", "--organisation", "self-service", "--name", "x")
    assert (code, "stena up" in err) == (1, True)


@pytest.mark.parametrize(
    ("purpose", "reach"), [("job-ranking", "purpose"), ("registration", "organisation"), ("", "organisation")]
)
async def test_an_id_reaches_as_far_as_the_purpose_says(operator: CliRunner, key_files: Path, purpose: str, reach: str) -> None:
    arguments = ["person-id", PERSON, "--organisation", "employment-agency", "--json"]
    code, out, _ = await run(operator, *arguments, *(["--purpose", purpose] if purpose else []))
    made = json.loads(out)
    ids = PairwiseIds({1: keys.secret(key_files / "ids" / "1", 64)})
    assert (code, made["reach"]) == (0, reach)
    assert ids.open(made["id"], Scope(made["reach"], "employment-agency", purpose)) == PERSON


async def test_a_person_is_named_as_an_organisation_knows_them(operator: CliRunner, key_files: Path) -> None:
    ids = PairwiseIds({1: keys.secret(key_files / "ids" / "1", 64)})
    known = ids.name(PERSON, Scope("organisation", "reception-agency", ""))
    arguments = ["person-id", known, "--known-to", "reception-agency", "--organisation", "self-service"]
    code, out, err = await run(operator, *arguments)
    assert (code, out.strip()) == (0, ids.name(PERSON, Scope("organisation", "self-service", ""))), err


async def test_a_client_may_have_keys_in_the_place_of_a_secret_and_get_others(
    operator: CliRunner, engine: AsyncEngine, tmp_path: Path
) -> None:
    jwks, key = tmp_path / "keys.json", OKPKey.generate_key("Ed25519", auto_kid=True)
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    add = ("client", "add", "--organisation", "employment-agency", "--name", "keyed", "--json")
    code, out, _ = await run(operator, *add, "--jwks", str(jwks))
    assert (code, "client_secret" in json.loads(out)) == (0, False)
    client_id = json.loads(out)["client_id"]
    (row,) = await store.all_clients(engine)
    assert (json.loads(row.jwks or "")["keys"][0]["kid"], row.jwks_uri, row.issuer) == (key.kid, None, None)
    code, out, _ = await run(operator, "client", "renew", client_id, "--keep-hours", "0", "--json")
    secret = json.loads(out)["client_secret"]
    (row,) = await store.all_clients(engine)
    assert (code, row.secret_hash, row.jwks, row.earlier_until) == (0, secret_hash(secret), None, None)
    code, out, _ = await run(operator, "client", "renew", client_id, "--issuer", "https://login.example")
    (row,) = await store.all_clients(engine)
    assert (code, row.issuer, row.earlier_secret_hash) == (0, "https://login.example", secret_hash(secret))


async def test_keys_that_cannot_be_taken_register_nobody(operator: CliRunner, engine: AsyncEngine, tmp_path: Path) -> None:
    jwks, key = tmp_path / "keys.json", OKPKey.generate_key("Ed25519", auto_kid=True)
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
    add = ("client", "add", "--organisation", "employment-agency", "--name", "keyed")
    for options, said in (
        (("--jwks", str(jwks)), "private"),
        (("--jwks-uri", "http://client.example/keys"), "https://"),
        (("--issuer", "https://login.example", "--jwks-uri", "https://client.example"), "one of"),
    ):
        code, _, error = await run(operator, *add, *options)
        assert (code, said in error) == (1, True), error
    code, _, error = await run(operator, "client", "renew", "cli_nobody")
    assert (code, "cli_nobody" in error) == (1, True)
    assert await store.all_clients(engine) == []


async def test_what_the_commands_do_stands_in_the_ledger(operator: CliRunner, engine: AsyncEngine) -> None:
    _, out, _ = await run(operator, "client", "add", "--organisation", "employment-agency", "--name", "x", "--json")
    await run(operator, "client", "revoke", json.loads(out)["client_id"])
    await run(operator, "client", "revoke", "cli_nobody")
    async with engine.begin() as connection:
        query = text("SELECT client, organisation, purpose, operation, outcome FROM ledger ORDER BY at")
        rows = [tuple(row) for row in await connection.execute(query)]
    steps = [("register", "done"), ("revoke", "done"), ("revoke", "not-found")]
    assert rows == [("shell", "operator", "administration", name, end) for name, last in steps for end in ("intent", last)]
