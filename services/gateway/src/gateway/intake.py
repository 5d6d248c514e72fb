"""The first thing that a request meets: refuses what no route must ever see, before anyone asks who sent it.

It decides on form alone and never looks at what a request means, who sent it or what is stored.
"""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.edge import strict_json
from gateway.edge.strict_http import Headers, admit_headers, admit_host, admit_parameters, admit_target, shown
from stena import problems
from stena.problems import BadRequest, ContentTooLarge, Problem, RequestTimeout, UnsupportedMedia

MAX_BODY: Final = 1024 * 1024  # bytes
BODY_WITHIN: Final = 10.0  # seconds
TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 -- a path

_JSON: Final = frozenset({b"application/json", b"application/merge-patch+json"})
_FORM: Final = b"application/x-www-form-urlencoded"
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE"})


class Intake:
    """ASGI middleware; only what observes every call belongs outside it.

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
            headers = admit_headers(scope["headers"])
            admit_host(headers)
            admit_target(scope["raw_path"], scope["query_string"])
            body = await _read(receive, headers, self.within)
            if body:
                _admit_body(body, headers, scope)
        except Problem as problem:
            # What is left of the request stays unread: the connection cannot be used for another.
            problem.headers["Connection"] = "close"
            await problems.response(problem)(scope, receive, send)
        except ClientGone:
            pass
        else:
            # In place, not in a copy: the error handler outside finds in it the route that failed.
            scope["headers"] = headers
            await self.app(scope, _replay(body, receive), send)


class ClientGone(Exception):
    """The caller hung up before its body was whole."""


async def _read(receive: Receive, headers: Headers, within: float) -> bytes:
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
    length, transfer = headers.get(b"content-length"), headers.get(b"transfer-encoding", b"chunked")
    if transfer.strip().lower() != b"chunked":
        raise BadRequest("Transfer-Encoding may be chunked, and nothing else.")
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


def _admit_body(body: bytes, headers: Headers, scope: Scope) -> None:
    if scope["method"] in _WITHOUT_BODY:
        raise BadRequest("This call takes no body. What it says could be read by one part of the house and not by another.")
    named = dict(headers)
    if named.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise UnsupportedMedia("The body is compressed. Send it as it is, without Content-Encoding.")
    media, parameters = _media_type(named.get(b"content-type", b""))
    wanted = {_FORM} if scope["path"] == TOKEN_PATH else _JSON
    if media not in wanted or parameters not in (b"", b"charset=utf-8"):
        choice = " or ".join(sorted(shown(each) for each in wanted))
        raise UnsupportedMedia(f"The body must be {choice} in UTF-8, and the header Content-Type say so.")
    if media == _FORM:
        # A client library reads the error codes of RFC 6749, section 5.2, not ours.
        admit_parameters(body, frozenset(), "body", error="invalid_request")
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
