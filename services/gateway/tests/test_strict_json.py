"""Strict JSON: what two parsers could read differently is refused, and nothing else."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.strict_json import MAX_DEPTH, MalformedJson, check

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
_SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=20
)


@given(_VALUES, st.booleans())
def test_every_plain_value_passes_and_both_parsers_agree_on_it(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    check(body)
    assert json.loads(body) == orjson.loads(body) == value


@given(st.dictionaries(_TEXT, _VALUES, min_size=1, max_size=4), st.data())
def test_a_member_named_twice_is_refused_wherever_it_stands(value: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    doubled = json.dumps(value)[:-1] + f", {json.dumps(name)}: null}}"
    for body, place in ((doubled, ""), (f'[1, {{"a/b": {doubled}}}]', "/1/a~1b")):
        with pytest.raises(MalformedJson) as refused:
            check(body.encode())
        assert refused.value.pointer == (place + "/" + name.replace("~", "~0").replace("/", "~1"))[:200]


def test_a_member_named_twice_by_an_escape_is_the_same_member() -> None:
    with pytest.raises(MalformedJson, match="twice"):
        check(rb'{"gender": 1, "\u0067ender": 2}')


@pytest.mark.parametrize(
    "text", [b'{"a": "x:y\\":\\\\", "b:": "{[\\u007b"}', b'["\\\\u0000"]', b'["0.30000000000000004", 0.30000000000000004]']
)
def test_colons_brackets_and_escapes_inside_strings_are_text(text: bytes) -> None:
    check(text)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[1,]", b"{'a': 1}", b"01", b'{"a": 1} {"a": 1}', b"NaN", b"[Infinity]", b"[-Infinity]", b"1e999",
        b'"\\ud800"', b'"\\udc00\\ud83d"', b'"\xff"', b'"\xed\xa0\x80"', b'\xef\xbb\xbf{}', '{"a": 1}'.encode("utf-16"),
        b'"\x00"', b'"\\u0000"', b'{"\\u0000": 1}', b'"a\\\\\\u0000"', b"12345678901234567", b"[-99999999999999999999]",
    ],
)  # fmt: skip
def test_what_is_ambiguous_or_cannot_be_stored_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        check(body)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"]": ', "}]")])
def test_depth_is_counted_over_both_kinds_of_brackets(opening: str, closing: str) -> None:
    step = opening.count("[") + opening.count("{")
    allowed = MAX_DEPTH // step
    check((opening * allowed + "1" + closing * allowed).encode())
    for deeper in (allowed + 1, 600, 50_000):
        with pytest.raises(MalformedJson, match="deeper"):
            check((opening * deeper + "1" + closing * deeper).encode())
