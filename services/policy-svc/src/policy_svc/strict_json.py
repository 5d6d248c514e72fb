"""JSON bodies that mean one thing to every reader: an object, no member twice, nothing that JSON does not know."""

import json
from typing import Any, Final

import orjson

from stena.problems import BadRequest

MOST_BYTES: Final = 1024 * 1024


def read_object(content_type: str | None, body: bytes) -> dict[str, Any]:
    """The object in ``body``. Raises ``BadRequest``, which never quotes it. Parameters of the content type are ignored."""
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("The body must be JSON, and its Content-Type application/json.", slug="not-json")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: line {error.lineno}, column {error.colno}.", slug="not-json") from error
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.", slug="not-an-object")
    _refuse_doubles(body)
    return value


def _refuse_doubles(body: bytes) -> None:
    """RFC 8259 leaves open which of two equal names counts: an enforcement point may have meant the other one."""
    try:
        _WATCHFUL.decode(body.decode())
    except _DoubledNameError as error:
        raise BadRequest("The body names a member of an object twice.", slug="member-doubled") from error
    except (RecursionError, ValueError) as error:
        raise BadRequest("The body is nested too deeply, or holds a number too long to read.", slug="not-json") from error


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _DoubledNameError


class _DoubledNameError(Exception):
    """Two members of one object have the same name."""


_WATCHFUL: Final = json.JSONDecoder(object_pairs_hook=_once)
