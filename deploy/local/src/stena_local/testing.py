"""A throw-away PostgreSQL for tests: fast, forgetful, gone at the end. Never used by a deployment."""

import atexit
import itertools
import random
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from stena_local.postgres import SUPERUSER, Server, random_passwords
from stena_local.processes import HOST
from stena_local.programs import find

ROW: Final = 24
"""Ports from one row to the next. The last of them marks a row that was given away, until the process ends that took it."""


@dataclass(frozen=True)
class Database:
    """A fresh database. ``owner_url`` is for migrations, ``app_url`` for the service under test."""

    name: str
    owner_url: URL
    app_url: URL
    server: Server = field(repr=False)

    def drop(self) -> None:
        self.server.drop(self.name)

    def dump(self) -> str:
        """Everything in it as SQL, as a backup by `pg_dump` holds it."""
        return self._program("pg_dump", "--no-password")

    def load(self, dump: str) -> None:
        """Restore a backup into this database, which is empty."""
        self._program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", script=dump)

    def back_up(self, file: Path) -> None:
        """As the page about operations tells operators to."""
        self._program("pg_dump", "--no-password", "--format=custom", f"--file={file}")

    def restore(self, file: Path) -> None:
        """Restore what ``back_up`` made into this database, which is empty."""
        self._program("pg_restore", "--no-password", str(file))

    def _program(self, name: str, *arguments: str, script: str = "") -> str:
        url = self.server.url(self.name, SUPERUSER)
        target = f"host={url.host} port={url.port} dbname={url.database} user={url.username}"
        done = subprocess.run(
            [self.server.programs.folder / name, *arguments, "-d", target],
            input=script,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGPASSWORD": str(url.password)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass(frozen=True)
class Postgres:
    """What the fixture `postgres` gives."""

    server: Server = field(repr=False)
    patterns: dict[str, Database] = field(default_factory=dict, init=False, repr=False)
    """Databases that somebody made to be copied, by a name of theirs."""
    _numbers: Iterator[int] = field(default_factory=itertools.count, init=False, repr=False)

    def database(self, name: str, like: Database | None = None) -> Database:
        """A new database for ``name`` (one of ``postgres.DATABASES``) whose roles are ``<name>_owner`` and ``<name>_app``
        as in a deployment, so that migrations can grant to them. May be called as often as you like.

        It is empty, or a copy of ``like``, to which nobody may be connected.
        """
        unique = f"{name}_{next(self._numbers)}_{secrets.token_hex(3)}"
        self.server.provision(name, unique, like.name if like else "template1")
        return Database(unique, self.server.url(unique, f"{name}_owner"), self.server.url(unique, f"{name}_app"), self.server)


@contextmanager
def temporary_postgres(unprivileged: str = "nobody") -> Iterator[Postgres]:
    """A server in a temporary folder, stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="stena-test-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        root.chmod(0o711)  # the programs' account must pass through; its own folder below is closed
        server = Server(
            place=root / "postgres",
            port=free_port(),
            passwords=random_passwords(),
            programs=find(unprivileged),
            log=root / "postgres.log",
            durable=False,
        )
        # A run that is told to end must still stop its server, which knows nothing of who started it.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.start()
            yield Postgres(server)
        finally:
            server.stop()
            signal.signal(signal.SIGTERM, before)


def free_port() -> int:
    return free_row(1)


def free_row(size: int = 14) -> int:
    """The first of ``size`` ports in a row (fewer than ``ROW``) that are all free: a deployment takes as many.

    Below the ports that Linux gives to whoever calls out: one of those may be taken before anybody listens on it.
    """
    rows = range(21_000, 32_700, ROW)
    for first in random.sample(rows, len(rows)):
        try:
            mark = socket.create_server((HOST, first + ROW - 1))
        except OSError:
            continue
        try:
            for port in range(first, first + size):
                socket.create_server((HOST, port)).close()
        except OSError:
            mark.close()
            continue
        atexit.register(mark.close)
        return first
    raise OSError("No row of ports is free.")
