"""YAML with places: the rulebook's files as plain values that know their file and line.

Stricter than YAML, so that two readers never read two things: no anchors, no aliases, no tags, no doubled keys, and
scalars by the core schema of YAML 1.2 (``no`` is Norwegian, not false; a date is text).
"""

import math
import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from policy_svc.faults import Faults, Place

MOST_BYTES: Final = 5 * 1024 * 1024
DEEPEST: Final = 32

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
    before = len(faults)
    try:
        _check_events(file, text, faults)
        if len(faults) > before:
            return None
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        return None if node is None else _value(file, node, faults)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        faults.add(Place(file, line), f"not valid YAML: {error.problem}", "Correct the syntax")
    except (yaml.YAMLError, ValueError):
        faults.add(
            Place(file, 1), "not valid YAML: it holds a character that a text cannot hold", "Save the file as UTF-8 text"
        )
    return None


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


def _check_events(file: str, text: str, faults: Faults) -> None:
    """Refuse what must not reach the composer: it follows aliases and recurses as deep as the text says."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        place = Place(file, event.start_mark.line + 1 if event.start_mark else 1)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                faults.add(place, "a second document begins here", "Keep one document in a file")
                return
        if getattr(event, "anchor", None):
            faults.add(place, "anchors and aliases are not allowed", "Write the value out where it is meant")
        if getattr(event, "tag", None) not in (None, "!"):
            faults.add(place, "tags are not allowed", "Write a plain value; quote it to make it text")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            faults.add(place, f"nested deeper than {DEEPEST} levels", "Flatten the value")
            return


def _value(file: str, node: yaml.Node, faults: Faults) -> Any:
    place = Place(file, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        items = Items(place)
        for part in node.value:
            items.append(_value(file, part, faults))
            items.places.append(Place(file, part.start_mark.line + 1))
        return items
    entries = Entries(place)
    for key_node, value_node in node.value:
        _enter(entries, file, key_node, value_node, faults)
    return entries


def _enter(entries: Entries, file: str, key_node: yaml.Node, value_node: yaml.Node, faults: Faults) -> None:
    place = Place(file, key_node.start_mark.line + 1)
    key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
    if not isinstance(key, str):
        faults.add(place, "a key that is not text", "Put the key in quotes")
        return
    if key in entries:
        faults.add(
            place, f"the key {key!r} stands here twice", f"Keep one of them; the other is in line {entries.places[key].line}"
        )
        return
    entries[key] = _value(file, value_node, faults)
    entries.places[key] = place


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 18:
        return int(text)
    # 1e999 is no number that JSON knows: it stays text, and whoever wants a number there refuses it.
    return float(text) if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else text
