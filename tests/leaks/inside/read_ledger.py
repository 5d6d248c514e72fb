"""Runs beside the gateway: every row of the ledger printed as JSON, one a line."""

import asyncio

from sqlalchemy import text

from gateway.settings import GatewaySettings
from gateway.store import opened

LEDGER = """
    SELECT to_jsonb(entry)::text FROM ledger entry
    UNION ALL SELECT to_jsonb(person)::text FROM ledger_people person
"""


async def main() -> None:
    async with opened(GatewaySettings().database) as engine, engine.connect() as connection:
        for row in await connection.scalars(text(LEDGER)):
            print(row)


if __name__ == "__main__":
    asyncio.run(main())
