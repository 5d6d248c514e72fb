"""The backups of the containers (`deploy/backup.sh`), on a real server: back from one and the archive behind it, to now or to a
moment, and to another one after that."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from stena_local.postgres import SUPERUSER, Server, random_passwords
from stena_local.programs import find
from stena_local.testing import free_port

pytestmark = pytest.mark.processes
DEPLOY = Path(__file__).parents[2]
SETTINGS = ("archive_mode", "archive_command", "hot_standby")
WRITTEN = "SELECT string_agg(word, ' ' ORDER BY at) FROM written"


class Machine:
    """A server as compose.yaml has it, with its disk and the folder of its backups."""

    def __init__(self, root: Path) -> None:
        programs = find("nobody")
        self.backups, self.password = root / "backup", root / "password"
        self.server = Server(root / "postgres", free_port(), random_passwords(), programs, root / "log", durable=False)
        self.password.write_text(self.server.passwords[SUPERUSER])
        # Who runs PostgreSQL may not be let into the checkout.
        self.script = shutil.copy(DEPLOY / "backup.sh", root)
        for folder in (self.backups, self.backups / "wal", self.backups / "base"):
            folder.mkdir()
            programs.account.own(folder)
        programs.account.own(self.password)

    def begin(self) -> None:
        self.server.start()
        self.server.stop()
        compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["postgres"]["command"]
        told = dict(each.removeprefix("-c").split("=", 1) for each in compose if each.startswith("-c"))
        with (self.server.data / "postgresql.auto.conf").open("a") as settings:
            for name in SETTINGS:
                settings.write(f"{name} = '{told[name].replace('/backup', str(self.backups))}'\n")
        self.up()
        self.ask("CREATE TABLE written (word text, at timestamptz DEFAULT clock_timestamp())")

    def up(self) -> None:
        """With a way in for backups, which a deployment without containers has not."""
        self.server.start()
        with (self.server.data / "pg_hba.conf").open("a") as access:
            access.write("host replication all 127.0.0.1/32 scram-sha-256\n")
        self.ask("SELECT pg_reload_conf()")

    def write(self, word: str) -> None:
        self.ask(f"INSERT INTO written VALUES ('{word}')")  # noqa: S608 -- a word of ours

    def written(self) -> str:
        return str(self.ask(WRITTEN))

    def ask(self, statement: str) -> Any:
        return asyncio.run(self._ask(statement))

    async def _ask(self, statement: str) -> Any:
        url = self.server.url("postgres", SUPERUSER)
        connection = await asyncpg.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, database="postgres", ssl=False
        )
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def back_up(self, *command: str) -> str:
        account = self.server.programs.account
        done = subprocess.run(
            ["bash", self.script, *command],
            env={
                "PATH": f"{self.server.programs.folder}:{os.environ['PATH']}",
                "PGPORT": str(self.server.port),
                "PGDATA": str(self.server.data),
                "BACKUP": str(self.backups),
                "POSTGRES_PASSWORD_FILE": str(self.password),
                "TZ": "UTC",
            },
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **account.popen_arguments(),
        )
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return str(done.stdout)

    def lose_and_restore(self, *moment: str) -> None:
        self.server.stop()
        shutil.rmtree(self.server.data)
        self.back_up("restore", *moment)
        self.up()


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="stena-backup-") as folder:
        Path(folder).chmod(0o711)
        machine = Machine(Path(folder))
        try:
            machine.begin()
            yield machine
        finally:
            machine.server.stop()


def now() -> str:
    """A moment of a second of its own: files know no smaller ones."""
    before = int(time.time())
    while int(time.time()) == before:
        time.sleep(0.02)
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
    while int(time.time()) == before + 1:
        time.sleep(0.02)
    return moment


def test_every_moment_comes_back(machine: Machine) -> None:
    too_early = now()
    machine.write("one")
    machine.back_up("base")
    machine.write("two")
    first = now()
    machine.write("three")
    machine.back_up("base")
    second = now()
    machine.back_up("archive")

    machine.lose_and_restore(first)
    assert machine.written() == "one two", "from the backup before it, though there is a newer one"
    machine.write("four")
    machine.back_up("archive")

    machine.lose_and_restore()
    assert machine.written() == "one two four", "what was lived last, though the newest backup is of what was left"
    machine.lose_and_restore(second)
    assert machine.written() == "one two three", "what was left can be gone back to"
    machine.lose_and_restore()
    assert machine.written() == "one two three"

    for moment, said in ((too_early, "that was whole at"), ("yesterday's", "is no moment")):
        with pytest.raises(AssertionError, match=said):
            machine.back_up("restore", moment)
    with pytest.raises(AssertionError, match="holds data"):
        machine.back_up("restore")


def test_what_no_backup_needs_is_thrown_away_and_the_rest_restores(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="the archive alone restores nothing"):
        machine.back_up("prune", "7")
    machine.write("one")
    machine.back_up("base")
    (old,) = (machine.backups / "base").iterdir()
    os.utime(old, (0, 0))
    first = set((machine.backups / "wal").iterdir())
    now()
    machine.write("two")
    machine.back_up("base")
    assert old.name not in machine.back_up("prune", "7")
    assert not first & set((machine.backups / "wal").glob("0*[0-9A-F].gz")), "older than what is kept"
    machine.lose_and_restore()
    assert machine.written() == "one two"
