"""Single statements, said to PostgreSQL's driver itself: for what is part of every answer, and on which SQLAlchemy would spend
more than the statement. Whatever wants a transaction goes by ``stena.database``.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from stena.database import CONNECT, NO_ANSWER, PATIENCE, SESSION
from stena.problems import Unavailable

MOST: Final = 10
"""Connections for statements, beside those for transactions; opened when they are first needed."""

_DIALECT: Final = registry.load("postgresql.asyncpg")()
_GONE: Final = (
    asyncpg.exceptions.InterfaceError,
    asyncpg.exceptions.InternalClientError,  # what a connection says on which a farewell was read, but not yet the end
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    OSError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A statement as the driver takes it: its text, and its arguments, of which some are to be ``given`` by name."""

    text: str
    names: Sequence[str]
    fixed: dict[str, Any]

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        known = {**self.fixed, **given}
        return [known[name] for name in self.names]


def spoken(statement: ClauseElement) -> Spoken:
    """Say it once, and many times ask: arguments are text, numbers, truth values, ids and lists of them."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    fixed = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
    return Spoken(str(compiled), tuple(compiled.positiontup or ()), fixed)


class Statements:
    """Connections of an engine's own, each for one statement at a time and committed with it. They wait as long as the engine
    would, and end with it.

    Those that find their rows by a key are planned once, by a list of keys if ``plans`` is ``PLANNED_ONCE``; the others want
    ``PLANNED_ANEW``.
    """

    def __init__(self, engine: AsyncEngine, plans: str = "auto") -> None:
        session = SESSION | {"plan_cache_mode": plans}
        self._patience = engine.pool.timeout() if isinstance(engine.pool, QueuePool) else PATIENCE
        how = CONNECT | {"timeout": self._patience, "server_settings": session}
        self._arguments = {**engine.dialect.create_connect_args(engine.url)[1], **how}
        self._free: list[Any] = []
        self._places = asyncio.Semaphore(MOST)
        event.listen(engine.sync_engine, "engine_disposed", lambda _: self._close())

    async def fetch(self, text: str, *arguments: Any) -> list[Any]:
        """The rows of the answer; raises ``Unavailable`` where the database is slow or gone."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable(NO_ANSWER) from error
        try:
            return await self._fetch(text, arguments)
        except _GONE as error:
            raise Unavailable(NO_ANSWER) from error
        finally:
            self._places.release()

    async def ask(self, statement: Spoken, **given: Any) -> list[Any]:
        return await self.fetch(statement.text, *statement.arguments(given))

    async def _fetch(self, text: str, arguments: Sequence[Any]) -> list[Any]:
        connection = await self._next()
        try:
            rows = await connection.fetch(text, *arguments)
        except asyncpg.exceptions.PostgresError:
            self._free.append(connection)  # the server has answered; whether it has left too, the next one looks
            raise
        except BaseException:
            connection.terminate()  # nobody knows what the server is still about to say on it
            raise
        self._free.append(connection)
        return list(rows)

    async def _next(self) -> Any:
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        connect: Any = asyncpg.connect
        try:
            return await connect(**self._arguments)
        except asyncpg.exceptions.PostgresError as error:  # whatever keeps us from connecting, the caller can only wait
            raise Unavailable(NO_ANSWER) from error

    def _close(self) -> None:
        while self._free:
            self._free.pop().terminate()


def statements(engine: AsyncEngine, plans: str = "auto") -> Statements:
    """Those of ``engine``, the same each time."""
    return _made(engine, plans)


@lru_cache(maxsize=64)  # which takes a word that is left out for another than the same word said
def _made(engine: AsyncEngine, plans: str) -> Statements:
    return Statements(engine, plans)
