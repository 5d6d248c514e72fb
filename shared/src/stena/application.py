"""The FastAPI application that every service starts from: it shows, sends and collects nothing by itself."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from stena import problems
from stena.request_id import TraceMiddleware

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Layer(Protocol):
    """A pure ASGI middleware: made of the application inside it."""

    def __call__(self, app: ASGIApp, /) -> ASGIApp: ...


def create(lifespan: Lifespan, *middleware: Layer) -> FastAPI:
    """An application with problem documents and traces, and without documentation pages, redirects and telemetry.

    ``middleware``, innermost first, stands inside the trace, so that its answers can be found by it too.

    INVARIANT: FastAPI's own telemetry stays off. It would hand exceptions, whose texts may quote stored values, to
    whatever collector happens to be installed.
    """
    app = FastAPI(
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    layers: tuple[Layer, ...] = (*middleware, TraceMiddleware)
    for layer in layers:
        app.add_middleware(layer)
    return app
