"""A way past FastAPI's routing and dependencies for the few calls that are most of all: they cost more than the answer does.

INVARIANT: a shortcut is a second way to the same function. Whatever of a call is not exactly as expected takes the long way.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Final

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES: Final = re.compile(r"\{(\w+)\}")
NO_QUERY: Final = frozenset({b""})


@dataclass(frozen=True, slots=True)
class Shortcut:
    """``path`` is the template of the route, ``pattern`` how a whole path looks; ``answer`` is given what its groups hold.
    ``queries`` are those with which it is known what to do."""

    method: str
    path: str
    pattern: re.Pattern[str]
    answer: Callable[..., Awaitable[Response]]
    queries: frozenset[bytes] = NO_QUERY

    def match(self, scope: Scope) -> re.Match[str] | None:
        if scope["method"] != self.method or scope["query_string"] not in self.queries:
            return None
        return self.pattern.fullmatch(scope["path"])


class Shortcuts:
    """ASGI middleware, the innermost one: nothing that looks at calls or answers is passed by."""

    def __init__(self, app: ASGIApp, *, calls: Sequence[Shortcut]) -> None:
        self.app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for call in self._calls:
                if found := call.match(scope):
                    scope["route"] = call  # what is written of a call names its template
                    response = await _answered(call, Request(scope, receive), found)
                    await response(scope, receive, send)
                    return
        await self.app(scope, receive, send)


async def _answered(call: Shortcut, request: Request, found: re.Match[str]) -> Response:
    try:
        return await call.answer(request, *found.groups())
    except Exception as error:
        handlers = request.app.exception_handlers
        # But for whoever handles every exception: that one stands further outside.
        known = next((handlers[kind] for kind in type(error).__mro__ if kind is not Exception and kind in handlers), None)
        if known is None:
            raise
        request.scope["path_params"] = dict(zip(_NAMES.findall(call.path), found.groups(), strict=True))
        refusal = known(request, error)
        if isawaitable(refusal):
            refusal = await refusal
        assert isinstance(refusal, Response)
        return refusal
