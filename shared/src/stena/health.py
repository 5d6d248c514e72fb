"""Liveness, readiness and metrics, the same for every service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Response
from prometheus_client import start_http_server

from stena.settings import ServiceSettings

Check = Callable[[], Awaitable[object]]


def router(checks: Mapping[str, Check]) -> APIRouter:
    """``/healthz``: the process runs. ``/readyz``: each named check passes within a second, else 503 naming those that fail."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz(response: Response) -> dict[str, object]:
        outcomes = dict(zip(checks, await asyncio.gather(*map(_passes, checks.values())), strict=True))
        ready = all(outcomes.values())
        response.status_code = 200 if ready else 503
        return {"status": "ready" if ready else "not ready", "checks": outcomes}

    return routes


def serve_metrics(settings: ServiceSettings) -> None:
    """Prometheus metrics on a port of their own, so that the network decides who may read them."""
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, settings.metrics_host)


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(1):
            await check()
    except Exception:  # a check may fail in any way; each of them means "not ready"
        return False
    return True
