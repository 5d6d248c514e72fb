"""Forgetting people who were erased: their pseudonyms, clients, sign-ins and merged records, and who they are
in records of emergencies.

What officers did stays on record, of somebody whom nothing leads to.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.sign_in_tables import sign_in_codes, sign_ins
from gateway.store import merged
from gateway.tables import clients, emergency_accesses, ledger_subjects
from stena.database import transaction

_NAMING: Final = (sign_in_codes.c.person_id, sign_ins.c.person_id, ledger_subjects.c.person_id)
"""The columns whose rows are about a person and nothing else."""


async def forget(engine: AsyncEngine, people: Collection[UUID]) -> None:
    """Forget these people. Can be repeated, also for those of whom nothing is known."""
    async with transaction(engine) as connection:
        await _forget_clients(connection, people)
        await _rename_emergencies(connection, people)
        for named in _NAMING:
            await connection.execute(delete(named.table).where(named.in_(people)))
        await merged.forget(connection, people)


async def _forget_clients(connection: AsyncConnection, people: Collection[UUID]) -> None:
    own = update(clients).where(clients.c.person_id.in_(people))
    await connection.execute(own.where(clients.c.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC)))
    await connection.execute(own.values(person_id=None))


async def _rename_emergencies(connection: AsyncConnection, people: Collection[UUID]) -> None:
    """Their reviews follow: the database keeps both together."""
    concerned = select(emergency_accesses.c.person_id).where(emergency_accesses.c.person_id.in_(people)).distinct()
    for person in list(await connection.scalars(concerned)):
        renamed = update(emergency_accesses).where(emergency_accesses.c.person_id == person)
        await connection.execute(renamed.values(person_id=uuid4()))
