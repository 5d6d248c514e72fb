"""Clients in the database: registered, listed, revoked. A client is never deleted, since the ledger speaks of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.tables import clients
from stena.database import create_engine, transaction

Engine = AsyncEngine


@asynccontextmanager
async def opened(url: URL) -> AsyncIterator[Engine]:
    """The database for as long as a command needs it."""
    engine = create_engine(url, pool_size=1)
    try:
        yield engine
    finally:
        await engine.dispose()


@dataclass(frozen=True, slots=True)
class Client:
    client_id: str
    name: str
    organisation: str
    person_id: UUID | None
    secret_hash: bytes
    created_at: datetime
    revoked_at: datetime | None = None


async def register(engine: Engine, client: Client) -> None:
    async with transaction(engine) as connection:
        await connection.execute(
            insert(clients).values(
                client_id=client.client_id,
                name=client.name,
                organisation=client.organisation,
                person_id=client.person_id,
                secret_hash=client.secret_hash,
                created_at=client.created_at,
            )
        )


async def all_clients(engine: Engine) -> Sequence[Client]:
    """Every client, revoked ones too, oldest first."""
    async with transaction(engine) as connection:
        return [Client(*row) for row in await connection.execute(select(clients).order_by(clients.c.created_at))]


async def revoke(engine: Engine, client_id: str) -> bool:
    """Whether there was such a client that was not revoked yet."""
    statement = (
        update(clients)
        .where(clients.c.client_id == client_id, clients.c.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
    )
    async with transaction(engine) as connection:
        return (await connection.execute(statement)).rowcount == 1
