"""Keeps the vocabulary of the running service at the one in PostgreSQL; before the first import, at the small set that ships.

INVARIANT: what cannot be loaded never replaces what serves.
"""

import asyncio
from functools import cache
from typing import Final

import structlog

from matching_svc.concepts_search import Search, of_vocabulary
from matching_svc.esco.edition import Edition
from matching_svc.esco.shipped import shipped
from matching_svc.knowledge import Knowledge, knowledge
from matching_svc.metrics import CONCEPTS
from matching_svc.model import shipped as shipped_model
from matching_svc.store import Database
from matching_svc.store import vocabulary as stored
from matching_svc.vocabulary import Vocabulary, of_edition
from stena.database import transaction
from stena.problems import Unavailable

LOOK_EVERY: Final = 2.0
"""Seconds between two looks whether something was imported: the smallest of queries."""

log = structlog.get_logger()


class Follower:
    """One for the service. A new vocabulary is made in a thread; until it is whole, the one before serves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._digests: dict[str, str] | None = None
        self._search: Search | None = None
        self._knowledge: Knowledge | None = None

    @property
    def current(self) -> Vocabulary:
        """Raises ``Unavailable`` before the database has answered for the first time."""
        return self.search.vocabulary

    @property
    def imported(self) -> Vocabulary | None:
        """The edition that was imported; ``None`` while the small set stands in, which does not say what there is."""
        return self.current if self._digests else None

    @property
    def search(self) -> Search:
        """The search over it; raises as ``current`` does."""
        if self._search is None:
            raise Unavailable("The vocabulary is not there yet. Try again shortly.")
        return self._search

    @property
    def knowledge(self) -> Knowledge:
        """What scores ask of it; raises as ``current`` does."""
        if self._knowledge is None:
            raise Unavailable("The vocabulary is not there yet. Try again shortly.")
        return self._knowledge

    async def look(self) -> None:
        """Take what was imported since; raises ``Unavailable``."""
        async with transaction(self._database) as connection:
            found = await stored.digests(connection)
            if found == self._digests:
                return
            edition = await stored.load(connection)
        made = await asyncio.to_thread(_of_edition, edition) if edition else await asyncio.to_thread(_of_small_set)
        self._search, self._knowledge = made
        self._digests = found
        vocabulary = self._search.vocabulary
        CONCEPTS.set(len(vocabulary.uris))
        log.info("vocabulary-taken", version=vocabulary.version, concepts=len(vocabulary.uris))

    async def look_in_time(self) -> None:
        """``look`` for those who go on without: whatever fails is tried again."""
        try:
            await self.look()
        except Exception as error:
            log.warning("vocabulary-not-taken", kind=type(error).__name__)

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look_in_time()


def _of_edition(edition: Edition) -> tuple[Search, Knowledge]:
    vocabulary = of_edition(edition)
    return of_vocabulary(vocabulary), knowledge(vocabulary, shipped_model())


@cache
def _of_small_set() -> tuple[Search, Knowledge]:
    return _of_edition(shipped())
