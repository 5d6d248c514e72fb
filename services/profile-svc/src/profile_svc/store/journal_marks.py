"""How far the journal of erasures was followed in a database: its one row, read, locked and moved on."""

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stena.erasure_journal import Mark


async def read(connection: AsyncConnection, table: Table) -> Mark:
    return Mark(*(await connection.execute(select(table.c.number, table.c.mac))).one())


async def lock(connection: AsyncConnection, table: Table) -> Mark:
    """The same; until the transaction ends nobody else erases in this database."""
    return Mark(*(await connection.execute(select(table.c.number, table.c.mac).with_for_update())).one())


async def move(connection: AsyncConnection, table: Table, mark: Mark) -> None:
    await connection.execute(update(table).values(number=mark.number, mac=mark.mac))
