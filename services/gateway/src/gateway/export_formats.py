"""Exports as text: NDJSON, an object in each line, and CSV (RFC 4180). Pure; what may stand in them was decided before.

INVARIANT: whether an export is whole, its last line says. Without that line it is not.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

Json = Mapping[str, Any]

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"

LAST: Final = "#export"
"""In the first cell of a CSV's last record, where the others have an id."""

_OURS: Final = ("id", "updated_at", "provenance", "withheld", "decision", "rulebook", "export")
_ALARMING: Final = frozenset("=+-@\t\r\n＝＋－＠'")


class ColumnsChanged(Exception):
    """A later part discloses other attributes than those that a CSV has named in its first line."""


@dataclass(frozen=True, slots=True)
class Part:
    """People as the API shows them, all disclosed under one decision; ``attributes``: what it discloses of anybody."""

    people: Sequence[Json]
    attributes: Sequence[str]
    disclosure: Json


@dataclass(frozen=True, slots=True)
class End:
    """How an export ended. ``reason`` is the slug of the problem that stopped it, ``None`` if it is complete."""

    people: int
    reason: str | None
    disclosure: Json

    @property
    def content(self) -> Json:
        ended = {"complete": self.reason is None, "reason": self.reason, "people": self.people}
        return {**ended, "disclosure": self.disclosure}


class Format(Protocol):
    """One export's way of writing; made anew for each, since what was written first may bind what follows."""

    media_type: str
    filename: str

    def part(self, part: Part) -> bytes: ...

    def end(self, end: End) -> bytes: ...


class NdJson:
    """Each line has one member, which tells what the line is: ``disclosure`` (of the people that follow), ``person``, and at
    last ``export``."""

    media_type = NDJSON
    filename = "people.ndjson"

    def part(self, part: Part) -> bytes:
        lines = [_line({"disclosure": part.disclosure}), *(_line({"person": person}) for person in part.people)]
        return b"".join(lines)

    def end(self, end: End) -> bytes:
        return _line({"export": end.content})


class Csv:
    """A record for each person. An empty cell is ``null``, or withheld: then ``withheld`` says why. Lists and objects are
    JSON in a cell.

    INVARIANT: no text opens as a formula. One that could begins with an apostrophe more than its value has, and so does one
    that begins with an apostrophe: taking one away gives every value back.
    """

    media_type = CSV
    filename = "people.csv"

    def __init__(self) -> None:
        self._attributes: Sequence[str] = ()
        self._begun = False

    def part(self, part: Part) -> bytes:
        """Raises ``ColumnsChanged``: a column cannot be added to what has left."""
        header = [] if self._begun else [["id", "updated_at", *_columns(part.attributes), *_OURS[2:]]]
        if self._begun and part.attributes != self._attributes:
            raise ColumnsChanged
        self._attributes, self._begun = part.attributes, True
        return _records([*header, *(self._record(person, part.disclosure) for person in part.people)])

    def end(self, end: End) -> bytes:
        return _records([[LAST, *[None] * (len(self._attributes) + 5), _cell(end.content)]])

    def _record(self, person: Json, disclosure: Json) -> list[Any]:
        known = person["attributes"]
        values = [
            person["updated_at"],
            *(known.get(name) for name in self._attributes),
            person["provenance"],
            person["withheld"],
        ]
        return [_cell(value) for value in (person["id"], *values, disclosure["decision"], disclosure["rulebook"], None)]


FORMATS: Final[Mapping[str, type[NdJson] | type[Csv]]] = {NDJSON: NdJson, CSV: Csv}
"""The first is what a caller gets who does not care."""


def _line(content: Json) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def _columns(attributes: Sequence[str]) -> list[str]:
    """Attributes under their own names, unless one of our columns has that name."""
    return [f"attributes.{name}" if name in _OURS else name for name in attributes]


def _cell(value: Any) -> Any:
    match value:
        case str():
            return f"'{value}" if value[:1] in _ALARMING else value
        case bool() | dict() | list():
            return orjson.dumps(value).decode()
        case _:
            return value


def _records(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
