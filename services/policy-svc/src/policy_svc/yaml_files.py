"""YAML with places: the rulebook's files as plain values that know their file and line.

Stricter than YAML, so that two readers never read two things: no anchors, no aliases, no tags, no doubled keys, and
scalars by the core schema of YAML 1.2 (``no`` is Norwegian, not false; a date is text).
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

import yaml

from policy_svc.faults import Faults, Place

MOST_BYTES: Final = 5 * 1024 * 1024
DEEPEST: Final = 32
MOST_VALUES: Final = 500_000
"""In all files together, keys included: nearly twice what 10,000 rules have."""

_DOUBTFUL_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")  # breaks to YAML 1.1, not to 1.2 nor to most editors
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}


class Entries(dict[str, Any]):
    """A YAML mapping that knows where it and each of its keys stand."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, Place] = {}

    def place_of(self, key: object) -> Place:
        return self.places.get(str(key), self.place)


class Items(list[Any]):
    """A YAML sequence that knows where it and each of its items stand."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: list[Place] = []

    def place_of(self, index: object) -> Place:
        return self.places[index] if isinstance(index, int) and index < len(self.places) else self.place


def read(file: str, text: str, faults: Faults) -> Any:
    """The one document in ``text``. A file that cannot be trusted to mean one thing adds its faults and gives ``None``."""
    return Reader(faults).read(file, text)


class Reader:
    """Reads the files of one rulebook, in one pass over each, until together they hold more values than any rulebook needs."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._left = MOST_VALUES

    def read(self, file: str, text: str) -> Any:
        """As the function ``read``."""
        before = len(self._faults)
        if doubtful := _DOUBTFUL_BREAK.search(text):
            place = Place(file, text.count("\n", 0, doubtful.start()) + 1)
            self._faults.add(place, "a line break that only some readers know", "End lines with a line feed")
            return None
        try:
            value = self._document(file, yaml.parse(text, Loader=yaml.CSafeLoader))
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self._faults.add(Place(file, line), f"not valid YAML: {error.problem}", "Correct the syntax")
        except (yaml.YAMLError, ValueError):
            what = "not valid YAML: it holds a character that a text cannot hold"
            self._faults.add(Place(file, 1), what, "Save the file as UTF-8 text")
        except _GivenUp:
            pass
        return value if len(self._faults) == before else None

    def _document(self, file: str, events: Iterator[yaml.Event]) -> Any:
        value = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._give_up(_place(file, event), "a second document begins here", "Keep one document in a file")
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(file, event, events, 1)
        return value

    def _value(self, file: str, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Any:
        place = _place(file, event)
        self._check(event, place, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items = Items(place)
            while not isinstance(part := next(events), yaml.SequenceEndEvent):
                items.places.append(_place(file, part))
                items.append(self._value(file, part, events, depth + 1))
            return items
        if isinstance(event, yaml.MappingStartEvent):
            entries = Entries(place)
            while not isinstance(key := next(events), yaml.MappingEndEvent):
                self._enter(entries, file, key, events, depth + 1)
            return entries
        return _scalar(event) if isinstance(event, yaml.ScalarEvent) else None

    def _enter(self, entries: Entries, file: str, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> None:
        place = _place(file, event)
        key = self._value(file, event, events, depth)
        value = self._value(file, next(events), events, depth)
        if not isinstance(key, str):
            self._faults.add(place, "a key that is not text", "Put the key in quotes")
        elif key in entries:
            mend = f"Keep one of them; the other is in line {entries.places[key].line}"
            self._faults.add(place, f"the key {key!r} stands here twice", mend)
        else:
            entries[key] = value
            entries.places[key] = place

    def _check(self, event: yaml.Event, place: Place, depth: int) -> None:
        if getattr(event, "anchor", None) is not None:
            self._faults.add(place, "anchors and aliases are not allowed", "Write the value out where it is meant")
        if getattr(event, "tag", None) not in (None, "!"):
            self._faults.add(place, "tags are not allowed", "Write a plain value; quote it to make it text")
        if depth > DEEPEST + isinstance(event, yaml.ScalarEvent):
            self._give_up(place, f"nested deeper than {DEEPEST} levels", "Flatten the value")
        self._left -= 1
        if self._left < 0:
            self._give_up(
                place,
                f"the rulebook holds more than {MOST_VALUES} values",
                "Keep fewer, or put some into a rulebook of their own",
            )

    def _give_up(self, place: Place, what: str, mend: str) -> NoReturn:
        self._faults.add(place, what, mend)
        raise _GivenUp


class _GivenUp(Exception):
    """The rest of the file is not worth reading, or not safe to."""


def _place(file: str, event: yaml.Event) -> Place:
    return Place(file, event.start_mark.line + 1 if event.start_mark else 1)


def place_at(value: Any, path: Iterable[object], otherwise: Place) -> Place:
    """The place of the deepest part of ``value`` along ``path`` that is there."""
    place: Place = getattr(value, "place", otherwise)
    for step in path:
        if not _has(value, step):
            break
        place, value = value.place_of(step), value[step]
    return place


def _has(value: Any, step: object) -> bool:
    if isinstance(value, Entries):
        return step in value
    return isinstance(value, Items) and isinstance(step, int) and step < len(value)


def plain(value: Any) -> Any:
    """The same value in ordinary dicts and lists, for readers that look at exact types."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 18:
        return int(text)
    # 1e999 is no number that JSON knows: it stays text, and whoever wants a number there refuses it.
    return float(text) if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else text
