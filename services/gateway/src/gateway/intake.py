"""The first thing that a request meets: refuses what no route must ever see, before anyone asks who sent it.

It decides on form alone and never looks at what a request means, who sent it or what is stored.
"""

import asyncio
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import strict_json
from stena import problems
from stena.problems import BadRequest, ContentTooLarge, Problem, RequestTimeout, UnsupportedMedia

MAX_BODY: Final = 1024 * 1024  # bytes
MAX_QUERY: Final = 8 * 1024  # bytes
MAX_PARAMETERS: Final = 100
BODY_WITHIN: Final = 10.0  # seconds
TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 -- a path
REPEATABLE: Final = frozenset({"filter"})

DECIDING: Final = frozenset(
    {
        b"authorization", b"processing-purpose", b"case-reference", b"acting-user", b"access-justification",
        b"if-match", b"idempotency-key", b"content-type", b"content-length", b"content-encoding", b"host",
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

_JSON: Final = frozenset({b"application/json", b"application/merge-patch+json"})
_FORM: Final = b"application/x-www-form-urlencoded"
_Headers = list[tuple[bytes, bytes]]


class Intake:
    """ASGI middleware; only the trace belongs outside it, so add it before ``TraceMiddleware``:

        app.add_middleware(Intake)
        app.add_middleware(TraceMiddleware)

    A route behind it finds each deciding header and each query parameter (but ``filter``) at most once, and a body
    that is absent or, but for the form of the token endpoint, strict JSON (``strict_json``) of at most 1 MiB.
    Responses pass through untouched, streamed ones included.
    """

    def __init__(self, app: ASGIApp, *, within: float = BODY_WITHIN) -> None:
        self.app = app
        self.within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            headers = _admit_headers(scope["headers"])
            _admit_target(scope)
            body = await _read(receive, headers, self.within)
            if body:
                _admit_body(body, headers, scope["path"])
        except Problem as problem:
            # What is left of the request stays unread: the connection cannot be used for another.
            problem.headers["Connection"] = "close"
            await problems.response(problem)(scope, receive, send)
        except ClientGone:
            pass
        else:
            await self.app({**scope, "headers": headers}, _replay(body, receive), send)


class ClientGone(Exception):
    """The caller hung up before its body was whole."""


def _admit_headers(headers: Iterable[tuple[bytes, bytes]]) -> _Headers:
    """The headers that may go on. Raises ``BadRequest`` for one that is refused, doubled, or holds U+0000."""
    kept: _Headers = []
    seen: set[bytes] = set()
    for name, value in headers:
        if name in REFUSED:
            raise BadRequest(f"The header {_shown(name)} is not taken from outside. Leave it out.", slug="header-refused")
        if name in STRIPPED or name.startswith(b"x-forwarded"):
            continue
        if name in DECIDING:
            if name in seen:
                raise BadRequest(
                    f"The header {_shown(name)} stands in the request twice. Send it once.", slug="duplicate-header"
                )
            if b"%00" in value:
                raise BadRequest(f"The header {_shown(name)} holds the character U+0000. Leave it out.")
            seen.add(name)
        kept.append((name, value))
    return kept


def _admit_target(scope: Scope) -> None:
    if "\x00" in scope["path"]:
        raise BadRequest("The path holds the character U+0000. Leave it out.")
    query = scope["query_string"]
    if not query:
        return
    if len(query) > MAX_QUERY:
        raise BadRequest(f"The query is longer than {MAX_QUERY} bytes. Send a search as POST /v1/persons/search.")
    _admit_parameters(query, REPEATABLE, "query")


def _admit_parameters(encoded: bytes, repeatable: frozenset[str], where: str, **members: str) -> None:
    try:
        text = encoded.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        detail = f"The {where} is not percent-encoded UTF-8 of at most {MAX_PARAMETERS} parameters."
        raise BadRequest(detail, **members) from error
    names = [name for name, _ in pairs if name not in repeatable]
    if len(names) != len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        fault = {"in": where, "pointer": problems.pointer([twice[: strict_json.MAX_SHOWN]]), "detail": "stands there twice"}
        raise BadRequest("A parameter is repeated. Send it once.", slug="duplicate-parameter", errors=[fault], **members)
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise BadRequest(f"The {where} holds the character U+0000. Leave it out.", **members)


async def _read(receive: Receive, headers: _Headers, within: float) -> bytes:
    """The whole body, at most ``MAX_BODY`` bytes in at most ``within`` seconds."""
    _check_announced(dict(headers))
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(within):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                part = message.get("body", b"")
                size += len(part)
                if size > MAX_BODY:
                    raise _too_large()
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise RequestTimeout(f"The body was not whole within {within:g} seconds. Send it again, faster.") from error


def _check_announced(headers: dict[bytes, bytes]) -> None:
    length = headers.get(b"content-length")
    if length is None:
        return
    if b"transfer-encoding" in headers:
        raise BadRequest("The body's length is told in two ways: Content-Length and Transfer-Encoding. Send one.")
    if not length.isdigit():
        raise BadRequest("The header Content-Length is not a number.")
    # Compared by its number of digits first: a number of thousands of digits is not worth reading.
    if len(length.lstrip(b"0")) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
        raise _too_large()


def _too_large() -> ContentTooLarge:
    return ContentTooLarge(f"The body is larger than {MAX_BODY} bytes. Send less, or in several calls.")


def _admit_body(body: bytes, headers: _Headers, path: str) -> None:
    named = dict(headers)
    if named.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise UnsupportedMedia("The body is compressed. Send it as it is, without Content-Encoding.")
    media, parameters = _media_type(named.get(b"content-type", b""))
    wanted = {_FORM} if path == TOKEN_PATH else _JSON
    if media not in wanted or parameters not in (b"", b"charset=utf-8"):
        choice = " or ".join(sorted(_shown(each) for each in wanted))
        raise UnsupportedMedia(f"The body must be {choice} in UTF-8, and the header Content-Type say so.")
    if media == _FORM:
        # A client library reads the error codes of RFC 6749, section 5.2, not ours.
        _admit_parameters(body, frozenset(), "body", error="invalid_request")
    else:
        _admit_json(body)


def _admit_json(body: bytes) -> None:
    try:
        strict_json.check(body)
    except strict_json.MalformedJson as error:
        fault = {"in": "body", "pointer": error.pointer or "", "detail": error.detail}
        raise BadRequest(error.detail, slug="malformed-json", errors=[fault]) from error


def _media_type(value: bytes) -> tuple[bytes, bytes]:
    media, _, parameters = value.lower().partition(b";")
    return media.strip(), parameters.replace(b" ", b"").replace(b'"', b"")


def _replay(body: bytes, receive: Receive) -> Receive:
    """What was read, once more and in one piece; after it the caller's own messages, so that a hang-up is still heard."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


def _shown(name: bytes) -> str:
    return name.decode("latin-1")
