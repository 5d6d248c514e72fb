"""How PostgreSQL finds what it is asked for. With the few rows of a test it would rather read and sort them all, so it is told
not to: what it does in spite of that, it knows no other way to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

Asked = tuple[str, Any]
"""A statement and its values."""


@contextmanager
def heard(engine: AsyncEngine) -> Iterator[list[Asked]]:
    """What the database is asked meanwhile in transactions."""
    asked: list[Asked] = []

    def note(_: Any, __: Any, text: str, values: Any, *___: Any) -> None:
        asked.append((text, values))

    listened: Engine = engine.sync_engine
    event.listen(listened, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(listened, "before_cursor_execute", note)


async def plan_of(engine: AsyncEngine, asked: Asked) -> str:
    text, values = asked
    async with engine.connect() as connection:
        for kind in ("sort", "seqscan", "bitmapscan"):
            await connection.exec_driver_sql(f"SET LOCAL enable_{kind} = off")
        return "\n".join((await connection.exec_driver_sql(f"EXPLAIN {text}", values)).scalars())
