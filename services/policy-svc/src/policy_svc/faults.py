"""What is wrong with a rulebook, and where: every fault names file, line and what to mend. It never quotes a person's data."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple

MOST: Final = 50
"""Faults that one refusal names at most; a file that is wrong throughout is not listed line by line."""
ENOUGH: Final = 1_000
"""Faults after which nothing more is looked for: what is so wrong is no rulebook, and would cost memory without end."""
LONGEST: Final = 300
"""Characters of a fault's text: it may quote what the author wrote, and that may be a file poured into a key."""


class Place(NamedTuple):
    """Where a value stands: the file relative to the rulebook's folder, and the line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. ``uid`` names the rule that it is in, if it is in one."""

    place: Place
    what: str
    mend: str
    uid: str | None = None

    def __str__(self) -> str:
        rule = f"rule {self.uid}: " if self.uid else ""
        return f"{self.place}: {rule}{self.what}. {self.mend}."


class Faults:
    """Collects faults while a rulebook is read, so that an author sees all of them at once."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, place: Place, what: str, mend: str, uid: str | None = None) -> None:
        """Raises ``RulebookError`` when it is one too many."""
        self._found.append(Fault(place, _short(what), _short(mend), uid))
        if len(self._found) >= ENOUGH:
            self.raise_if_any()

    def __len__(self) -> int:
        return len(self._found)

    def raise_if_any(self) -> None:
        if self._found:
            raise RulebookError(tuple(self._found))


class RulebookError(Exception):
    """The rulebook is refused whole. ``faults`` are in the order of files and lines, ``more`` were left out."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        ordered = sorted(set(faults), key=lambda fault: (fault.place, fault.what))
        self.faults = tuple(ordered[:MOST])
        self.more = len(ordered) - len(self.faults)
        super().__init__(str(self))

    def __str__(self) -> str:
        more = [f"… and {self.more} more."] if self.more else []
        return "\n".join([*map(str, self.faults), *more])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def choices(wanted: str, known: Iterable[str]) -> str:
    """What to mend about a name that nobody knows: the nearest known names, or all when they are few."""
    names = sorted(known)
    near = get_close_matches(wanted[:LONGEST], names, n=3) or (names if len(names) <= 12 else [])
    return f"Write one of: {', '.join(near)}" if near else "Define it first, or correct the name"
