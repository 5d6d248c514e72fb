"""Clients in the database: registered, listed, revoked. A client is never deleted, since the ledger speaks of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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
class Credentials:
    """How a client shows who it is. With keys or an ``issuer``, the ``secret_hash`` is one that no secret has."""

    secret_hash: bytes
    jwks: str | None = None
    jwks_uri: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A row of ``clients``; its credentials are as in ``Credentials``, and the secret that it had before, good until then."""

    client_id: str
    name: str
    organisation: str
    person_id: UUID | None
    secret_hash: bytes
    created_at: datetime
    revoked_at: datetime | None = None
    jwks: str | None = None
    jwks_uri: str | None = None
    issuer: str | None = None
    earlier_secret_hash: bytes | None = None
    earlier_until: datetime | None = None


async def register(engine: Engine, client: Client) -> None:
    async with transaction(engine) as connection:
        await add(connection, client)


async def add(connection: AsyncConnection, client: Client) -> None:
    await connection.execute(insert(clients).values(asdict(client)))


async def renew(connection: AsyncConnection, client_id: str, shown: Credentials, earlier_until: datetime | None) -> bool:
    """Let the client show who it is by other credentials, and until then by the secret that it had. Whether there is such a
    client that was not revoked."""
    one = (clients.c.client_id == client_id, clients.c.revoked_at.is_(None))
    earlier = {"earlier_secret_hash": clients.c.secret_hash if earlier_until else None, "earlier_until": earlier_until}
    return (await connection.execute(update(clients).where(*one).values(asdict(shown) | earlier))).rowcount == 1


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
