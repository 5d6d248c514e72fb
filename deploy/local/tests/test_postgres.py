"""The embedded PostgreSQL as a deployment runs it: what it opens, what it keeps, and what it says when it cannot start."""

import asyncio
import os
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from stena_local.postgres import SUPERUSER, Server, random_passwords
from stena_local.processes import command_line
from stena_local.programs import find
from stena_local.testing import free_port
from stena_local.trouble import DeploymentError

from .queries import run
from .sockets import listening

pytestmark = pytest.mark.processes


@pytest.fixture
def server(passable: Path) -> Iterator[Server]:
    """A server that has not been started."""
    server = Server(passable / "postgres", free_port(), random_passwords(), find("nobody"), passable / "postgres.log")
    yield server
    server.stop()


async def test_a_second_start_finds_what_was_committed_before(server: Server) -> None:
    server.start()
    server.provision("gateway")
    url = server.url("gateway", "gateway_owner")
    await run(url, "CREATE TABLE ledger AS SELECT 'kept'::text AS entry")
    server.stop()
    again = replace(server)
    again.start()
    again.provision("gateway")
    try:
        assert await run(url, "SELECT entry FROM ledger") == "kept"
    finally:
        again.stop()


async def test_what_was_committed_survives_a_crash(server: Server) -> None:
    server.start()
    server.provision("gateway")
    url = server.url("gateway", "gateway_owner")
    await run(url, "CREATE TABLE ledger AS SELECT 'kept'::text AS entry")
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    again = replace(server)
    again.start()
    try:
        assert await run(url, "SELECT entry FROM ledger") == "kept"
        assert await run(url, "SHOW fsync") == "on"
    finally:
        again.stop()


async def test_a_start_waits_for_what_a_killed_server_left_working(server: Server) -> None:
    server.start()
    server.provision("gateway")
    url = server.url("gateway", "gateway_owner")
    work = asyncio.create_task(run(url, "SELECT count(*) FROM generate_series(1, 20000000)"))
    await asyncio.sleep(0.5)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    again = replace(server)
    again.start()
    again.stop()
    await asyncio.gather(work, return_exceptions=True)


@pytest.mark.skipif(not Path("/proc/net").exists(), reason="reads Linux's own tables of sockets")
def test_nothing_but_loopback_listens(server: Server) -> None:
    server.start()
    assert server.process is not None
    assert listening(server.process.pid) == {f"127.0.0.1:{server.port}"}
    assert not list(server.place.rglob(".s.PGSQL*"))


def test_files_are_closed_to_everybody_else_and_no_password_is_left_behind(server: Server) -> None:
    server.start()
    opened = [path for path in (server.place, *server.place.rglob("*")) if _mode(path) & 0o077]
    assert opened == []
    assert server.place.stat().st_uid == server.programs.account.uid
    assert os.geteuid() != 0 or server.programs.account.uid != 0
    assert [path.name for path in server.place.iterdir()] == ["data"]
    secret = server.passwords[SUPERUSER]
    assert server.process is not None
    assert secret not in command_line(server.process.pid)
    assert secret not in server.log.read_text()


async def test_no_stored_value_reaches_the_log(server: Server) -> None:
    server.start()
    server.provision("profile")
    url = server.url("profile", "profile_owner")
    await run(url, "CREATE TABLE person (phone text UNIQUE)")
    await run(url, "INSERT INTO person VALUES ('+359881234567')")
    with pytest.raises(DBAPIError):
        await run(url, "INSERT INTO person VALUES ('+359881234567')")
    with pytest.raises(DBAPIError):
        await run(url, "SELECT '+359881234567'::text + wrong")
    assert "person_phone_key" in server.log.read_text()
    assert "359881234567" not in server.log.read_text()


def test_a_taken_port_is_named_with_the_way_out(server: Server) -> None:
    with socket.create_server(("127.0.0.1", server.port)), pytest.raises(DeploymentError) as trouble:
        server.start()
    assert str(server.port) in str(trouble.value)
    assert "--port" in str(trouble.value)


def test_a_running_server_is_not_started_twice(server: Server) -> None:
    server.start()
    with pytest.raises(DeploymentError, match="runs already"):
        replace(server, port=free_port()).start()


def test_a_lock_that_names_a_stranger_is_no_obstacle(server: Server) -> None:
    """After a restart of the machine the number in the lock is somebody else's, of the same account even."""
    server.start()
    server.stop()
    stranger = subprocess.Popen(["sleep", "60"], **server.programs.account.popen_arguments())
    try:
        lock = server.data / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{server.data}\n")
        server.programs.account.own(lock)
        server.start()
    finally:
        stranger.kill()
        stranger.wait()


def _without_version(data: Path) -> None:
    (data / "PG_VERSION").unlink()


def _of_older_version(data: Path) -> None:
    (data / "PG_VERSION").write_text("17\n")


def _without_control_file(data: Path) -> None:
    (data / "global" / "pg_control").unlink()


@pytest.mark.parametrize(
    ("harm", "advice"),
    [
        (_without_version, "Restore it from a backup"),
        (_of_older_version, "made by PostgreSQL 17"),
        (_without_control_file, "did not start.*pg_control"),
    ],
)
def test_a_broken_data_folder_is_left_as_it_is_and_the_message_says_what_to_do(
    server: Server, harm: Callable[[Path], None], advice: str
) -> None:
    server.start()
    server.stop()
    harm(server.data)
    with pytest.raises(DeploymentError, match=f"(?s){advice}"):
        server.start()
    assert (server.data / "base").exists()
    assert server.process is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_data_of_another_account_is_refused(server: Server) -> None:
    server.start()
    server.stop()
    os.chown(server.data, 12345, 12345)
    with pytest.raises(DeploymentError, match="does not belong to nobody"):
        server.start()


def test_passwords_that_do_not_fit_the_data_are_named(server: Server) -> None:
    server.start()
    server.stop()
    stranger = replace(server, passwords=random_passwords())
    stranger.start()
    try:
        with pytest.raises(DeploymentError, match="passwords do not fit"):
            stranger.provision("gateway")
    finally:
        stranger.stop()


def test_an_interrupted_making_does_not_look_like_a_cluster(server: Server) -> None:
    server.place.mkdir()
    (server.place / "data.unfinished").mkdir()
    (server.place / "data.unfinished" / "PG_VERSION").write_text("18\n")
    server.start()
    server.provision_all()


def _mode(path: Path) -> int:
    return 0 if path.is_symlink() else stat.S_IMODE(path.stat().st_mode)
