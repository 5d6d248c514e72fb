"""Alembic for every service: ``upgrade`` runs a service's migrations as the owner of its database."""

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


def upgrade(url: URL, directory: Path, revision: str = "head") -> None:
    """Bring the database at ``url`` to a ``revision`` in ``directory``, if not told the newest; all of it or nothing."""
    config = Config()
    config.set_main_option("script_location", str(directory))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def run(metadata: MetaData) -> None:
    """The whole of a service's ``migrations/env.py``.

    Whoever serves, ``…_app`` where the owner is ``…_owner``, may read which revision the database is at.
    """
    asyncio.run(_run(context.config.attributes["url"], metadata))


async def _run(url: URL, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    owner = url.username or ""
    told = f"{owner.removesuffix('_owner')}_app" if owner.endswith("_owner") else None

    def migrate(connection: Connection) -> None:
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
        with context.begin_transaction():
            # Two may be started at once: the other one waits, and then finds nothing left to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7020)"))
            context.run_migrations()
            if told is not None:
                connection.execute(text(f'GRANT SELECT ON alembic_version TO "{told}"'))

    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()
