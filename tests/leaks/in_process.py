"""The four services in this process, with their logs caught: the fastest target, for tests."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy import text

from stena.logging import configure
from stena_local.testing import Database, temporary_postgres
from tests.observing.receiver import Collector, collecting
from tests.system.house import GATEWAY, House, migrated, put, standing

from .inside.read_ledger import LEDGER
from .target import Line, Registered, Target, named


@dataclass
class InProcess:
    """``house`` is there for what cannot be seen or done from outside, like another rulebook."""

    house: House
    caught: io.StringIO
    collector: Collector
    name: str = "in-process"
    base_url: str = GATEWAY
    _clients: dict[tuple[str, str | None], Registered] = field(default_factory=dict)

    def http(self, **options: Any) -> httpx.AsyncClient:
        return self.house.http(**options)

    async def client(self, organisation: str, person: str | None = None) -> Registered:
        if (organisation, person) not in self._clients:
            http = await self.house.stack.enter_async_context(self.http())
            caller = Registered(http, *await self.house.register(organisation, person))
            await caller.renew()
            self._clients[organisation, person] = caller
        return self._clients[organisation, person]

    async def put(self, lines: Iterable[Line]) -> list[str]:
        return await put(self.house, *lines)

    async def pairwise(self, internal: str, organisation: str, purpose: str) -> str:
        return named(self.house.secrets / "id-keys", internal, organisation, purpose)

    async def logs(self) -> str:
        return self.caught.getvalue()

    async def metrics(self) -> str:
        return generate_latest(REGISTRY).decode()

    async def spans(self) -> str:
        for app in self.house.apps.values():
            await asyncio.to_thread(app.state.collector._provider.force_flush)
        return self.collector.text()

    async def ledger(self) -> str:
        async with self.house.parts.ledger._reading.connect() as connection:
            return "\n".join(await connection.scalars(text(LEDGER)))


@asynccontextmanager
async def in_process(databases: Mapping[str, Database], place: Path) -> AsyncIterator[Target]:
    """A house on migrated ``databases``; ``place`` keeps its secrets."""
    with caught_logs() as caught, collecting() as collector:
        async with standing(place, databases, otlp_endpoint=collector.url, traces_sampler="always_on") as house:
            yield InProcess(house, caught, collector)


@asynccontextmanager
async def alone(place: Path) -> AsyncIterator[Target]:
    """The same with a PostgreSQL of its own, outside a test run."""
    with temporary_postgres() as server, ExitStack() as stack:
        # Migrations bring an event loop of their own.
        databases = await asyncio.to_thread(stack.enter_context, migrated(server))
        async with in_process(databases, place) as target:
            yield target


@contextmanager
def caught_logs() -> Iterator[io.StringIO]:
    """Everything that is logged, down to the least severe, as a service would write it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    caught = io.StringIO()
    with redirect_stderr(caught):
        configure("stena", "DEBUG")
    try:
        yield caught
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
