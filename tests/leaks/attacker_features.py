"""What can be learned from an answer about a person, as numbers: every value in it, and everything about its form. Pure.

A feature belongs to a source: an attribute, or one of ``FORM``, which is all that is not a value.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ID, ETAG, ORDER, CHANGED, REASONS, PROVENANCE, RANKING = FORM = (
    "(id)",
    "(etag)",
    "(order)",
    "(updated at)",
    "(reasons)",
    "(provenance)",
    "(ranking)",
)

Feature = tuple[str, str]
"""Source and what of it."""

_CODE: Final = re.compile(r"[a-z0-9+-]+|[A-Z0-9]{1,5}|https?://\S+")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_LETTERS: Final = 12  # of an id or a tag: enough to find one that begins with something of the person
_MOST: Final = 300  # features; the rest is too rare to be learned from
_RARE: Final = 0.005


@dataclass(frozen=True, slots=True)
class Sighting:
    """One person as the API showed them. ``place`` counts from the beginning of a list or ranking;
    ``etag`` came with a single read."""

    view: Mapping[str, Any]
    place: int = 0
    etag: str = ""
    ranking: Mapping[str, float] = field(default_factory=dict)


def features(seen: Sighting) -> dict[Feature, float]:
    view = seen.view
    found: defaultdict[Feature, float] = defaultdict(float)
    for name, value in view["attributes"].items():
        for what, number in _of_value(value, ""):
            found[name, what] += number
    found.update({(REASONS, f"{name}: {reason}"): 1.0 for name, reason in view["withheld"].items()})
    found.update({(PROVENANCE, f"{name}: {said['verified']}"): 1.0 for name, said in view["provenance"].items()})
    found.update({(ID, f"letter {at}"): float(ord(letter)) for at, letter in enumerate(view["id"][4 : 4 + _LETTERS])})
    found.update({(ETAG, f"letter {at}"): float(ord(letter)) for at, letter in enumerate(seen.etag[1 : 1 + _LETTERS])})
    found.update({(RANKING, name): number for name, number in seen.ranking.items()})
    found[ORDER, "place"] = float(seen.place)
    if view["updated_at"] is not None:
        found[CHANGED, "at"] = datetime.fromisoformat(view["updated_at"]).timestamp()
    return dict(found)


def _of_value(value: Any, path: str) -> Iterator[tuple[str, float]]:
    match value:
        case None:
            yield f"{path} none", 1.0
        case bool() | int() | float():
            yield f"{path} number", float(value)
        case str():
            yield from _of_text(value, path)
        case Mapping():
            for name, member in value.items():
                yield from _of_value(member, f"{path}.{name}")
        case _:
            yield f"{path} count", float(len(value))
            for member in value:
                yield from _of_value(member, f"{path}[]")


def _of_text(text: str, path: str) -> Iterator[tuple[str, float]]:
    """A day as a number, a code as itself, anything else by what it is written of."""
    if _DAY.fullmatch(text):
        yield f"{path} day", float(datetime.fromisoformat(text).toordinal())
        return
    yield f"{path} = {text}", 1.0
    if not _CODE.fullmatch(text):
        bounded = f"^{text.lower()}$"
        yield f"{path} length", float(len(text))
        for size in (2, 3, 4):
            yield from ((f"{path} ~ {bounded[at : at + size]}", 1.0) for at in range(len(bounded) - size + 1))


@dataclass(frozen=True, slots=True)
class Table:
    """People by features. ``sources`` says for each column what it is of."""

    rows: NDArray[np.float32]
    columns: tuple[Feature, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source for source, _ in self.columns)

    def only(self, keep: NDArray[np.bool_]) -> "Table":
        return Table(self.rows[:, keep], tuple(column for column, kept in zip(self.columns, keep, strict=True) if kept))

    def without(self, dropped: Collection[str]) -> "Table":
        return self.only(np.array([source not in dropped for source in self.sources], dtype=bool))

    def of(self, wanted: Sequence[str]) -> "Table":
        return self.only(np.array([source in wanted for source in self.sources], dtype=bool))

    def people(self, chosen: NDArray[np.bool_]) -> "Table":
        return Table(self.rows[chosen], self.columns)


def table(people: Sequence[Mapping[Feature, float]]) -> Table:
    """The features that tell people apart at all; of many, those that divide them most evenly."""
    having = Counter(name for person in people for name in person)
    least = max(3, _RARE * len(people))
    known = {name: at for at, name in enumerate(each for each, number in having.items() if number >= least)}
    rows = np.zeros((len(people), len(known)), dtype=np.float32)
    for row, person in zip(rows, people, strict=True):
        for name in person.keys() & known.keys():
            row[known[name]] = person[name]
    share = (rows != np.median(rows, axis=0)).mean(axis=0) if known else np.zeros(0)
    best = np.argsort(-np.minimum(share, 0.5), kind="stable")[:_MOST]
    kept = np.sort(best[share[best] > 0])
    names = tuple(known)
    return Table(rows[:, kept], tuple(names[at] for at in kept))
