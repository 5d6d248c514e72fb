"""`stena doctor` on real databases, keys and sockets: each thing is broken once, named, and well again when it was mended."""

import asyncio
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from stena import erasure_journal, keys
from stena.migrations import upgrade
from stena_local.doctor import judging, services
from stena_local.doctor.commands import examined
from stena_local.doctor.finding import Finding, State
from stena_local.layout import Layout
from stena_local.main import app
from stena_local.postgres import SUPERUSER
from stena_local.settings import Settings
from stena_local.testing import Postgres, temporary_postgres
from stena_local.tls_files import make_tls

from .queries import run

HOUSE = Path(__file__).parents[3]
SCRIPTS = {
    "gateway": "services/gateway/src/gateway/migrations",
    "policy": "services/policy-svc/migrations",
    "profile": "services/profile-svc/migrations",
    "profile_keys": "services/profile-svc/key_migrations",
}
Told = dict[str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One of our own: what a role may reach elsewhere is of the whole server."""
    with temporary_postgres() as postgres:
        yield postgres


@pytest.fixture(scope="module")
def told(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What the operator of a deployment is told, with databases as the migrations make them and nobody who serves."""
    layout = Layout(Settings(home=tmp_path_factory.mktemp("doctor") / "home"))
    layout.make_folders()
    layout.secrets.make()
    layout.secrets.keep_client("cli_1", "secret")
    told = {name: value for name, value in layout.operator_environment().items() if not name.endswith("_URL")}
    for name, scripts in SCRIPTS.items():
        database = server.database(name)
        upgrade(database.owner_url, HOUSE / scripts)
        told[f"{name.upper()}_DATABASE_URL"] = str(database.app_url)
        Path(told[f"{name.upper()}_DATABASE_PASSWORD_FILE"]).write_text(str(database.app_url.password))
    journal = erasure_journal.Journal(layout.erasures, keys.secret(layout.secrets.path("journal-key")))
    journal.open([], datetime.now(UTC))
    for name in ("profile", "profile_keys"):
        _as_superuser(server, told, name, "UPDATE journal_mark SET number = 0, mac = 'of line 0'")
    _as_superuser(
        server,
        told,
        "gateway",
        "SELECT ledger_add_month(month::date) FROM generate_series(now(), now() + '2 months', '1 month') AS month",
    )
    return told


def _as_superuser(server: Postgres, told: Mapping[str, str], database: str, statement: str) -> None:
    name = told[f"{database.upper()}_DATABASE_URL"].rpartition("/")[2]
    asyncio.run(run(server.server.url(name, SUPERUSER), statement))


def not_well(told: Mapping[str, str]) -> list[Finding]:
    """But for the one thing that is always so: the tests' PostgreSQL forgets."""
    forgetful = "fsync = off, full_page_writes = off, synchronous_commit = off"
    return [each for each in examined(told) if each.state is not State.WELL and each.found != forgetful]


def test_a_deployment_as_it_is_made_is_well(told: Told) -> None:
    assert not_well(told) == []


STATEMENTS = {
    "a ledger that can be changed": (
        "gateway",
        "GRANT UPDATE (at) ON ledger TO gateway_app",
        "REVOKE UPDATE (at) ON ledger FROM gateway_app",
        "in ledger",
    ),
    "a month of it that can be emptied": (
        "gateway",
        "GRANT DELETE ON ledger_people_rest TO gateway_app",
        "REVOKE DELETE ON ledger_people_rest FROM gateway_app",
        "ledger_people_rest",
    ),
    "a rulebook whose history can be changed": (
        "policy",
        "GRANT DELETE ON rulebook_activations TO policy_app",
        "REVOKE DELETE ON rulebook_activations FROM policy_app",
        "rulebook_activations",
    ),
    "a role that can do anything": (
        "profile",
        "ALTER ROLE profile_app CREATEROLE",
        "ALTER ROLE profile_app NOCREATEROLE",
        "administer",
    ),
    "a role that can become another": (
        "gateway",
        "GRANT gateway_owner TO gateway_app",
        "REVOKE gateway_owner FROM gateway_app",
        "become",
    ),
    "a role that can make tables": (
        "policy",
        "GRANT CREATE ON SCHEMA public TO policy_app",
        "REVOKE CREATE ON SCHEMA public FROM policy_app",
        "make tables",
    ),
    "people and their keys for one role": (
        "profile_keys",
        "GRANT CONNECT ON DATABASE {profile_keys} TO profile_app",
        "REVOKE CONNECT ON DATABASE {profile_keys} FROM profile_app",
        "reach profile_keys",
    ),
    "a log that quotes values": (
        "gateway",
        "ALTER ROLE gateway_app SET log_statement = 'all'",
        "ALTER ROLE gateway_app RESET log_statement",
        "log_statement",
    ),
    "a database of another release": (
        "policy",
        "UPDATE alembic_version SET version_num = '0000'",
        "UPDATE alembic_version SET version_num = '{head}'",
        "at 0000, wanted is",
    ),
    "a mark that the journal does not reach": (
        "profile",
        "UPDATE journal_mark SET number = 7",
        "UPDATE journal_mark SET number = 0",
        "line 7 of 0",
    ),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_what_is_wrong_in_a_database_is_named(server: Postgres, told: Told, case: str) -> None:
    database, breaking, mending, named = STATEMENTS[case]
    words = {"profile_keys": told["PROFILE_KEYS_DATABASE_URL"].rpartition("/")[2], "head": _head(told)}
    _as_superuser(server, told, database, breaking.format(**words))
    try:
        found = not_well(told)
    finally:
        _as_superuser(server, told, database, mending.format(**words))
    assert any(named in each.found for each in found), found
    assert all(each.state is State.BROKEN and each.mend for each in found)
    assert not_well(told) == []


def _head(told: Mapping[str, str]) -> str:
    """What the database `policy` is at."""
    return next(each.found.removeprefix("at ") for each in examined(told) if each.what == "policy: migrations")


@contextmanager
def moved(path: Path) -> Iterator[None]:
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    try:
        yield
    finally:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        aside.rename(path)


@contextmanager
def written(path: Path, text: str) -> Iterator[None]:
    with moved(path):
        path.touch(mode=0o600)
        path.write_text(text)
        yield


@contextmanager
def opened(path: Path) -> Iterator[None]:
    path.chmod(0o644)
    yield
    path.chmod(0o600)


FILES: Mapping[str, tuple[str, Callable[[Path], AbstractContextManager[None]], str]] = {
    "a key that is missing": ("GATEWAY_CURSOR_KEY_FILE", moved, "No such file"),
    "a key that others can read": ("GATEWAY_TOKEN_KEY_FILE", opened, "open to other users"),
    "a key that is none": ("PROFILE_INDEX_KEY_FILE", lambda path: written(path, "index"), "no key"),
    "a public key to sign with": ("POLICY_GRANT_KEY_FILE", lambda path: written(path, '{"kty": "OKP"}'), "no key"),
    "an empty password": ("POLICY_OWNER_DATABASE_PASSWORD_FILE", lambda path: written(path, "\n"), "empty"),
    "a list that nobody can read": ("POLICY_ENFORCEMENT_POINTS_FILE", lambda path: written(path, "gateway"), "no JSON"),
    "a folder of keys that is missing": ("PROFILE_MASTER_KEYS_DIR", moved, "No such file"),
    "the ledger's heads nowhere": ("GATEWAY_LEDGER_HEADS_DIR", moved, "missing"),
}


@pytest.mark.parametrize("case", FILES)
def test_what_is_wrong_with_a_file_is_named(told: Told, case: str) -> None:
    setting, breaking, named = FILES[case]
    with breaking(Path(told[setting])):
        found = [each for each in not_well(told) if each.area in ("keys", "disk") and each.what == setting]
    assert [(each.state, named in each.found, bool(each.mend)) for each in found] == [(State.BROKEN, True, True)]
    assert not_well(told) == []


def test_a_version_of_a_key_that_is_none_is_named(told: Told) -> None:
    staged = Path(told["GATEWAY_ID_KEYS_DIR"]) / "2.staged"
    staged.write_text("no hexadecimal text")
    try:
        assert [each.found for each in not_well(told)] == ["2.staged: no key"]
    finally:
        staged.unlink()


@pytest.mark.parametrize("change", [lambda text: text.replace("begun", "gone"), lambda text: ""], ids=["changed", "emptied"])
def test_a_journal_that_is_not_what_it_was_is_named(told: Told, change: Callable[[str], str]) -> None:
    journal = Path(told["PROFILE_ERASURE_JOURNAL_DIR"]) / erasure_journal.NAME
    with written(journal, change(journal.read_text())):
        assert {(each.area, each.state) for each in not_well(told)} == {("erasures", State.BROKEN)}


def test_a_database_that_does_not_answer_is_named_and_the_others_are_looked_at(told: Told) -> None:
    found = not_well({**told, "PROFILE_DATABASE_URL": "postgresql+asyncpg://profile_app@127.0.0.1:1/profile"})
    assert [(each.what, each.found) for each in found] == [("profile", "ConnectionRefusedError")]


def test_a_disk_without_room_is_named(told: Told) -> None:
    full = next(each for each in examined({}, [Path("/proc")]) if each.area == "disk")
    assert (full.state, full.what) == (State.BROKEN, "the disk of /proc")


def seen(**changed: Any) -> judging.Seen:
    """A database as it must be, but for ``changed``."""
    now = datetime.now(UTC)
    server = {"version": "18", "number": 180000, "connections": 10, "most": 100, "settings": dict(judging.SETTINGS)}
    server |= {"archives": True, "archived": now, "failed": None} | changed.pop("server", {})
    role = SimpleNamespace(name="gateway_app", mighty=False, member=False, creates=False, owns=False, elsewhere=[])
    months = frozenset(f"{at:%Y_%m}" for at in (now, now + timedelta(days=31), now + timedelta(days=62)))
    usual: dict[str, Any] = {"ahead": 0.1, "rights": [], "revisions": frozenset({"1"}), "months": months, "head_at": now}
    return judging.Seen(**{"name": "gateway", "server": SimpleNamespace(**server), "role": role, **usual, **changed})


@pytest.mark.parametrize(
    ("changed", "state", "what"),
    [
        ({}, None, ""),
        ({"ahead": -2.0}, State.SOON, "database gateway"),
        ({"ahead": 11.0}, State.BROKEN, "database gateway"),
        ({"server": {"number": 140011}}, State.BROKEN, "gateway: PostgreSQL"),
        ({"server": {"connections": 95}}, State.SOON, "gateway: PostgreSQL"),
        ({"server": {"archived": None, "failed": datetime.now(UTC)}}, State.BROKEN, "gateway: archive"),
        ({"months": frozenset()}, State.BROKEN, "months"),
        ({"months": frozenset({f"{datetime.now(UTC):%Y_%m}"})}, State.SOON, "months"),
        ({"head_at": datetime.now(UTC) - timedelta(minutes=6)}, State.BROKEN, "heads"),
    ],
    ids=["well", "clock", "clocks far apart", "old server", "connections", "archive", "no month", "last month", "late head"],
)
def test_what_was_seen_of_a_database_is_judged(changed: Mapping[str, Any], state: State | None, what: str) -> None:
    found = [each for each in judging.judge(seen(**changed), frozenset({"1"})) if each.state is not State.WELL]
    assert [(each.state, each.what) for each in found] == ([(state, what)] if state else [])


@contextmanager
def answering(status: int, body: Mapping[str, Any], behind: float = 0) -> Iterator[str]:
    """Somebody who says of itself what a service says; where."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Date", formatdate(datetime.now(UTC).timestamp() - behind, usegmt=True))
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


READY = {"status": "ready", "checks": {"rulebook": True}, "rulebook": {"revision": "sha256:a"}}


@pytest.mark.parametrize(
    ("status", "body", "behind", "wanted"),
    [
        (200, READY, 0, []),
        (
            503,
            READY | {"status": "not ready", "checks": {"ledger": False}},
            0,
            [("services", State.BROKEN, "not ready: ledger")],
        ),
        (
            200,
            READY | {"status": "degraded", "checks": {"ledger heads": False}},
            0,
            [("services", State.SOON, "degraded: ledger heads")],
        ),
        (200, READY, 60, [("clocks", State.BROKEN, "-60 s from here")]),
        (
            200,
            READY | {"rulebook": {"revision": "sha256:b"}},
            0,
            [("rulebook", State.BROKEN, "not the same everywhere: sha256:a, sha256:b")],
        ),
    ],
    ids=["well", "not ready", "degraded", "clock", "rulebook"],
)
def test_each_replica_is_asked(
    status: int, body: Mapping[str, Any], behind: float, wanted: Sequence[tuple[str, State, str]]
) -> None:
    with answering(status, body, behind) as url:
        found = [each for each in services.check({"GATEWAY_POLICY_URL": url}, None, "sha256:a") if each.state is not State.WELL]
    assert [(each.area, each.state, _rounded(each.found)) for each in found] == list(wanted)


def _rounded(found: str) -> str:
    """The second that a clock may show more or less."""
    return found.replace("-61 s", "-60 s").replace("-59 s", "-60 s")


def test_a_service_that_is_not_there_is_named() -> None:
    gone, unknown = "http://127.0.0.1:1", "http://nobody.invalid:8402"
    found = list(services.check({"GATEWAY_POLICY_URL": gone, "GATEWAY_PROFILE_URL": unknown}, None, None))
    assert [each.found for each in found] == ["does not answer", "nobody.invalid is not known"]
    assert {each.state for each in found} == {State.BROKEN}


@pytest.mark.parametrize(("age", "state"), [(0, State.WELL), (380, State.SOON), (400, State.BROKEN)])
def test_a_certificate_that_ends_is_named(tmp_path: Path, age: int, state: State) -> None:
    make_tls(tmp_path, "wall.example", datetime.now(UTC) - timedelta(days=age))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    with context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as door:
        threading.Thread(target=lambda: _take(door), daemon=True).start()
        url = f"https://127.0.0.1:{door.getsockname()[1]}"
        assert [each.state for each in services.check_certificate({"GATEWAY_PUBLIC_URL": url})] == [state]


def _take(door: ssl.SSLSocket) -> None:
    with door.accept()[0]:
        pass


@pytest.mark.parametrize("breaking", [False, True])
def test_the_command_tells_machines_by_its_status_and_people_by_a_table(
    told: Told, monkeypatch: pytest.MonkeyPatch, breaking: bool
) -> None:
    """As in a container: what its service is told stands in the environment."""
    for name, value in told.items():
        if name.startswith("POLICY_") and name != "POLICY_DATABASE_URL":
            monkeypatch.setenv(name, value)
    with moved(Path(told["POLICY_GRANT_KEY_FILE"])) if breaking else nullcontext():
        table, machine = (CliRunner().invoke(app, ["doctor", *options]) for options in ((), ("--json",)))
    assert table.exit_code == machine.exit_code == int(breaking)
    broken = [each["what"] for each in json.loads(machine.stdout) if each["state"] == "broken"]
    assert broken == (["POLICY_GRANT_KEY_FILE"] if breaking else [])
    assert ("POLICY_GRANT_KEY_FILE" in table.stdout) is breaking


def test_it_looks_again_until_all_is_well(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    key = told["POLICY_GRANT_KEY_FILE"]
    monkeypatch.setenv("POLICY_GRANT_KEY_FILE", key)
    with ThreadPoolExecutor(1) as beside:
        with moved(Path(key)):
            assert CliRunner().invoke(app, ["doctor", "--within", "0.5"]).exit_code == 1
            waiting = beside.submit(CliRunner().invoke, app, ["doctor", "--within", "30"])
            assert not wait([waiting], 0.5).done
        assert waiting.result().exit_code == 0
