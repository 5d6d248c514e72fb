"""The journal of erasures: a file outside every backup that says who was erased, so that nobody comes back with one.

INVARIANT: a line is on the disk before anything is erased by it, and no line is ever changed or taken away. Each carries a
MAC over itself and the line before, so that a line that was lost, changed or not written by Stena is seen. The journal holds
internal ids, moments and causes, and nothing else of anybody.
"""

import fcntl
import hmac
import os
import secrets
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final
from uuid import UUID

import orjson

NAME: Final = "erasures.ndjson"
NOTHING: Final = -1
"""The number of the place before the first line."""


class JournalError(Exception):
    """The journal is not what it was, or not there; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the journal: behind the line of this number, which ends with this MAC."""

    number: int
    mac: str


START: Final = Mark(NOTHING, "")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. The first names the journal itself and nobody; every other one a person who is erased."""

    mark: Mark
    at: str
    cause: str
    person: UUID | None


class Journal:
    """One journal in ``folder``. Several processes may write it: they take turns under a lock on the file."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.path = folder / NAME
        self._key = key
        self._lines = array("Q")  # where each line that was found good begins
        self._end = 0
        self._last = START
        self._one_at_a_time = Lock()

    @property
    def last(self) -> Mark:
        """Behind the last line that was read or written."""
        return self._last

    def open(self, known: Sequence[Mark], at: datetime) -> None:
        """Read it from the beginning, and see to it that the places in ``known`` are in it.

        It is made where there is none and nobody knows of one. Raises ``JournalError``.
        """
        with self._one_at_a_time:
            if not self.path.exists():
                self._require_unknown(known)
                self._make(at)
            self._read_on()
            for mark in known:
                self._require(mark)

    def read(self) -> None:
        """Read what others have written since. Raises ``JournalError``; of a journal that nobody has made there is nothing."""
        with self._one_at_a_time:
            if self._lines or self.path.exists():
                self._read_on()

    def append(self, people: Sequence[UUID], cause: str, at: datetime) -> None:
        """Write a line for each; on the disk when this returns. Raises ``JournalError`` or ``OSError``."""
        with self._one_at_a_time, self._locked() as file:
            self._read_from(file)
            # Behind the last whole line there can only be a piece that somebody did not live to end.
            file.truncate(self._end)
            file.seek(self._end)
            mark, written = self._last, b""
            for person in people:
                line = self._line(mark, {"at": at.isoformat(), "cause": cause, "person": str(person)})
                mark = self._checked(line, mark).mark
                written += line
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
            self._read_from(file)

    def after(self, mark: Mark) -> Iterator[Line]:
        """Every line behind ``mark``, as far as the journal was read."""
        if mark.number < self._last.number:
            with self.path.open("rb") as file:
                file.seek(self._lines[mark.number + 1])
                for _ in range(self._last.number - mark.number):
                    line = self._checked(file.readline(), mark)
                    mark = line.mark
                    yield line

    def _require_unknown(self, known: Sequence[Mark]) -> None:
        if any(mark != START for mark in known):
            raise JournalError(
                f"{self.path} is missing, and the databases here know of one: whoever was erased since they were saved would "
                "be back. Put the journal where it was, or tell where it is now."
            )

    def _require(self, mark: Mark) -> None:
        if mark.number > self._last.number:
            raise JournalError(
                f"{self.path} ends with line {self._last.number}, and the databases here know of line {mark.number}: it is "
                "an older copy. Put the newest one there."
            )
        if mark != START and next(self.after(self._before(mark.number))).mark != mark:
            raise JournalError(f"{self.path} is the journal of other databases than these. Put the one there that is theirs.")

    def _before(self, number: int) -> Mark:
        """The place before line ``number``."""
        if number == 0:
            return START
        with self.path.open("rb") as file:
            file.seek(self._lines[number - 1])
            return Mark(number - 1, str(orjson.loads(file.readline())["mac"]))

    def _make(self, at: datetime) -> None:
        """Whole or not at all, even if two begin at once."""
        half = self.path.with_name(f".{NAME}.{secrets.token_hex(4)}")
        begun = {"at": at.isoformat(), "cause": "begun", "person": None, "journal": secrets.token_hex(16)}
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self._line(START, begun))
                file.flush()
                os.fsync(file.fileno())
            os.link(half, self.path)
            self._sync_folder()
        except FileExistsError:
            pass
        except OSError as error:
            raise JournalError(
                f"{self.path} cannot be made ({error.strerror}). Give the service a folder that it can write."
            ) from (error)
        finally:
            half.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read_on(self) -> None:
        try:
            with self.path.open("rb") as file:
                self._read_from(file)
        except OSError as error:
            raise JournalError(f"{self.path} cannot be read ({error.strerror}).") from error

    def _read_from(self, file: BinaryIO) -> None:
        """Every whole line behind those that are known. A piece at the end is not one yet."""
        if os.fstat(file.fileno()).st_size < self._end:
            raise JournalError(f"{self.path} has become shorter. Put the newest copy there.")
        file.seek(self._end)
        for line in file:
            if not line.endswith(b"\n"):
                return
            self._last = self._checked(line, self._last).mark
            self._lines.append(self._end)
            self._end += len(line)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        try:
            # Never made here: a journal that has gone is not begun anew behind everybody's back.
            with self.path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        except FileNotFoundError as error:
            raise JournalError(f"{self.path} is missing. Nobody is erased without it.") from error

    def _line(self, before: Mark, content: dict[str, Any]) -> bytes:
        numbered = {"number": before.number + 1, **content}
        return orjson.dumps({**numbered, "mac": self._mac(before, numbered)}) + b"\n"

    def _checked(self, raw: bytes, before: Mark) -> Line:
        try:
            content = orjson.loads(raw)
            mac = content.pop("mac")
            person = content["person"] and UUID(content["person"])
            if hmac.compare_digest(mac, self._mac(before, content)) and content["number"] == before.number + 1:
                return Line(Mark(content["number"], mac), content["at"], content["cause"], person)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise JournalError(
            f"{self.path}: line {before.number + 1} does not follow from the one before. A line was changed or lost, or the "
            "key of the journal is another one. Put back what belongs to these databases."
        )

    def _mac(self, before: Mark, content: dict[str, Any]) -> str:
        text = orjson.dumps([before.mac, content], option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self._key, text, "sha256").hex()
