"""The assertions by which clients showed who they are, for as long as they could be shown again.

INVARIANT: of all gateways on the database one takes an assertion, once.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.tables import client_assertions
from stena.database import transaction

_FORGET: Final = text(
    "DELETE FROM client_assertions WHERE (client_id, name) IN"
    " (SELECT client_id, name FROM client_assertions WHERE ends_at < :now LIMIT 100 FOR UPDATE SKIP LOCKED)"
)


async def take(engine: AsyncEngine, client_id: str, name: str, ends: float) -> bool:
    """Whether it is the first time that the client uses this ``name``; what has ended is forgotten on the way."""
    row = {"client_id": client_id, "name": sha256(name.encode()).digest(), "ends_at": datetime.fromtimestamp(ends, UTC)}
    taken = insert(client_assertions).values(row).on_conflict_do_nothing().returning(client_assertions.c.client_id)
    async with transaction(engine) as connection:
        await connection.execute(_FORGET, {"now": datetime.now(UTC)})
        return (await connection.execute(taken)).one_or_none() is not None
