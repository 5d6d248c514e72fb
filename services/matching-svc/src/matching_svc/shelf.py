"""One purpose's people in memory: a large part that seldom changes, and small ones with what changed since. Does no I/O.

A part never changes but for who of it is still alive; a change makes a small part of its own. Parts of like size become one,
apart from the event loop: ``due`` says what to merge, ``Merging.made`` does the work in a thread, ``put`` takes its place.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import MatchFeatures
from matching_svc.numbering import Numberings
from matching_svc.people_columns import Packer, People, features_at, merged
from matching_svc.people_ranking import Postings, postings

LIKE: Final = 4
"""Parts whose sizes differ by less than so many times are merged: so there are few, and nobody is copied often."""


@dataclass(slots=True)
class Part:
    people: People
    lists: Postings
    rows: Mapping[str, int]
    alive: NDArray[np.bool_]

    @staticmethod
    def of(people: People, numberings: Numberings) -> "Part":
        rows = {id_: row for row, id_ in enumerate(people.ids)}
        return Part(people, postings(people, numberings), rows, np.ones(len(people), dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everybody at one moment; what changes afterwards does not change it."""

    parts: tuple[tuple[People, Postings, NDArray[np.bool_]], ...]
    numberings: Numberings


@dataclass(frozen=True, slots=True)
class Merging:
    """Neighbouring parts, and who of them was alive when the work began."""

    parts: tuple[Part, ...]
    alive: tuple[NDArray[np.bool_], ...]
    numberings: Numberings

    def made(self) -> Part:
        kept = [np.flatnonzero(alive) for alive in self.alive]
        return Part.of(merged([part.people for part in self.parts], kept), self.numberings)


@dataclass(slots=True)
class Shelf:
    numberings: Numberings = field(default_factory=Numberings)
    parts: list[Part] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(int(np.count_nonzero(part.alive)) for part in self.parts)

    def begin(self, people: People) -> None:
        self.parts = [Part.of(people, self.numberings)] if len(people) else []

    def change(self, changed: Mapping[str, MatchFeatures], gone: Iterable[str]) -> None:
        """INVARIANT: whoever changed or went is dead in every older part before the new part is there."""
        for id_ in (*gone, *changed):
            for part in self.parts:
                if (row := part.rows.get(id_)) is not None:
                    part.alive[row] = False
        if changed:
            packer = Packer(self.numberings)
            for id_, features in changed.items():
                packer.add(id_, features)
            self.parts.append(Part.of(packer.pack(), self.numberings))
        self.parts = [part for part in self.parts if part.alive.any()]

    def snapshot(self) -> Snapshot:
        return Snapshot(tuple((part.people, part.lists, part.alive.copy()) for part in self.parts), self.numberings)

    def due(self) -> Merging | None:
        """What should be merged now: the newest parts, as far back as they are of like size; and what is half dead."""
        begin, size = len(self.parts), 0
        while begin and len(self.parts[begin - 1].people) < LIKE * max(1, size):
            begin -= 1
            size += len(self.parts[begin].people)
        parts = tuple(self.parts[begin:])
        if len(parts) < 2 and not any(2 * np.count_nonzero(part.alive) < len(part.people) for part in parts):
            return None
        return Merging(parts, tuple(part.alive.copy() for part in parts), self.numberings)

    def put(self, merging: Merging, made: Part) -> None:
        """``made`` for the parts that it was made of. Whoever died meanwhile is dead in it too.

        Nothing is done if one of the parts has gone meanwhile.
        """
        places = [place for place, part in enumerate(self.parts) if any(part is each for each in merging.parts)]
        if len(places) != len(merging.parts):
            return
        for part, before in zip(merging.parts, merging.alive, strict=True):
            for row in np.flatnonzero(before & ~part.alive).tolist():
                made.alive[made.rows[part.people.ids[row]]] = False
        self.parts[places[0] : places[-1] + 1] = [made]

    def some(self, ids: Iterable[str]) -> tuple[People, Numberings]:
        """The columns of those of ``ids`` who are here, each once, in any order; and what these are numbered by."""
        wanted, kept = dict.fromkeys(ids), []
        for part in tuple(self.parts):
            rows = [row for id_ in wanted if (row := part.rows.get(id_)) is not None and part.alive[row]]
            kept.append((part.people, np.array(sorted(rows), dtype=np.int64)))
        if not kept:
            return Packer(self.numberings).pack(), self.numberings.copied()
        return merged([people for people, _ in kept], [rows for _, rows in kept]), self.numberings.copied()

    def everybody(self) -> "Everybody":
        return Everybody(self)


class Everybody(Mapping[str, MatchFeatures]):
    """The people of a shelf one by one, each read from its document when asked for."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, id_: str) -> MatchFeatures:
        for part in self._shelf.parts:
            if (row := part.rows.get(id_)) is not None and part.alive[row]:
                return features_at(part.people, row, self._shelf.numberings)
        raise KeyError(id_)

    def __iter__(self) -> Iterator[str]:
        for part in tuple(self._shelf.parts):
            for row in np.flatnonzero(part.alive).tolist():
                yield part.people.ids[row]

    def __len__(self) -> int:
        return len(self._shelf)
