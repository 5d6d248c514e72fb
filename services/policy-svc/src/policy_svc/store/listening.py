"""Hears of activations through PostgreSQL's NOTIFY, on a connection of its own. It may go deaf: nobody may rely on it alone."""

import asyncio
from contextlib import suppress
from typing import Any

from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from policy_svc.store.archive import ACTIVATED

_CANNOT_LISTEN = (DBAPIError, PoolTimeoutError, PostgresError, InterfaceError, OSError, TimeoutError)


class Ear:
    """Whoever waits for ``heard`` is told of each activation at once, as long as the connection holds."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._news = asyncio.Event()
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    async def open(self) -> None:
        """Listen, unless it does already. A database that does not answer leaves it deaf until the next try."""
        if self._driver is not None and not self._driver.is_closed():
            return
        await self.close()
        try:
            self._connection = await self._engine.connect()
            self._driver = (await self._connection.get_raw_connection()).driver_connection
            # Straight to asyncpg, outside any transaction: LISTEN takes effect at once.
            await self._driver.add_listener(ACTIVATED, self._on_notice)
        except _CANNOT_LISTEN:
            await self.close()

    async def heard(self, *, within: float) -> None:
        """Returns at the next activation, or after ``within`` seconds. What came since the last time counts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._news.wait()
        self._news.clear()

    async def close(self) -> None:
        if self._connection is not None:
            # Not back into the pool: whoever got it next would listen too.
            with suppress(*_CANNOT_LISTEN):
                await self._connection.invalidate()
                await self._connection.close()
        self._connection = self._driver = None

    def _on_notice(self, *_: object) -> None:
        self._news.set()
