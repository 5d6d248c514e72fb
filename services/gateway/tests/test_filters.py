"""Filters in addresses take the types of the attribute's schema; whatever is none is refused before anything is asked."""

from typing import Any

import pytest

from gateway.filters import FilterInvalid, read
from stena.contracts.profile import Filter

from .neighbours import attribute

LANGUAGES = {
    "type": "array",
    "items": {"type": "object", "properties": {"language": {"type": "string"}, "level": {"type": "integer"}}},
}
ATTRIBUTES = {
    each.name: each
    for each in (
        attribute("municipality"),
        attribute("adult", "boolean"),
        attribute("education_level", "integer"),
        attribute("share", "number"),
        attribute("skills", schema={"type": "array", "items": {"type": "string"}}),
        attribute("languages", schema=LANGUAGES, filter_key="language"),
        attribute("levels", schema=LANGUAGES, filter_key="level"),
        attribute("distance", schema={"type": ["integer", "null"]}),
    )
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("municipality:eq:София", "София"),
        ("municipality:eq:12", "12"),
        ("municipality:eq:", ""),
        ("skills:has:http://data.europa.eu/esco/skill/1", "http://data.europa.eu/esco/skill/1"),
        ("languages:has:ukr", "ukr"),
        ("levels:has:3", 3),
        ("adult:eq:true", True),
        ("education_level:ge:3", 3),
        ("education_level:in:3,4", [3, 4]),
        ("municipality:in:a,b", ["a", "b"]),
        ("share:lt:0.5", 0.5),
        ("share:lt:1", 1),
        ("distance:le:30", 30),
        ("not_in_the_catalogue:eq:1", "1"),
    ],
)
def test_a_filter_is_read_with_its_type(text: str, value: Any) -> None:
    name, operator, _ = text.split(":", 2)
    found = read(text, ATTRIBUTES)
    assert found == Filter(attribute=name, operator=operator, value=value)
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "municipality",
        "municipality:eq",
        ":eq:x",
        "municipality:like:x",
        "adult:eq:yes",
        "adult:eq:1",
        "education_level:eq:true",
        "education_level:eq:3.5",
        "education_level:eq:three",
        "education_level:in:3,x",
        "share:eq:NaN",
        "share:eq:1e999",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterInvalid):
        read(text, ATTRIBUTES)
