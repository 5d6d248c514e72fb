"""What is seen of every call from outside of it: its trace, its time, how it ended. One line of log, one count, one span.

INVARIANT: a call is named by the template of its route. No id of a person, no query and no header is written down.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stena import request_id
from stena.measuring import Counts, Times
from stena.request_id import Collector, Open, Trace
from stena.settings import ServiceSettings

REQUESTS = Counts("stena_http_requests", "Calls that were answered.", ["method", "route", "status"])
DURATION = Times("stena_http_request_duration_seconds", "From the head of a call to the end of its answer.", ["route"])

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_FOR_MACHINES: Final = frozenset({"/healthz", "/readyz"})

log = structlog.get_logger()
_noted: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)


def note(**words: str | None) -> None:
    """What the line and the span of the running call say besides: words of the rulebook, ids of clients and decisions."""
    known = _noted.get()
    if known is not None:
        known.update({name: word for name, word in words.items() if word is not None})


@dataclass(slots=True)
class _Seen:
    """One call while it goes on. ``status`` is what a caller gets after an exception that nobody handled."""

    trace: Trace
    span: Open | None
    began: float
    noted: dict[str, str]
    status: int = 500


class Observed:
    """Pure ASGI, the outermost layer of a service. ``level``: how much it matters that there was a call."""

    def __init__(self, app: ASGIApp, level: int = logging.DEBUG) -> None:
        self.app = app
        self._level = level

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = _begin(scope)
        token, noting = request_id.use(seen.trace), _noted.set(seen.noted)

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"traceresponse", seen.trace.traceparent.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_seen)
        finally:
            self._ended(scope, seen)
            _noted.reset(noting)
        # Not restored after an exception: the handler outside this layer names the trace in its answer.
        request_id.restore(token)

    def _ended(self, scope: Scope, seen: _Seen) -> None:
        method, route = _names(scope)
        took = time.perf_counter() - seen.began
        REQUESTS.add(method, route, str(seen.status))
        DURATION.add(took, route)
        if seen.span is not None:
            seen.span.end(f"{method} {route}", _attributes(method, route, seen), failed=seen.status >= 500)
        if route not in _FOR_MACHINES:
            milliseconds = round(took * 1000, 1)
            log.log(self._level, "call", method=method, route=route, status=seen.status, ms=milliseconds, **seen.noted)


@asynccontextmanager
async def collecting(app: FastAPI, settings: ServiceSettings, service: str) -> AsyncIterator[None]:
    """While it is open a collector hears of the calls of ``app``, if there is one."""
    if settings.otlp_endpoint is None:
        yield
        return
    from stena.otlp import OtlpCollector  # here, because a service without a collector has no use for all of the SDK

    collector = OtlpCollector(settings.otlp_endpoint, service, settings.traces_sampler, settings.traces_sampler_arg)
    app.state.collector = collector
    try:
        yield
    finally:
        await asyncio.to_thread(collector.close)


def _begin(scope: Scope) -> _Seen:
    headers = Headers(scope=scope)
    caller = request_id.arrived(headers.get("traceparent"), headers.get("tracestate"))
    collector: Collector | None = getattr(scope["app"].state, "collector", None)
    if collector is None:
        trace, span = (request_id.continued(caller) if caller else request_id.begun()), None
    else:
        span = collector.open("server", caller, time.time_ns())
        trace = span.place
    return _Seen(trace, span, time.perf_counter(), {})


def _names(scope: Scope) -> tuple[str, str]:
    """Method and route from lists that do not grow with what callers think of."""
    method, route = scope["method"], scope.get("route")
    return (method if method in _METHODS else "other"), str(getattr(route, "path", "none"))


def _attributes(method: str, route: str, seen: _Seen) -> Mapping[str, str | int]:
    named = {f"stena.{name}": word for name, word in seen.noted.items()}
    return {"http.request.method": method, "http.route": route, "http.response.status_code": seen.status, **named}
