"""Follows the gateway's changes feed, one task for each purpose, and keeps PostgreSQL and the index in step with it.

INVARIANT: what is no longer disclosed is forgotten here: by tombstone, when the feed begins anew, and when it is denied.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import orjson
import structlog

from matching_svc.features import of_attributes
from matching_svc.index import Index
from matching_svc.metrics import CHANGES, COMPLETE, FAILURES, HEARD, PEOPLE
from matching_svc.people_columns import Packer
from matching_svc.shelf import Merging, Shelf
from matching_svc.store import Database, allocations, outcomes
from matching_svc.store import features as stored
from matching_svc.store.features import Position
from matching_svc.upstreams import Gateway, Page
from stena.database import transaction
from stena.problems import Forbidden, Gone

log = structlog.get_logger()

PAGE: Final = 500
NOTED: Final = 60.0
"""Seconds after which it is written down how far a feed was read that has nothing new. Whoever goes on from an earlier place
finds nothing new from there either."""
PROGRESS: Final = 100_000
"""People after which a rebuild of the index says how far it is."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks at the feed. ``idle`` keeps the promise that a consent which ends is gone within one."""

    idle: float = 0.3
    retry: float = 0.2
    retry_longest: float = 5.0
    denied: float = 60.0


class Follower:
    """One purpose's feed. Runs until it is cancelled; whatever fails is tried again, later each time."""

    def __init__(self, purpose: str, gateway: Gateway, database: Database, index: Index, pace: Pace | None = None) -> None:
        self._purpose = purpose
        self._gateway = gateway
        self._database = database
        self._index = index
        self._pace = pace or Pace()
        self._position: Position | None = None
        self._denied = False
        self._at_end = False  # by the page before: who was not heard last time is to be heard at once
        self._noted_at = float("-inf")
        self._merging: asyncio.Task[None] | None = None
        self._log = log.bind(purpose=purpose)

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                pause = await self.step()
                if failures:
                    self._log.info("feed-follows-again", failures=failures)
                failures = 0
            except Exception as error:
                # Nothing that one page does may end the following of the next; only the first failure is news.
                FAILURES.labels(self._purpose).inc()
                if not failures:
                    self._log.info("feed-waits", kind=type(error).__name__)
                pause = min(self._pace.retry_longest, self._pace.retry * 2 ** min(failures, 10))
                failures += 1
            await asyncio.sleep(pause)

    async def step(self) -> float:
        """Take one page; the seconds to wait before the next."""
        position = self._position or await self._restore()
        wait, self._at_end = self._at_end, False
        try:
            page = await self._gateway.changes(self._purpose, position.cursor, PAGE, wait=wait)
        except Gone:
            page = await self._gateway.changes(self._purpose, None, PAGE)
            await self._take(page, Position(), anew=True)
        except Forbidden:
            await self._forget()
            return self._pace.denied
        else:
            await self._take(page, position, anew=position.cursor is None)
        self._at_end = not page.more
        # What comes often comes several at a time.
        return 0.0 if page.more or (page.waited and not page.changes) else self._pace.idle

    async def _restore(self) -> Position:
        """Begin where PostgreSQL says that this feed was left."""
        shelf = Shelf()
        packer = Packer(shelf.numberings)
        async with transaction(self._database) as connection:
            position = await stored.position(connection, self._purpose)
            async for some in stored.stream(connection, self._purpose):
                await asyncio.to_thread(_pack, packer, some)
                if len(packer) % PROGRESS == 0:
                    self._log.info("index-rebuilding", people=len(packer))
        await asyncio.to_thread(_begin, shelf, packer)
        self._index.restore(self._purpose, shelf, complete=position.complete)
        self._position = position
        return position

    async def _take(self, page: Page, before: Position, *, anew: bool) -> None:
        """Store a page's people and its position in one transaction; only then does the index show them."""
        latest = {change.id: change.person for change in page.changes}
        changed = {id_: of_attributes(person.attributes) for id_, person in latest.items() if person is not None}
        # Whoever is known by a new id leaves the old one in the same step: never missing, never there twice.
        renamed = [former for change in page.changes for former in change.replaces]
        ended = [id_ for id_, person in latest.items() if person is None]
        gone = ended + renamed
        after = replace(before, cursor=page.cursor, complete=before.complete or not page.more)
        late = time.monotonic() - self._noted_at > NOTED
        if anew or latest or after.complete != before.complete or (late and after != before):
            async with transaction(self._database) as connection:
                if anew:
                    await stored.clear(connection, self._purpose)
                await stored.remove(connection, self._purpose, gone)
                new_ids = {old: each.id for each in page.changes for old in each.replaces}
                await allocations.follow(connection, new_ids, ended)
                await outcomes.follow(connection, self._purpose, new_ids, ended)
                await stored.upsert(connection, self._purpose, changed)
                await stored.advance(connection, self._purpose, after)
                if after.complete and not before.complete:
                    # Of those who went while nobody listened no tombstone tells.
                    await outcomes.forget_strangers(connection, self._purpose)
            self._noted_at = time.monotonic()
        if anew:
            self._index.clear(self._purpose)
        self._index.apply(self._purpose, changed, gone, complete=after.complete)
        self._merge_apart()
        self._position, self._denied = after, False
        self._measure(len(latest))

    def _merge_apart(self) -> None:
        """Let parts of the index become one in a thread, one such work at a time; the feed goes on meanwhile."""
        if (self._merging is None or self._merging.done()) and (due := self._index.due(self._purpose)) is not None:
            self._merging = asyncio.create_task(self._merge(due))

    async def _merge(self, due: Merging) -> None:
        self._index.put(self._purpose, due, await asyncio.to_thread(due.made))

    async def _forget(self) -> None:
        """The rules do not let matching follow this purpose, or no longer: nobody is left under it."""
        if not self._denied:
            self._log.warning("feed-denied")
            async with transaction(self._database) as connection:
                await stored.clear(connection, self._purpose)
                await outcomes.forget_strangers(connection, self._purpose)
        self._index.deny(self._purpose)
        self._position, self._denied = Position(), True
        self._measure(0)

    def _measure(self, changes: int) -> None:
        PEOPLE.labels(self._purpose).set(self._index.size(self._purpose))
        COMPLETE.labels(self._purpose).set(self._denied or (self._position is not None and self._position.complete))
        HEARD.labels(self._purpose).set_to_current_time()
        CHANGES.labels(self._purpose).inc(changes)


def _pack(packer: Packer, people: Iterable[tuple[str, str]]) -> None:
    for id_, known in people:
        packer.add_stored(id_, orjson.loads(known))


def _begin(shelf: Shelf, packer: Packer) -> None:
    shelf.begin(packer.pack())
