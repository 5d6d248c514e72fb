"""What matching-svc keeps for a time only, and how old it may become. Deletes, and says how much."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, func, select

from matching_svc.allocation_tables import allocations
from matching_svc.outcome_tables import KEPT_DAYS, audited, selections, shown
from matching_svc.store import Connection
from matching_svc.tables import idempotency

PROPOSALS_KEPT_DAYS: Final = 30
KEYS_KEPT_DAYS: Final = 7
"""Whoever repeats a request with its ``Idempotency-Key`` does so within hours."""

_KEPT: Final[tuple[tuple[Table, ColumnElement[Any], int], ...]] = (
    (shown, shown.c.day, KEPT_DAYS),
    (selections, selections.c.decided_at, KEPT_DAYS),
    (audited, audited.c.at, KEPT_DAYS),
    (allocations, allocations.c.created_at, PROPOSALS_KEPT_DAYS),
    (idempotency, idempotency.c.created_at, KEYS_KEPT_DAYS),
)


async def forget(connection: Connection, today: date, *, dry_run: bool = False) -> Mapping[str, int]:
    """Table → how many rows are too old on ``today``, and are gone unless it is a ``dry_run``."""
    found = {}
    for table, day, days in _KEPT:
        old = day < today - timedelta(days=days)
        if dry_run:
            found[table.name] = (await connection.execute(select(func.count()).select_from(table).where(old))).scalar_one()
        else:
            found[table.name] = (await connection.execute(delete(table).where(old))).rowcount
    return found
