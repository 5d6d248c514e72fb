"""A PostgreSQL server of our own: made, started, stopped. Listens on loopback only and trusts nobody without a password."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from stena_local.programs import Programs
from stena_local.trouble import DeploymentError, last_lines

HOST = "127.0.0.1"
SUPERUSER = "postgres"
DATABASES = ("gateway", "policy", "profile", "profile_keys", "matching")

_ACCESS = f"""# Written at every start. TCP on loopback with a password, and nothing else.
host all all {HOST}/32 scram-sha-256
"""
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "120",
    # INVARIANT: no stored value in a log. The text and the detail of a failing statement can hold one.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "48MB"}


def roles() -> list[str]:
    """Every login role: the superuser, and for each database its owner (migrations) and its user at run time."""
    return [SUPERUSER, *(f"{database}_{part}" for database in DATABASES for part in ("owner", "app"))]


@dataclass
class Server:
    """One cluster in ``place`` (made at first start, mode 0700, owned by the programs' account).

    ``passwords`` names every role of ``roles()``. ``durable=False`` gives up safety for speed and is for tests.
    Every method raises ``DeploymentError`` with what to do.
    """

    place: Path
    port: int
    passwords: Mapping[str, str] = field(repr=False)
    programs: Programs
    log: Path
    durable: bool = True
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        return self.place / "data"

    def url(self, database: str, role: str) -> URL:
        """Where ``role`` reaches ``database``, password included."""
        return address(database, role, self.port).set(password=self.passwords[role])

    def start(self) -> None:
        """Make the cluster if there is none, start it, and return when it takes connections."""
        self._refuse_if_running()
        require_free(self.port, "PostgreSQL")
        if not self.data.exists():
            self._make()
        self._check_data()
        access = self.data / "pg_hba.conf"
        access.write_text(_ACCESS)
        self.programs.account.own(access)
        settings = {**_SETTINGS, "port": str(self.port), **({} if self.durable else _FORGETFUL)}
        arguments = ["-D", str(self.data), *(f"--{name}={value}" for name, value in settings.items())]
        deadline = time.monotonic() + 15
        while not self._started(arguments):
            if not self._waits_for_orphans() or time.monotonic() > deadline:
                raise DeploymentError(f"PostgreSQL did not start on {self.data}. It last wrote:\n{last_lines(self.log)}")
            time.sleep(0.2)

    def stop(self, timeout: float = 30) -> None:
        """Stop fast: running transactions end, nothing that was committed is lost."""
        if self.process is None:
            return
        for order in (signal.SIGINT, signal.SIGQUIT):
            if self.process.poll() is None:
                self.process.send_signal(order)
            try:
                self.process.wait(timeout)
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None

    def provision(self, base: str, database: str | None = None) -> None:
        """Make or mend ``database`` (default: ``base``) for the roles ``<base>_owner`` and ``<base>_app``."""
        owner, app = f"{base}_owner", f"{base}_app"
        variables = {"database": database or base, "owner": owner, "app": app}
        self._psql(
            Path(__file__).with_name("provision.sql").read_text(),
            variables,
            {"OWNER_PASSWORD": self.passwords[owner], "APP_PASSWORD": self.passwords[app]},
        )

    def provision_all(self) -> None:
        for base in DATABASES:
            self.provision(base)

    def drop(self, database: str) -> None:
        """Remove ``database`` and all that is in it."""
        self._psql('DROP DATABASE IF EXISTS :"database" WITH (FORCE);', {"database": database}, {})

    def _psql(self, script: str, variables: Mapping[str, str], environment: Mapping[str, str]) -> None:
        """Run ``script`` as the superuser. psql and not a driver: it works inside and outside of an event loop."""
        target = f"host={HOST} port={self.port} dbname=postgres user={SUPERUSER} connect_timeout=5"
        settings = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        done = subprocess.run(
            [self.programs.folder / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *settings, "-d", target],
            input=script,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGPASSWORD": self.passwords[SUPERUSER], **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return
        if "password authentication failed" in done.stderr:
            raise DeploymentError(
                f"The passwords do not fit the data in {self.data}. Put the secrets that belong to it back, "
                f"or remove {self.place} to begin anew without its data."
            )
        raise DeploymentError(f"PostgreSQL refused to set up {variables.get('database')}:\n  {done.stderr.strip()}")

    def _make(self) -> None:
        """Beside its final place first, so that an interrupted start leaves nothing that looks like a cluster."""
        account = self.programs.account
        half, password = self.place / "data.unfinished", self.place / "password.unfinished"
        try:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            account.own(self.place)
            shutil.rmtree(half, ignore_errors=True)
            password.unlink(missing_ok=True)
            password.touch(mode=0o600)
            password.write_text(self.passwords[SUPERUSER])
            account.own(password)
        except PermissionError as error:
            raise DeploymentError(f"{self.place} cannot be written. Give it to yourself, or choose another --home.") from error
        arguments = [f"--pgdata={half}", f"--username={SUPERUSER}", f"--pwfile={password}", "--encoding=UTF8"]
        arguments += ["--auth=scram-sha-256", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = self.programs.run("initdb", [*arguments, *([] if self.durable else ["--no-sync"])], cwd=self.place)
        password.unlink()
        if done.returncode != 0:
            raise DeploymentError(f"PostgreSQL could not make its data folder in {self.place}:\n  {done.stderr.strip()}")
        half.rename(self.data)

    def _check_data(self) -> None:
        try:
            owner, version = self.data.stat().st_uid, (self.data / "PG_VERSION").read_text().strip()
        except PermissionError as error:
            raise DeploymentError(self._foreign()) from error
        except OSError as error:
            raise DeploymentError(
                f"{self.data} is no PostgreSQL data folder any more (PG_VERSION is missing). "
                "Restore it from a backup, or remove it to begin anew without its data."
            ) from error
        if owner != self.programs.account.uid:
            raise DeploymentError(self._foreign())
        if version != "18":
            raise DeploymentError(f"{self.data} was made by PostgreSQL {version}, these programs are 18. Move it by pg_dump.")

    def _foreign(self) -> str:
        name = self.programs.account.name or "you"
        return f"{self.data} does not belong to {name}. Start as the user who made it, or choose another --home."

    def _refuse_if_running(self) -> None:
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        command = command_line(pid)
        if str(self.data) in command:
            raise DeploymentError(f"PostgreSQL runs already on {self.data} (process {pid}). Stop it with `stena down`.")
        if command:
            # After a restart of the machine the number is a stranger's, and PostgreSQL would take it for a server. Safe to
            # remove: orphans of an old server would still be noticed by their shared memory.
            lock.unlink(missing_ok=True)

    def _started(self, arguments: list[str], timeout: float = 60) -> bool:
        """Whether the server came up; False when it ended by itself and its log says why."""
        with self.log.open("ab") as log:
            process = self.process = self.programs.start("postgres", arguments, cwd=self.data, log=log)
        deadline = time.monotonic() + timeout
        while process.poll() is None:
            if _says_ready(self.data / "postmaster.pid", process.pid):
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise DeploymentError(
                    f"PostgreSQL was not ready within {timeout:.0f} s. It last wrote:\n{last_lines(self.log)}"
                )
            time.sleep(0.02)
        self.process = None
        return False

    def _waits_for_orphans(self) -> bool:
        """After a killed server its workers end by themselves within seconds; until then PostgreSQL rightly refuses."""
        return "pre-existing shared memory block" in last_lines(self.log, 3)


def address(database: str, role: str, port: int) -> URL:
    """Where ``role`` reaches ``database`` of a server on this machine, without the password."""
    return URL.create("postgresql+asyncpg", username=role, host=HOST, port=port, database=database)


def random_passwords() -> dict[str, str]:
    return {role: secrets.token_urlsafe(32) for role in roles()}


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, what: str) -> None:
    """Raise unless ``what`` could listen on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DeploymentError(
                f"Port {port} of {HOST}, meant for {what}, is taken. Stop what listens there, "
                "or move the whole deployment with --port (everything listens from that port on)."
            ) from error


def _says_ready(lock: Path, pid: int) -> bool:
    """The eighth line of postmaster.pid is the server's own word on its state, the first says whose word."""
    try:
        lines = lock.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def command_line(pid: int) -> str:
    """The command line of a living process, empty when there is none of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:  # no /proc on this system
        return subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False).stdout
