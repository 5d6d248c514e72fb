"""The FastAPI application that every service starts from: it shows, sends and collects nothing by itself."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from stena import observing, problems
from stena.settings import ServiceSettings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Layer(Protocol):
    """A pure ASGI middleware: made of the application inside it."""

    def __call__(self, app: ASGIApp, /) -> ASGIApp: ...


def create(
    service: str, settings: ServiceSettings, lifespan: Lifespan, *middleware: Layer, calls_are: int = logging.DEBUG
) -> FastAPI:
    """An application with problem documents and traces, and without documentation pages, redirects and telemetry.

    ``middleware``, innermost first, stands inside of what observes every call, so that its answers are seen too. ``calls_are``:
    the severity with which a call is logged.

    INVARIANT: FastAPI's own telemetry stays off. It would hand exceptions, whose texts may quote stored values, to
    whatever collector happens to be installed.
    """

    @asynccontextmanager
    async def observed(app: FastAPI) -> AsyncIterator[None]:
        async with observing.collecting(app, settings, service), lifespan(app):
            yield

    app = FastAPI(
        lifespan=observed,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    layers: tuple[Layer, ...] = (*middleware, partial(observing.Observed, level=calls_are))
    for layer in layers:
        app.add_middleware(layer)
    return app
