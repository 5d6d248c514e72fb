"""W3C Trace Context: every request belongs to a trace, taken from ``traceparent`` or begun here, and carried onward."""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Trace:
    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-01"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """The running request's trace; outside a request a fresh one."""
    return _current.get() or begin(None)


def begin(traceparent: str | None) -> Trace:
    """Continue the caller's trace with a span of our own, or begin one if ``traceparent`` is absent or malformed."""
    known = _TRACEPARENT.fullmatch(traceparent or "")
    if known and set(known[1]) != {"0"} and set(known[2]) != {"0"}:
        return Trace(known[1], secrets.token_hex(8))
    return Trace(secrets.token_hex(16), secrets.token_hex(8))


class TraceMiddleware:
    """Pure ASGI: sets the trace for the request and answers with its id in ``traceresponse``."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        trace = begin(Headers(scope=scope).get("traceparent"))
        token = _current.set(trace)

        async def send_traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"traceresponse", trace.traceparent.encode())]
            await send(message)

        await self.app(scope, receive, send_traced)
        # Not reset after an exception: the handler outside this middleware names the trace in its answer.
        _current.reset(token)
