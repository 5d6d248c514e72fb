"""Rulebooks and bodies that nobody meant: each is answered in words, none with an exception, none for long.

`HYPOTHESIS_PROFILE=nightly` looks further than `make test` has time for.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_svc import golden
from policy_svc.faults import LONGEST, MOST, Fault, Faults, RulebookError
from policy_svc.loading import parse
from policy_svc.yaml_files import MOST_BYTES, MOST_VALUES, read
from stena.contracts.access import Evaluation

SNIPPETS = [
    "*",
    "&a ",
    "*a",
    "!!python/object:os.system ",
    "<<: ",
    "? ",
    "- ",
    "[",
    "{",
    "}",
    "'",
    '"',
    "|\n",
    "\t",
    "\0",
    "...\n",
]
SNIPPETS += [
    "---\n",
    "null",
    "yes",
    "0x10",
    "1e999",
    "-0",
    "2026-02-30",
    "$.record.consents",
    "uid: ",
    "\u2028",
    "\ufeff",
    "9" * 40,
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(SNIPPETS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def survive(files: Mapping[str, str]) -> None:
    """Loaded, or refused with places that exist and a mend."""
    for fault in _faults(files):
        assert fault.place.file in files
        assert 0 < fault.place.line <= files[fault.place.file].count("\n") + 2
        assert fault.what
        assert fault.mend


def _faults(files: Mapping[str, str]) -> tuple[Fault, ...]:
    try:
        rulebook, cases = parse(files)
    except RulebookError as refused:
        return refused.faults
    golden.run(rulebook, cases)
    return ()


# Reading a whole rulebook takes a while: at night five minutes for each test, not an hour.
assert settings.default is not None
bounded = settings(max_examples=min(settings.default.max_examples, 5_000))


@bounded
@given(data=st.data())
def test_a_damaged_file_loads_or_is_refused_with_its_place(files: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    text = files[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.one_of(st.just(len(text)), st.integers(start, min(start + 80, len(text)))))
    put = data.draw(st.sampled_from(["", *SNIPPETS]) | st.text(max_size=8) | st.just(text[start:end] * 2))
    survive({**files, name: text[:start] + put + text[end:]})


@bounded
@given(data=st.data())
def test_a_value_of_another_kind_loads_or_is_refused_with_its_place(files: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    raw = json.loads(json.dumps(_read(name, files[name])))
    place = data.draw(st.sampled_from(list(_places(raw))))
    changed = _replaced(raw, place, data.draw(VALUES), rename=data.draw(st.none() | st.text(max_size=8)))
    survive({**files, name: json.dumps(changed, indent=1)})


def _read(name: str, text: str) -> Any:
    return read(name, text, Faults())


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], new: Any, rename: str | None) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        last = len(path) == 1 and rename is not None
        return {
            (rename if last and key == path[0] else key): _replaced(inner, path[1:], new, rename) if key == path[0] else inner
            for key, inner in value.items()
        }
    return [_replaced(inner, path[1:], new, rename) if key == path[0] else inner for key, inner in enumerate(value)]


BOMBS = {
    "values": ("rules/common.yaml", "- a\n" * (MOST_BYTES // 4), f"more than {MOST_VALUES} values"),
    "values in one line": ("rules/common.yaml", f"[{'a,' * (MOST_BYTES // 2 - 2)}]", f"more than {MOST_VALUES} values"),
    "faults": ("rules/common.yaml", "- {}\n" * 100_000, "a rule without a description"),
    "anchors": ("rules/common.yaml", "- &a a\n" * (MOST_BYTES // 7), "anchors and aliases are not allowed"),
    "laughs": ("rules/common.yaml", "a: &a [x]\n" + "b: &b [*a, *a, *a]\n" * 1000, "anchors and aliases are not allowed"),
    "tags": ("rules/common.yaml", "- !x a\n" * (MOST_BYTES // 7), "tags are not allowed"),
    "brackets": ("rules/common.yaml", "[" * MOST_BYTES, "nested deeper"),
    "dashes": ("rules/common.yaml", "- " * (MOST_BYTES // 2), "nested deeper"),
    "doubled keys": ("purposes.yaml", "a: 1\n" * (MOST_BYTES // 5), "the key 'a' stands here twice"),
    "a key of megabytes": ("purposes.yaml", f"? {'a' * MOST_BYTES}\n: 1\n", "not a mapping"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(files: dict[str, str], name: str) -> None:
    file, text, message = BOMBS[name]
    begun = time.process_time()
    with pytest.raises(RulebookError, match=message) as refused:
        parse({**files, file: text})
    assert time.process_time() - begun < 10, "seconds of work for a file that says nothing"
    assert len(str(refused.value)) < MOST * 3 * LONGEST


def test_values_are_counted_over_all_files(files: dict[str, str]) -> None:
    many = {f"rules/{number}.yaml": "- a\n" * (MOST_VALUES // 4) for number in range(4)}
    with pytest.raises(RulebookError, match="more than"):
        parse({**files, **many})


CONTENT_TYPES = ["application/json", "application/json; charset=utf-8", "text/plain", "", "application/json\t", "a/b;" * 50]


@st.composite
def bodies(draw: st.DrawFn, question: Any) -> bytes:
    """Bytes, JSON of any shape, and questions of which one part is something else, stands twice or is cut off."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
    place = draw(st.sampled_from(list(_places(question))))
    body = json.dumps(_replaced(question, place, draw(VALUES), draw(st.none() | st.text(max_size=8)))).encode(
        "utf-8", "replace"
    )
    cut = draw(st.integers(0, len(body)))
    return draw(st.sampled_from([body, body[:cut], body[:cut] + body, body[:cut] + b"\xff" + body[cut:]]))


@bounded
@given(data=st.data())
async def test_any_body_is_answered_or_refused_in_words(
    service: httpx.AsyncClient, ask: Callable[..., Evaluation], data: st.DataObject
) -> None:
    one = ask(case="7", person="someone").model_dump()
    path, question = data.draw(
        st.sampled_from([("/access/v1/evaluation", one), ("/access/v1/evaluations", {"evaluations": [one, one]})])
    )
    body, content_type = data.draw(bodies(question)), data.draw(st.sampled_from(CONTENT_TYPES))
    answer = await service.post(path, content=body, headers={"Content-Type": content_type})
    said = orjson.loads(answer.content)
    if answer.status_code == 200:
        assert all(type(each["decision"]) is bool for each in said.get("evaluations", [said]))
    else:
        assert answer.status_code in (400, 413, 415)
        assert answer.headers["content-type"] == "application/problem+json"
        assert said["detail"]
