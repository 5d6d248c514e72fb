"""Keeps the open opportunities in memory in step with PostgreSQL, whichever replica changed them.

INVARIANT: every ranking first takes what was committed before it began: nothing that is closed is ranked.
"""

import asyncio
from datetime import timedelta
from typing import Final

from matching_svc.offers_shelf import Offered
from matching_svc.store import Database
from matching_svc.store import opportunities as stored
from stena.contracts.matching import OpportunityKind
from stena.database import transaction

OVERLAP: Final = timedelta(seconds=30)
"""A change is dated within its transaction and seen after it: longer than any transaction here may last."""


class Follower:
    """One for the service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._offered: dict[str, Offered] = {}
        self._one_at_a_time = asyncio.Lock()

    async def current(self, kind: OpportunityKind) -> Offered:
        """Everything open of one kind. The first time it is read whole; later, what changed since."""
        async with self._one_at_a_time:
            offered = self._offered.get(kind, Offered())
            since = None if offered.seen is None else offered.seen - OVERLAP
            async with transaction(self._database) as connection:
                changed = await stored.changed(connection, kind, since)
            await asyncio.to_thread(offered.take, changed)
            if offered.due:
                offered = await asyncio.to_thread(offered.packed_anew)
            self._offered[kind] = offered
            return offered
