"""Clients in the database: registered, listed, revoked. A client is never deleted, since the ledger speaks of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, insert, literal, select, tuple_, update
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.tables import clients
from stena.database import create_engine, transaction
from stena.statements import spoken, statements

Engine = AsyncEngine


@asynccontextmanager
async def opened(url: URL) -> AsyncIterator[Engine]:
    """The database for as long as a command needs it. Nobody waits for an answer meanwhile, so it may be busy for a while."""
    engine = create_engine(url, pool_size=1, timeout=5)
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
    """A row of ``clients``; its credentials are as in ``Credentials``, and what it had before, good until then."""

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
    earlier_jwks: str | None = None

    def earlier(self, now: datetime) -> "Earlier":
        """What the client had before, as long as it is good."""
        if self.earlier_until is None or self.earlier_until <= now:
            return Earlier()
        return Earlier(self.earlier_secret_hash, self.earlier_jwks)


@dataclass(frozen=True, slots=True)
class Earlier:
    secret_hash: bytes | None = None
    jwks: str | None = None


async def register(engine: Engine, client: Client) -> None:
    async with transaction(engine) as connection:
        await add(connection, client)


async def add(connection: AsyncConnection, client: Client) -> None:
    await connection.execute(insert(clients).values(asdict(client)))


async def renew(connection: AsyncConnection, client_id: str, shown: Credentials, earlier_until: datetime | None) -> bool:
    """Let the client show who it is by other credentials, and until then by the secret or the keys that it had. Whether there
    is such a client that was not revoked."""
    earlier: dict[str, Any] = dict.fromkeys(_EARLIER)
    if earlier_until is not None:
        earlier = {"earlier_secret_hash": clients.c.secret_hash, "earlier_jwks": clients.c.jwks, "earlier_until": earlier_until}
    one = (clients.c.client_id == client_id, clients.c.revoked_at.is_(None))
    return (await connection.execute(update(clients).where(*one).values(asdict(shown) | earlier))).rowcount == 1


async def keep_keys(connection: AsyncConnection, client_id: str, had: str, left: str) -> bool:
    """Refuse from now on what is not among the keys ``left``, earlier ones too. Whether it had the keys ``had`` still."""
    one = (clients.c.client_id == client_id, clients.c.revoked_at.is_(None), clients.c.jwks == had)
    done = update(clients).where(*one).values({"jwks": left, **dict.fromkeys(_EARLIER)})
    return (await connection.execute(done)).rowcount == 1


_EARLIER: Final = ("earlier_secret_hash", "earlier_jwks", "earlier_until")
_EVERY: Final = spoken(select(clients).order_by(clients.c.created_at))


async def renewed(engine: Engine, client_id: str, shown: Credentials, earlier_until: datetime | None) -> bool:
    """``renew`` in a transaction of its own."""
    async with transaction(engine) as connection:
        return await renew(connection, client_id, shown, earlier_until)


async def all_clients(engine: Engine) -> Sequence[Client]:
    """Every client, revoked ones too, oldest first. Asked for again and again, by every gateway."""
    return [Client(*row) for row in await statements(engine).ask(_EVERY)]


async def live(engine: Engine, client_id: str) -> Client | None:
    """The client, unless it is unknown or revoked."""
    wanted = select(clients).where(clients.c.client_id == client_id, clients.c.revoked_at.is_(None))
    async with transaction(engine) as connection:
        row = (await connection.execute(wanted)).one_or_none()
    return None if row is None else Client(*row)


async def page(
    engine: Engine, organisation: str | None, *, live: bool, after: tuple[datetime, str] | None, most: int
) -> Sequence[Client]:
    """So many clients, oldest first: of one organisation, or of all; ``after`` the one that was made then, by its id."""
    place = (clients.c.created_at, clients.c.client_id)
    wanted = select(clients).order_by(*place).limit(most)
    if organisation is not None:
        wanted = wanted.where(clients.c.organisation == organisation)
    if live:
        wanted = wanted.where(clients.c.revoked_at.is_(None))
    if after is not None:
        wanted = wanted.where(tuple_(*place) > tuple_(*(literal(each) for each in after)))
    async with transaction(engine) as connection:
        return [Client(*row) for row in await connection.execute(wanted)]


async def count_live(engine: Engine) -> Mapping[str, int]:
    """How many clients of each organisation are not revoked; people's own do not count."""
    wanted = select(clients.c.organisation, func.count()).where(clients.c.revoked_at.is_(None), clients.c.person_id.is_(None))
    async with transaction(engine) as connection:
        return dict(tuple(row) for row in await connection.execute(wanted.group_by(clients.c.organisation)))


async def revoke(engine: Engine, client_id: str) -> bool:
    """Whether there was such a client that was not revoked yet."""
    async with transaction(engine) as connection:
        return await end(connection, client_id)


async def end(connection: AsyncConnection, client_id: str) -> bool:
    """The same within a transaction."""
    one = (clients.c.client_id == client_id, clients.c.revoked_at.is_(None))
    return (await connection.execute(update(clients).where(*one).values(revoked_at=datetime.now(UTC)))).rowcount == 1
