"""Liveness, readiness and metrics, the same for every service."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import Gauge, start_http_server

from stena.alongside import alongside
from stena.settings import ServiceSettings

Check = Callable[[], Awaitable[object]]

FREE = Gauge("stena_folder_free_bytes", "Room that is left on the disk where a folder is.", ["folder"])
SIZE = Gauge("stena_folder_size_bytes", "Size of that disk.", ["folder"])
READY = Gauge("stena_ready", "Whether a check of readiness passed when it was looked at last.", ["check"])


def router(
    checks: Mapping[str, Check],
    *,
    degrading: Mapping[str, Check] = MappingProxyType({}),
    about: Callable[[], Mapping[str, object]] = dict,
    every: float | None = None,
) -> APIRouter:
    """``/healthz``: the process runs. ``/readyz``: each named check passes within a second, else 503 naming those that fail.
    A service that is about to end is not ready either: whoever shares out calls sends no more.

    Where one of ``degrading`` fails the service goes on without: 200, and the status says it. ``about`` adds members that
    operators want to see there. ``every`` so many seconds the metrics are told of the checks, whether or not anybody asks.
    """
    asked = {**checks, **degrading}
    routes = APIRouter(include_in_schema=False, lifespan=_looking_on(asked, every))

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz(request: Request, response: Response) -> dict[str, object]:
        outcomes = await _outcomes(asked)
        leaving = is_leaving(request.app)
        ready = all(outcomes[name] for name in checks) and not leaving
        response.status_code = 200 if ready else 503
        status = "leaving" if leaving else "not ready" if not ready else "ready" if all(outcomes.values()) else "degraded"
        return {"status": status, "checks": outcomes, **about()}

    return routes


def measure_folder(name: str, folder: Path) -> None:
    """Tell how much room is left where ``folder`` is, whenever somebody looks."""

    def told(part: str) -> Callable[[], float]:
        def of_disk() -> float:
            try:
                return float(getattr(shutil.disk_usage(folder), part))
            except OSError:
                return float("nan")

        return of_disk

    FREE.labels(name).set_function(told("free"))
    SIZE.labels(name).set_function(told("total"))


def leave(app: FastAPI) -> None:
    """From now on ``app`` says that it is not ready."""
    app.state.leaving = True


def is_leaving(app: FastAPI) -> bool:
    """Whether it is about to end: nobody is to be kept waiting for what may come."""
    return getattr(app.state, "leaving", False)


def serve_metrics(settings: ServiceSettings) -> None:
    """Prometheus metrics on a port of their own, so that the network decides who may read them."""
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, settings.metrics_host)


def _looking_on(asked: Mapping[str, Check], every: float | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    def looking(app: FastAPI) -> AbstractAsyncContextManager[None]:
        return alongside() if every is None else alongside(_look_on(asked, every))

    return looking


async def _look_on(asked: Mapping[str, Check], every: float) -> None:
    while True:
        await _outcomes(asked)
        await asyncio.sleep(every)


async def _outcomes(asked: Mapping[str, Check]) -> dict[str, bool]:
    outcomes = dict(zip(asked, await asyncio.gather(*map(_passes, asked.values())), strict=True))
    for name, passed in outcomes.items():
        READY.labels(name).set(passed)
    return outcomes


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(1):
            await check()
    except Exception:  # a check may fail in any way; each of them means "not ready"
        return False
    return True
