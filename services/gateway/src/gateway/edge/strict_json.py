"""What counts as JSON at this door: RFC 8259 without what two parsers read differently. Pure; it builds nothing.

INVARIANT: a body that passes means the same to every parser behind this one.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

MAX_DEPTH: Final = 32
MAX_SHOWN: Final = 200
_ONE_SORT_OF_BRACKET: Final = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"{}[]"))
# A double holds every integer of up to 15 digits and some of 16; beyond, parsers differ (RFC 7493, section 2.2).
_LONG_INTEGER: Final = re.compile(rb"(?<![0-9.])[0-9]{17}(?![0-9]*[.eE])")


class MalformedJson(ValueError):
    """``detail`` says what to mend; ``pointer`` (RFC 6901), where known, says where."""

    def __init__(self, detail: str, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


def check(body: bytes) -> None:
    """Raise ``MalformedJson`` unless ``body`` is one JSON value that holds nothing ambiguous.

    Refused beside bad syntax: members named twice, nesting beyond ``MAX_DEPTH``, NaN and infinities, integers that a
    double cannot hold, lone surrogates, bytes that are no UTF-8, a byte order mark, and U+0000, which PostgreSQL
    cannot store.
    """
    unescaped = _without_escapes(body)
    structure = _outside_strings(unescaped)
    _check_depth(structure)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"The body is not JSON: {error}") from error
    if b"\\u0000" in unescaped:
        raise MalformedJson("The body holds the character U+0000, which cannot be stored.")
    if _LONG_INTEGER.search(structure):
        raise MalformedJson("The body holds an integer of more than 16 digits, which cannot be read exactly. Send it as text.")
    # The parser keeps the last of two members with the same name: written again, it has fewer than were read.
    if structure.count(b":") != _outside_strings(_without_escapes(orjson.dumps(value))).count(b":"):
        raise _named_twice(body)


def _without_escapes(body: bytes) -> bytes:
    r"""``body`` without ``\\`` and ``\"``, so that every quotation mark left begins or ends a string."""
    if b"\\" not in body:
        return body
    return body.replace(rb"\\", b"").replace(rb"\"", b"")


def _outside_strings(unescaped: bytes) -> bytes:
    return b" ".join(unescaped.split(b'"')[::2])


def _check_depth(structure: bytes) -> None:
    """Take the innermost pair of brackets away, everywhere at once, for each level that is allowed."""
    brackets = structure.translate(_ONE_SORT_OF_BRACKET, _ALL_BUT_BRACKETS)
    for _ in range(MAX_DEPTH):
        inner = brackets.replace(b"[]", b"")
        if len(inner) == len(brackets):
            return
        brackets = inner
    if b"[]" in brackets:
        raise MalformedJson(f"The body nests deeper than {MAX_DEPTH} levels.")


class _Members(list[tuple[str, Any]]):
    """An object as its members in order, so that a second one of the same name is still there."""


def _named_twice(body: bytes) -> MalformedJson:
    """The slow way, for the message alone: read the body again and look for where it is."""
    tree = json.loads(body, object_pairs_hook=_Members)
    pointer = next(_twice(tree, ""), "")[:MAX_SHOWN]
    return MalformedJson("An object names the same member twice.", pointer)


def _twice(value: Any, pointer: str) -> Iterator[str]:
    seen: set[str | int] = set()
    children: Iterable[tuple[str | int, Any]] = (
        value if isinstance(value, _Members) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, child in children:
        below = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
        if name in seen:
            yield below
        seen.add(name)
        yield from _twice(child, below)
