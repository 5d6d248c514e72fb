"""A PostgreSQL server of our own: started, filled with databases, stopped. Loopback only, and nobody without a password."""

import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from stena_local.cluster import Cluster
from stena_local.processes import HOST, require_free
from stena_local.programs import Programs
from stena_local.trouble import DeploymentError, last_lines

SUPERUSER = "postgres"
DATABASES = ("gateway", "policy", "profile", "profile_keys", "matching")

_ACCESS = f"""# Written at every start. TCP on loopback with a password, and nothing else.
host all all {HOST}/32 scram-sha-256
"""
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "400",
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
    """One cluster in ``place``, made at first start.

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
    def cluster(self) -> Cluster:
        return Cluster(self.place, self.programs)

    @property
    def data(self) -> Path:
        return self.cluster.data

    def url(self, database: str, role: str) -> URL:
        """Where ``role`` reaches ``database``, password included."""
        return address(database, role, self.port).set(password=self.passwords[role])

    def start(self) -> None:
        """Make the cluster if there is none, start it, and return when it takes connections."""
        self.cluster.refuse_if_running()
        require_free(self.port, "PostgreSQL")
        if not self.data.exists():
            self.cluster.make(SUPERUSER, self.passwords[SUPERUSER], durable=self.durable)
        self.cluster.check()
        access = self.data / "pg_hba.conf"
        access.write_text(_ACCESS)
        self.programs.account.own(access)
        deadline = time.monotonic() + 15
        while not self._started():
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

    def provision(self, base: str, database: str | None = None, template: str = "template1") -> None:
        """Make ``database`` (default: ``base``) as a copy of ``template``, or mend it, with the roles of ``base``."""
        owner, app = f"{base}_owner", f"{base}_app"
        variables = {"database": database or base, "owner": owner, "app": app, "template": template}
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

    def _started(self, timeout: float = 60) -> bool:
        """Whether the server came up; False when it ended by itself and its log says why."""
        settings = {**_SETTINGS, "port": str(self.port), **({} if self.durable else _FORGETFUL)}
        arguments = ["-D", str(self.data), *(f"--{name}={value}" for name, value in settings.items())]
        with self.log.open("ab") as log:
            process = self.process = self.programs.start("postgres", arguments, cwd=self.data, log=log)
        deadline = time.monotonic() + timeout
        while process.poll() is None:
            if self.cluster.says_ready(process.pid):
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise DeploymentError(f"PostgreSQL is not ready after {timeout:.0f} s. It last wrote:\n{last_lines(self.log)}")
            time.sleep(0.02)
        self.process = None
        return False

    def _waits_for_orphans(self) -> bool:
        """After a killed server its workers end by themselves within seconds; until then PostgreSQL rightly refuses."""
        return "pre-existing shared memory block" in last_lines(self.log, 3)

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
        if "password authentication failed" in done.stderr:
            raise DeploymentError(
                f"The passwords do not fit the data in {self.data}. Put the secrets that belong to it back, "
                f"or remove {self.place} to begin anew without its data."
            )
        if done.returncode != 0:
            raise DeploymentError(f"PostgreSQL refused to set up {variables.get('database')}:\n  {done.stderr.strip()}")


def address(database: str, role: str, port: int) -> URL:
    """Where ``role`` reaches ``database`` of a server on this machine, without the password."""
    return URL.create("postgresql+asyncpg", username=role, host=HOST, port=port, database=database)


def random_passwords() -> dict[str, str]:
    return {role: secrets.token_urlsafe(32) for role in roles()}
