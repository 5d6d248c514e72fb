"""Heads kept outside the database, in a folder of the operator's choice: one line after the other, a file for each month, and
nothing is ever changed.

Beside each head stand the first bytes of the leaves that came since the one before: no proof, but they tell which entry it is
that does not fit a root.
"""

import base64
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

import orjson

from gateway.record.heads import Head

_NAME: Final = re.compile(r"heads(-\d{4}-\d{2})?\.ndjson")
MARK: Final = 6
"""Bytes of a leaf's hash that are kept beside the head."""
_TAIL: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A head, its number, and the marks of the leaves that it covers and the head before does not."""

    number: int
    head: Head
    marks: bytes

    def text(self) -> bytes:
        shown = {"number": self.number, **self.head.shown(), "marks": base64.b64encode(self.marks).decode()}
        return orjson.dumps(shown) + b"\n"


@dataclass(frozen=True, slots=True)
class Last:
    """The newest line of a file."""

    number: int
    size: int
    root: bytes
    jws: str


def marks_of(leaves: Sequence[bytes]) -> bytes:
    return b"".join(leaf[:MARK] for leaf in leaves)


def unmarked(text: str) -> list[bytes]:
    """The marks in a line, one by one."""
    marks = base64.b64decode(text, validate=True)
    return [marks[at : at + MARK] for at in range(0, len(marks), MARK)]


class HeadsFolder:
    """A file for each month. Several gateways may keep the same folder: whoever is faster writes, the others find that it is
    written."""

    def __init__(self, folder: Path) -> None:
        """Raises ``NotADirectoryError`` where there is no such folder: to make one is the operator's, who backs it up."""
        if not folder.is_dir():
            raise NotADirectoryError(f"GATEWAY_LEDGER_HEADS_DIR: {folder} is no folder. Make it, or name the right one.")
        self._folder = folder

    def last(self) -> Last | None:
        """Raises ``OSError`` where the folder cannot be used."""
        with self._held():
            return self._last()

    def append(self, lines: Sequence[Line]) -> None:
        """Add those of ``lines`` that are not there yet. They are on the disk when this returns; raises ``OSError``."""
        with self._held():
            known = self._last()
            new = [line for line in lines if known is None or line.number > known.number]
            for month, following in groupby(new, lambda line: f"{line.head.at:%Y-%m}"):
                self._write(month, b"".join(line.text() for line in following))

    def _write(self, month: str, text: bytes) -> None:
        """INVARIANT: only the newest file grows, also where clocks go back: what lies in an older one is complete."""
        known = files(self._folder)
        path = max([*known, self._folder / f"heads-{month}.ndjson"], key=_order)
        with path.open("ab") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path not in known:
            _fsync(self._folder)

    def _last(self) -> Last | None:
        for path in reversed(files(self._folder)):
            with path.open("r+b") as file:
                found = _last(file)
            if found is not None:
                return found
        return None

    @contextmanager
    def _held(self) -> Iterator[None]:
        with (self._folder / ".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def files(folder: Path) -> list[Path]:
    """The files of heads in ``folder``, oldest first."""
    return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), key=_order)


def _order(path: Path) -> str:
    """The one file of before there was one for each month comes first."""
    return path.stem.removeprefix("heads")


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last(file: IO[bytes]) -> Last | None:
    """The newest whole line. Half of one, of whoever was killed while writing it, is taken away: it was nobody's word yet."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _TAIL))
    tail = file.read()
    whole = tail.rpartition(b"\n")[0]
    if not tail.endswith(b"\n") and end:
        file.truncate(end - len(tail) + (len(whole) + 1 if whole else 0))
    if not whole:
        return None
    said: dict[str, Any] = orjson.loads(whole.rpartition(b"\n")[2])
    return Last(int(said["number"]), int(said["size"]), bytes.fromhex(said["root"]), str(said["jws"]))
