"""Small numbers for texts, so that columns hold numbers. Grows and never changes: what was numbered once stays readable."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


class Numbering:
    """Numbers from 0, in the order in which texts were first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._texts)

    def of(self, text: str) -> int:
        """The number of ``text``, a new one if it has none yet."""
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

    def find(self, text: str) -> int | None:
        return self._numbers.get(text)

    def found(self, texts: Iterable[str]) -> list[int]:
        """The numbers of those that have one."""
        return [number for text in texts if (number := self._numbers.get(text)) is not None]

    def text(self, number: int) -> str:
        return self._texts[number]

    def texts(self) -> Sequence[str]:
        """In the order of their numbers; not to be changed."""
        return self._texts

    def copied(self) -> "Numbering":
        """As it is at this moment; what is numbered later is not in it."""
        copy = Numbering()
        copy._texts = self._texts.copy()
        copy._numbers = {text: number for number, text in enumerate(copy._texts)}
        return copy


class Numberings:
    """What the columns of one index are numbered by. One for all its parts: a part is merged by its numbers."""

    def __init__(self) -> None:
        self.skills = Numbering()
        self.occupations = Numbering()
        self.languages = Numbering()
        self.municipalities = Numbering()
        self.regions = Numbering()
        self.isco_codes: tuple[object, NDArray[np.int64]] | None = None
        """Kept for ``occupations`` as they were numbered under a vocabulary."""

    def copied(self) -> "Numberings":
        copy = Numberings()
        for name in ("skills", "occupations", "languages", "municipalities", "regions"):
            setattr(copy, name, getattr(self, name).copied())
        return copy


Numbers = NDArray[np.int32]


class Lists:
    """A list of numbers for each row: row ``n`` is ``numbers[starts[n]:starts[n + 1]]``; ``beside`` goes with each number."""

    __slots__ = ("beside", "numbers", "starts")

    def __init__(self, starts: NDArray[np.int64], numbers: Numbers, beside: Numbers | None = None) -> None:
        self.starts = starts
        self.numbers = numbers
        self.beside = beside

    @staticmethod
    def of(counts: Sequence[int], numbers: Sequence[int], beside: Sequence[int] | None = None) -> "Lists":
        starts = np.zeros(len(counts) + 1, dtype=np.int64)
        np.cumsum(np.asarray(counts, dtype=np.int64), out=starts[1:])
        return Lists(
            starts, np.asarray(numbers, dtype=np.int32), None if beside is None else np.asarray(beside, dtype=np.int32)
        )

    def rows(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each entry of ``rows``: its place in ``rows``, in order, and where its number stands."""
        counts = self.starts[rows + 1] - self.starts[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        ends = np.cumsum(counts)
        places = np.arange(len(owner)) + np.repeat(self.starts[rows] - (ends - counts), counts)
        return owner, places

    def kept(self, rows: NDArray[np.int64]) -> "Lists":
        """The lists of ``rows`` alone, in that order."""
        counts = self.starts[rows + 1] - self.starts[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        _, places = self.rows(rows)
        return Lists(starts, self.numbers[places], None if self.beside is None else self.beside[places])

    def inverted(self, size: int) -> "Lists":
        """For each number below ``size`` the rows that hold it."""
        owner = np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))
        order = np.argsort(self.numbers, kind="stable")
        starts = np.zeros(size + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.numbers, minlength=size), out=starts[1:])
        return Lists(starts, owner[order])

    def at(self, number: int) -> Numbers:
        """One list; none for a number that came after this was made."""
        if number >= len(self.starts) - 1:
            return self.numbers[:0]
        return self.numbers[self.starts[number] : self.starts[number + 1]]


def joined(parts: Sequence[Lists]) -> Lists:
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    besides = [part.beside for part in parts if part.beside is not None]
    beside = np.concatenate(besides) if besides else None
    return Lists(starts, np.concatenate([part.numbers for part in parts]), beside)


def largest(values: NDArray[np.int64], owner: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """The largest of ``values`` (entries × columns) for each of ``rows``, 0 for a row without entries; ``owner`` is sorted."""
    found = np.zeros((rows, values.shape[1]), dtype=np.int64)
    if len(owner):
        begins = np.flatnonzero(np.diff(owner, prepend=-1))
        found[owner[begins]] = np.maximum.reduceat(values, begins, axis=0)
    return found
