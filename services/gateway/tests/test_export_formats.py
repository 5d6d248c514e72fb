"""What an export says can be read back, whatever values it holds, and no spreadsheet runs any of it."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export_formats import Csv, End, NdJson, Part

DISCLOSURE = {"purpose": "job-ranking", "decision": "dec_1", "rulebook": "sha256:test"}
ATTRIBUTES = ("given_name", "skills", "export")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
texts = st.text() | st.sampled_from("=+-@\t\r\n'＝＋－＠").flatmap(lambda first: st.text().map(lambda rest: first + rest))


def person(attributes: dict[str, Any], **withheld: str) -> dict[str, Any]:
    return {"id": "psn_a", "attributes": attributes, "provenance": {}, "withheld": withheld, "updated_at": None}


def records(*people: dict[str, Any]) -> list[list[str]]:
    made = Csv()
    written = made.part(Part(people, ATTRIBUTES, DISCLOSURE)) + made.end(End(len(people), None, DISCLOSURE))
    return list(csv.reader(io.StringIO(written.decode(), newline="")))


@given(texts)
def test_a_text_comes_back_and_opens_as_no_formula(value: str) -> None:
    cell = records(person({"given_name": value}))[1][2]
    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")
    assert cell.removeprefix("'") == value


@given(st.lists(json_values) | st.dictionaries(st.text(), json_values) | st.booleans() | st.integers(-(2**53), 2**53))
def test_every_other_value_is_json_in_its_cell(value: Any) -> None:
    assert json.loads(records(person({"skills": value}))[1][3]) == value


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(ATTRIBUTES, json_values | texts)), max_size=4))
def test_every_record_has_the_cells_of_the_header(attributes: list[dict[str, Any]]) -> None:
    header, *rows = records(*map(person, attributes))
    assert len(rows) == len(attributes) + 1
    assert {len(row) for row in rows} == {len(header)}
    assert len(set(header)) == len(header)


def test_what_is_withheld_is_told_apart_from_what_is_not_known() -> None:
    header, empty, withheld, _ = records(
        person({"given_name": None}, gender="not-necessary"), person({}, given_name="consent-missing", gender="not-necessary")
    )
    name, reasons = header.index("given_name"), header.index("withheld")
    assert empty[name] == withheld[name] == ""
    assert "given_name" not in json.loads(empty[reasons])
    assert json.loads(withheld[reasons])["given_name"] == "consent-missing"


def test_the_last_record_can_be_taken_for_no_person() -> None:
    header, *people, last = records(person({"given_name": "#export"}))
    assert [row[0] for row in people] == ["psn_a"]
    assert (last[0], set(last[1:-1])) == ("#export", {""})
    assert (header[-1], json.loads(last[-1])["complete"]) == ("export", True)
    assert header[2:5] == ["given_name", "skills", "attributes.export"]


def test_lines_end_as_rfc_4180_has_it() -> None:
    written = Csv().part(Part((person({"given_name": 'Олена\n, "x"'}),), ATTRIBUTES, DISCLOSURE)).decode()
    assert written.endswith("\r\n")
    assert '"Олена\n, ""x"""' in written


@given(st.lists(json_values | texts, max_size=4))
@pytest.mark.parametrize("reason", [None, "unavailable"])
def test_every_line_of_ndjson_stands_alone(reason: str | None, values: list[Any]) -> None:
    people = [person({"skills": value}) for value in values]
    made = NdJson()
    written = made.part(Part(people, ATTRIBUTES, DISCLOSURE)) + made.end(End(len(people), reason, DISCLOSURE))
    first, *said, last = (json.loads(line) for line in written.decode().split("\n")[:-1])
    assert first == {"disclosure": DISCLOSURE}
    assert said == [{"person": each} for each in people]
    assert last["export"] == {"complete": reason is None, "reason": reason, "people": len(people), "disclosure": DISCLOSURE}
