"""Forgets what matching-svc has kept long enough, for whoever runs retention over all services: entry point `stena.retention`.

The running service does the same by itself once an hour.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime

from matching_svc.settings import MigrationSettings
from matching_svc.store import opened
from matching_svc.store import retention as stored
from stena.database import transaction


def forget(*, dry_run: bool = False) -> Mapping[str, int]:
    """Table → rows that were, or with ``dry_run`` would be, deleted. As the owner of the database; raises ``Unavailable``."""
    return asyncio.run(_forget(datetime.now(UTC).date(), dry_run))


async def _forget(today: date, dry_run: bool) -> Mapping[str, int]:
    async with opened(MigrationSettings().database) as database, transaction(database) as connection:
        return await stored.forget(connection, today, dry_run=dry_run)
