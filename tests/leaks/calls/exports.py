"""Exports, in both formats: every byte of the stream is judged, and every line held to what a list would show."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.leaks.asking import Fault, Stand, page_as_expected
from tests.leaks.expected import ATTRIBUTES

from .common import Effort, listed, may, names, narrowing_status

WHERE: Final = "/v1/persons/export"


async def export_ndjson(stand: Stand, effort: Effort) -> None:
    await _export(stand, "application/x-ndjson", WHERE)
    for name in effort.of(tuple(ATTRIBUTES), may(stand, "person", "export")):
        status = narrowing_status(stand, "export", name, True)
        shows = {who: seen & {name} for who, seen in stand.sees("export").items()}
        await stand.ask(
            "export fields", "GET", f"{WHERE}?fields={name}", status=_own_way(stand, status), shows=shows, attribute=name
        )


async def export_of_search(stand: Stand, effort: Effort) -> None:
    """The same selection, asked for in a body."""
    permitted = 200 if may(stand, "person", "export") else 403
    answer = await stand.ask(
        "export of search",
        "POST",
        WHERE,
        status=_own_way(stand, permitted),
        shows=stand.sees("export"),
        headers={"Accept": "application/x-ndjson"},
        json={"filters": []},
    )
    if answer.status_code == 200:
        stand.note("export of search", _whole(stand, list(_ndjson(answer.text))))


async def export_csv(stand: Stand, effort: Effort) -> None:
    await _export(stand, "text/csv", WHERE)


async def _export(stand: Stand, media: str, where: str) -> None:
    permitted = 200 if may(stand, "person", "export") else 403
    answer = await stand.ask(
        f"export {media}",
        "GET",
        where,
        status=_own_way(stand, permitted),
        shows=stand.sees("export"),
        headers={"Accept": media},
    )
    if answer.status_code == 200:
        read = _ndjson if media.endswith("ndjson") else _csv
        stand.note(f"export {media}", _whole(stand, list(read(answer.text))))


def _own_way(stand: Stand, status: int) -> int:
    """A person exports their own record by reading it: an export of a list names no record, and so is not theirs."""
    return 403 if stand.asking.speaks_for is not None else status


def _whole(stand: Stand, lines: list[Mapping[str, Any]]) -> Iterator[Fault]:
    if not lines or not lines[-1].get("complete"):
        yield Fault("over-redaction", "the export does not say that it is complete")
    people = [line for line in lines if "id" in line]
    yield from page_as_expected(people, names(stand), stand.sees("export"), listed(stand, "export"))


def _ndjson(text: str) -> Iterator[Mapping[str, Any]]:
    for line in map(json.loads, text.splitlines()):
        yield line.get("person") or line.get("export") or {}


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    """Records as the people that they tell of. What an empty cell means, the column ``withheld`` says."""
    for record in csv.DictReader(io.StringIO(text, newline="")):
        if record["id"] == "#export":
            yield json.loads(record["export"])
            continue
        withheld = json.loads(record["withheld"])
        attributes = {name: _value(name, cell) for name, cell in record.items() if name in ATTRIBUTES}
        shown = {name: value for name, value in attributes.items() if name not in withheld}
        hidden = {name: value for name, value in attributes.items() if name in withheld and value is not None}
        known = dict.fromkeys(ATTRIBUTES.keys() - shown.keys(), "not-necessary")
        yield {
            "id": record["id"],
            "attributes": shown | hidden,
            "withheld": known,
            "provenance": json.loads(record["provenance"]),
        }


def _value(name: str, cell: str) -> Any:
    if cell == "":
        return None
    schema = ATTRIBUTES[name].json_schema["type"]
    return cell.removeprefix("'") if schema == "string" else json.loads(cell)
