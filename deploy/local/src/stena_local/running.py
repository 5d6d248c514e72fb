"""The note that a running deployment leaves in its home: who runs and on which port. Never believed unseen."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from stena_local.processes import command_line
from stena_local.secret_files import write

# A process id is used again after a crash or a restart of the machine: the command line must be ours.
_SUPERVISOR = re.compile(r"(stena_local|/stena) up( |$)")


@dataclass(frozen=True)
class Running:
    """``supervisor`` and ``children`` are process ids; ``ready`` turns true when every service has answered."""

    supervisor: int
    port: int
    children: Mapping[str, int]
    ready: bool

    @classmethod
    def read(cls, home: Path) -> Self | None:
        """The note in ``home``, None if there is none or its supervisor is gone and left nobody behind."""
        try:
            note = cls(**json.loads(_note(home).read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return note if note.alive() or note.left_behind() else None

    def write(self, home: Path) -> None:
        write(_note(home), json.dumps(asdict(self)))

    def alive(self) -> bool:
        return _SUPERVISOR.search(command_line(self.supervisor)) is not None

    def left_behind(self) -> dict[str, int]:
        """Children that still run although they are nobody's any more."""
        return {name: pid for name, pid in self.children.items() if _is_child(name, pid)}

    def stop(self, timeout: float = 60) -> None:
        """Ask the supervisor to stop everything, then end whatever a killed supervisor left behind."""
        if self.alive():
            os.kill(self.supervisor, signal.SIGTERM)
            _wait(lambda: not self.alive(), timeout)
        for pid in self.left_behind().values():
            # SIGINT: a clean end for uvicorn, a fast shutdown for PostgreSQL.
            os.kill(pid, signal.SIGINT)
        _wait(lambda: not self.left_behind(), timeout)


def forget(home: Path) -> None:
    _note(home).unlink(missing_ok=True)


def _note(home: Path) -> Path:
    return home / "running.json"


def _is_child(name: str, pid: int) -> bool:
    line = command_line(pid)
    return ("postgres" in line) if name == "postgres" else (name.replace("-", "_") in line and "--host" in line)


def _wait(done: Callable[[], bool], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
