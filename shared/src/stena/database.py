"""PostgreSQL for every service: one engine, transactions that end before the answer leaves, conditions as SQL."""

import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final

import orjson
from prometheus_client import Gauge
from sqlalchemy import ColumnElement, and_, false, literal, not_, null, or_, true
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from stena.contracts.condition import AllOf, AnyOf, IsIn, Not, Overlaps, Residual, Within
from stena.problems import Unavailable

IN_USE = Gauge("stena_database_connections", "Connections that are in use.", ["database"])
MOST = Gauge("stena_database_connections_max", "The most connections that there can be.", ["database"])

PATIENCE: Final = 0.8
"""Seconds for a connection: an answer that cannot be recorded within a second must not be given."""
PLANNED_ANEW: Final = "force_custom_plan"
"""Each time for the values at hand. A plan for any value takes a condition to be true of few: one that is true of everybody, as
what a grant asks of a record often is, has then all of them fetched and sorted for a page."""
PLANNED_ONCE: Final = "force_generic_plan"
"""For whatever values come. Left to itself PostgreSQL takes a list of any length for ten ids, thinks that a plan for the few at
hand is better, and spends more on making one each time than on the reading."""
CONNECT: Final = {"timeout": PATIENCE, "command_timeout": 30}
SESSION: Final = {"jit": "off", "plan_cache_mode": PLANNED_ANEW}

_GONE: Final = (PoolTimeoutError, OSError, TimeoutError)
NO_ANSWER: Final = "The database does not answer. Try again shortly."


def create_engine(url: URL, *, pool_size: int = 10, timeout: float = PATIENCE) -> AsyncEngine:
    """An engine whose connections give up soon."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={**CONNECT, "timeout": timeout, "server_settings": SESSION},
    )
    _measure(engine, url.database or "")
    return engine


def _measure(engine: AsyncEngine, database: str) -> None:
    """Told when somebody looks, and for no longer than the engine is there."""
    known = weakref.ref(engine.sync_engine)

    def of_pool(number: Callable[[QueuePool], int]) -> Callable[[], float]:
        return lambda: number(pool) if (made := known()) and isinstance(pool := made.pool, QueuePool) else 0

    IN_USE.labels(database).set_function(of_pool(QueuePool.checkedout))
    MOST.labels(database).set_function(of_pool(QueuePool.size))


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction; a database that is slow or gone becomes a 503 with ``Retry-After``."""
    try:
        connection = await engine.connect()
    except (DBAPIError, *_GONE) as error:  # whatever keeps us from connecting, the caller can only wait
        raise Unavailable(NO_ANSWER) from error
    try:
        async with connection.begin():
            yield connection
    except (OperationalError, InterfaceError, *_GONE) as error:
        raise Unavailable(NO_ANSWER) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(NO_ANSWER) from error
        raise
    finally:
        await connection.close()


# Made once: making it anew was a quarter of what an entry of the ledger costs.
@lru_cache(maxsize=64)
def single_statements(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, for transactions of one statement: the server needs no BEGIN and COMMIT around it."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def sql_condition(condition: Residual, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
    """``condition`` over the columns that hold the record facts. NULL is unknown, as in ``condition.evaluate``.

    Raises ``KeyError`` for a fact that the table does not have: a grant that cannot be enforced is not obeyed in part.
    """
    match condition:
        case bool():
            return true() if condition else false()
        case AllOf(of=parts):
            return and_(true(), *(sql_condition(part, columns) for part in parts))
        case AnyOf(of=parts):
            return or_(false(), *(sql_condition(part, columns) for part in parts))
        case Not(of=part):
            return not_(sql_condition(part, columns))
        case Overlaps(fact=fact, values=values):
            return columns[fact].op("&&", is_comparison=True)(_text_array(values))
        case Within(fact=fact, values=values):
            return columns[fact].op("<@", is_comparison=True)(_text_array(values))
        case IsIn(fact=fact, values=values):
            column = columns[fact]
            # Comparing a column with a value of another type is false in ``evaluate`` and an error in PostgreSQL.
            comparable = [value for value in values if type(value) is column.type.python_type]
            return or_(and_(column.is_(None), null()), *(column == literal(value) for value in comparable))


def _text_array(values: Any) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(TEXT))
