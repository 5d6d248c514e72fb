"""Which people are part of others since their records were merged, kept in memory and never older than a second.

An organisation goes on with the id that it holds: what it names by it is the person of whom that record is part now.
INVARIANT: no id reads somebody of whom its record is not part. Before records are separated every gateway has forgotten that
they were one.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from uuid import UUID

import structlog

from gateway.firewall import BecamePart
from gateway.store import Engine, merged
from stena.alongside import alongside

log = structlog.get_logger()

LOOK: Final = 0.4  # seconds between two looks at the version of the table
STALE: Final = 0.9  # seconds after which a record is taken for part of another one only after another look
SETTLED: Final = 1.0  # seconds after which no gateway takes for one what was separated


class MergedPeople:
    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._version = -1
        self._as_of = float("-inf")
        self._part_of: Mapping[str, str] = {}
        self._parts: Mapping[str, Sequence[merged.Part]] = {}
        self._looking = asyncio.Lock()

    async def now(self, person: str) -> str:
        """Whose record the person's is part of; their own, if it is part of none. Raises ``Unavailable``."""
        if person in self._part_of and self._clock() - self._as_of > STALE:
            await self.look()
        seen = set[str]()
        while person in self._part_of and person not in seen:
            seen.add(person)
            person = self._part_of[person]
        return person

    def noted(self, person: str) -> frozenset[merged.Part]:
        """What made other records part of this person's, as far as it is noted here."""
        if person not in self._parts:  # as nearly everybody is, and every call asks
            return frozenset()
        found, persons = set[merged.Part](), [person]
        while persons:
            new = set(self._parts.get(persons.pop(), ())) - found
            found |= new
            persons += [str(each.part) for each in new]
        return frozenset(found)

    async def agree(self, noted: frozenset[merged.Part], told: frozenset[merged.Part]) -> bool:
        """Let what was ``noted`` before the source was asked be as it ``told``. Whether anything is otherwise now.

        The source may stand on an older backup than we do, or on a newer one, and is right. Its word does not count of a merge
        that is taken back meanwhile.
        """
        learnt = [each for each in told - noted if await merged.learn(self._engine, each)]
        gone = noted - told
        if gone:
            await merged.drop(self._engine, gone)
        if learnt or gone:
            log.warning("merges were not as the source knows them", learnt=len(learnt), gone=len(gone))
            await self.look()
        return bool(learnt or gone)

    async def add(self, person: str, part: str, merge: str) -> None:
        """Both are one from now on; again is as good as once."""
        await merged.add(self._engine, merged.Part(UUID(person), UUID(part), UUID(merge)))
        await self.look()

    async def learn(self, news: BecamePart) -> bool:
        """Note what the source tells: both are one since a merge that nobody could note any more. Whether it was noted now: not
        while the same merge is taken back."""
        done = await merged.learn(self._engine, merged.Part(UUID(news.person), UUID(news.part), UUID(news.merge)))
        await self.look()
        log.warning("a merge was not noted", noted_now=done)
        return done

    async def remove(self, person: str, merge: str) -> str | None:
        """Whoever was one with ``person`` by this merge is so no longer, here and once this returns anywhere; who that was."""
        part = await merged.remove(self._engine, UUID(person), UUID(merge))
        await self.look()
        if part is not None:
            await asyncio.sleep(SETTLED)
        return None if part is None else str(part)

    async def look(self) -> None:
        """Read the table, if it has changed since."""
        async with self._looking:  # so that nobody who began earlier ends later
            began, version = self._clock(), await merged.version(self._engine)
            if version != self._version:
                everybody = await merged.everybody(self._engine)
                self._part_of = {str(each.part): str(each.person) for each in everybody}
                self._parts = _by_person(everybody)
                self._version = version
            self._as_of = began

    def followed(self) -> AbstractAsyncContextManager[None]:
        """Keeps this up to date for as long as the context is open."""
        return alongside(self._follow())

    async def _follow(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # without a database no call is answered either
                log.warning("merged people not read", kind=type(error).__name__)
            await asyncio.sleep(LOOK)


def _by_person(everybody: Iterable[merged.Part]) -> Mapping[str, Sequence[merged.Part]]:
    found = defaultdict[str, list[merged.Part]](list)
    for each in everybody:
        found[str(each.person)].append(each)
    return dict(found)
