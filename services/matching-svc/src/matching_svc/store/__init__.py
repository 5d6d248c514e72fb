"""What matching-svc keeps in PostgreSQL. Functions work inside the caller's transaction; nobody else here speaks SQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection as Connection
from sqlalchemy.ext.asyncio import AsyncEngine as Database

from stena.database import create_engine, transaction

__all__ = ["Connection", "Database", "opened", "ping"]


@asynccontextmanager
async def opened(url: URL) -> AsyncIterator[Database]:
    """The database for as long as the service runs; connections are made when first needed."""
    database = create_engine(url)
    try:
        yield database
    finally:
        await database.dispose()


async def ping(database: Database) -> None:
    """Raises ``Unavailable`` if the database does not answer."""
    async with transaction(database) as connection:
        await connection.execute(text("SELECT 1"))
