"""The note that a running deployment leaves in its home: who runs and on which port. Never believed unseen."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from stena_local.processes import begun, command_line
from stena_local.secret_files import write

# A process id is used again, on a busy machine within the hour: the command line must be ours, and the process the one of then.
_SUPERVISOR = re.compile(r"(stena_local|/stena) up( |$)")


@dataclass(frozen=True)
class Running:
    """``supervisor`` and ``children`` are process ids; ``ready`` turns true when every service has answered.

    INVARIANT: nobody is sent a signal but a process that ran when the note was written. ``begun`` says when each of them began.
    """

    supervisor: int
    port: int
    children: Mapping[str, int]
    ready: bool
    begun: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, supervisor: int, port: int, children: Mapping[str, int], *, ready: bool) -> Self:
        """A note of processes that run now."""
        return cls(supervisor, port, children, ready, {str(pid): begun(pid) for pid in (supervisor, *children.values())})

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
        return self._is_same(self.supervisor) and _SUPERVISOR.search(command_line(self.supervisor)) is not None

    def left_behind(self) -> dict[str, int]:
        """Children that still run although they are nobody's any more."""
        return {name: pid for name, pid in self.children.items() if self._is_same(pid) and _is_child(name, pid)}

    def stop(self, timeout: float = 60) -> None:
        """Ask the supervisor to stop everything, then end whatever a killed supervisor left behind."""
        if self.alive():
            os.kill(self.supervisor, signal.SIGTERM)
            _wait(lambda: not self.alive(), timeout)
        for pid in self.left_behind().values():
            # SIGINT: a clean end for uvicorn, a fast shutdown for PostgreSQL.
            os.kill(pid, signal.SIGINT)
        _wait(lambda: not self.left_behind(), timeout)

    def _is_same(self, pid: int) -> bool:
        """Of a note of the release before, which says of nobody when they began, the command line has to do."""
        return not self.begun or self.begun.get(str(pid)) == begun(pid)


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
