"""A PostgreSQL data folder: made whole or not at all, checked before each start, never repaired by guessing."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from stena_local.processes import command_line
from stena_local.programs import Programs
from stena_local.trouble import DeploymentError

VERSION = "18"


@dataclass(frozen=True)
class Cluster:
    """``place`` is the folder (mode 0700, owned by the programs' account) that holds ``data``."""

    place: Path
    programs: Programs

    @property
    def data(self) -> Path:
        return self.place / "data"

    def make(self, superuser: str, password: str, *, durable: bool) -> None:
        """Make the data folder, UTF-8 and with a password for ``superuser``. Beside its final place first, so that an
        interrupted start leaves nothing that looks like a cluster.
        """
        half, secret = self.place / "data.unfinished", self.place / "password.unfinished"
        self._prepare(half, secret, password)
        arguments = [f"--pgdata={half}", f"--username={superuser}", f"--pwfile={secret}", "--encoding=UTF8"]
        arguments += ["--auth=scram-sha-256", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = self.programs.run("initdb", [*arguments, *([] if durable else ["--no-sync"])], cwd=self.place)
        secret.unlink()
        if done.returncode != 0:
            raise DeploymentError(f"PostgreSQL could not make its data folder in {self.place}:\n  {done.stderr.strip()}")
        half.rename(self.data)

    def _prepare(self, half: Path, secret: Path, password: str) -> None:
        account = self.programs.account
        try:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            account.own(self.place)
            shutil.rmtree(half, ignore_errors=True)
            secret.unlink(missing_ok=True)
            secret.touch(mode=0o600)
            secret.write_text(password)
            account.own(secret)
        except PermissionError as error:
            raise DeploymentError(f"{self.place} cannot be written. Give it to yourself, or choose another --home.") from error

    def check(self) -> None:
        """Raise ``DeploymentError`` unless this is a data folder of this version and account that no server runs on."""
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
        if version != VERSION:
            raise DeploymentError(
                f"{self.data} was made by PostgreSQL {version}, these programs are {VERSION}. Move it over with pg_dump."
            )

    def refuse_if_running(self) -> None:
        """Raise if a server runs on this folder; remove a lock that names a stranger."""
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

    def says_ready(self, pid: int) -> bool:
        """Whether the server ``pid`` takes connections: the lock's first line says who, the eighth in which state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _foreign(self) -> str:
        name = self.programs.account.name or "you"
        return f"{self.data} does not belong to {name}. Start as the user who made it, or choose another --home."
