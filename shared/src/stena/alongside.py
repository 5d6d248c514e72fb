"""Work that goes on beside a service, and is over before what it stands on is closed. Never knows what the work is."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def alongside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Every one of ``works``, which end by being cancelled alone, for as long as the context is open.

    INVARIANT: afterwards none of them runs any more; how one ended hides nothing that happened meanwhile.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
