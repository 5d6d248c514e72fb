import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from fastapi import FastAPI

from stena_local.testing import Database, Postgres
from tests.system.house import migrated

from . import node


@pytest.fixture(scope="module")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="session")
def programs() -> None:
    """What is not installed here is skipped; ``make test-identity`` fails instead."""
    try:
        node.installed()
    except node.Missing as missing:
        if os.environ.get("STENA_TEST_IDENTITY") == "required":
            raise
        pytest.skip(f"{missing}; `make test-identity` fails without it (docs/identity.md)")


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Where an application that runs already is reached over the loopback."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    with suppress(TimeoutError):
        await asyncio.wait_for(serving, 5)
