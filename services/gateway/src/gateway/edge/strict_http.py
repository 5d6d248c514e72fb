"""Which headers, paths, queries and forms may go on: those that every part behind the door reads in the same way.

It knows the form of a request alone and never what its values mean.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from stena.problems import BadRequest, pointer

MAX_PATH: Final = 1024  # bytes
MAX_QUERY: Final = 8 * 1024  # bytes
MAX_PARAMETERS: Final = 100
MAX_SHOWN: Final = 200  # characters of the caller's own words in an answer
REPEATABLE: Final = frozenset({"filter"})

DECIDING: Final = frozenset(
    {
        b"authorization", b"processing-purpose", b"case-reference", b"acting-user", b"access-justification",
        b"if-match", b"idempotency-key", b"content-type", b"content-length", b"content-encoding", b"transfer-encoding", b"host",
    }
)  # fmt: skip
"""Headers that decide something. Of two, one part of the house could read the first and another the last."""

REFUSED: Final = frozenset(
    {
        b"grant", b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-original-url", b"x-original-uri",
        b"x-original-method", b"x-rewrite-url",
    }
)  # fmt: skip
"""Headers by which a caller would say what the wall alone may say, or ask for another call than the one it makes."""

STRIPPED: Final = frozenset({b"forwarded", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"true-client-ip"})
"""Headers of proxies, honest or not: taken away unread, with every ``x-forwarded-…``."""

_HOST: Final = re.compile(rb"[A-Za-z0-9._~-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_PATH: Final = re.compile(rb"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?")
"""What an address of this API is made of: nothing encoded, no empty segment, none that means the one above."""

Headers = list[tuple[bytes, bytes]]


def admit_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers that may go on. Raises ``BadRequest`` for one that is refused, doubled, or holds U+0000."""
    kept: Headers = []
    seen: set[bytes] = set()
    for name, value in headers:
        # Some proxies and frameworks take an underscore for a hyphen: to them it would be the same header once more.
        if name in REFUSED or (b"_" in name and _is_of_the_house(name.replace(b"_", b"-"))):
            raise BadRequest(f"The header {shown(name)} is not taken from outside. Leave it out.", slug="header-refused")
        if _is_of_proxies(name):
            continue
        if name in DECIDING:
            if name in seen:
                raise BadRequest(
                    f"The header {shown(name)} stands in the request twice. Send it once.", slug="duplicate-header"
                )
            if b"%00" in value:
                raise BadRequest(f"The header {shown(name)} holds the character U+0000. Leave it out.")
            seen.add(name)
        kept.append((name, value))
    return kept


def _is_of_proxies(name: bytes) -> bool:
    return name in STRIPPED or name.startswith(b"x-forwarded")


def _is_of_the_house(name: bytes) -> bool:
    return name in DECIDING or name in REFUSED or _is_of_proxies(name)


def admit_host(headers: Headers) -> None:
    """Raise ``BadRequest`` unless the request names its host, as RFC 9112 (3.2) wants it."""
    named = dict(headers).get(b"host")
    if named is None or not _HOST.fullmatch(named):
        raise BadRequest("The header Host is missing, or names no host.")


def admit_target(path: bytes, query: bytes) -> None:
    """Raise ``BadRequest`` for a path that two parts of a house could read differently, and for a query that is too long,
    repeats what may stand there once, or is no UTF-8. ``path`` is as the caller wrote it, nothing decoded."""
    if len(path) > MAX_PATH or not _PATH.fullmatch(path):
        raise BadRequest(
            "The path holds what no address here has: an encoded character, two slashes in a row, a segment of dots. "
            "Write it as it stands in the documentation."
        )
    if len(query) > MAX_QUERY:
        raise BadRequest(f"The query is longer than {MAX_QUERY} bytes. Send a search as POST /v1/persons/search.")
    if query:
        admit_parameters(query, REPEATABLE, "query")


def admit_parameters(encoded: bytes, repeatable: frozenset[str], where: str, **members: Any) -> None:
    """The same for any form-urlencoded text; ``members`` go into the problem."""
    try:
        text = encoded.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        detail = f"The {where} is not percent-encoded UTF-8 of at most {MAX_PARAMETERS} parameters."
        raise BadRequest(detail, **members) from error
    names = [name for name, _ in pairs if name not in repeatable]
    if len(names) != len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        fault = {"in": where, "pointer": pointer([twice[:MAX_SHOWN]]), "detail": "stands there twice"}
        raise BadRequest("A parameter is repeated. Send it once.", slug="duplicate-parameter", errors=[fault], **members)
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise BadRequest(f"The {where} holds the character U+0000. Leave it out.", **members)


def shown(name: bytes) -> str:
    return name.decode("latin-1")
