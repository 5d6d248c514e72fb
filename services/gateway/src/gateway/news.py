"""Whether followers of the feed who wait may have something to hear: one look for all of them, and none where nobody waits.

INVARIANT: whoever is woken asks anew, with a new decision. That something has changed is no news for anybody outside, who may
see none of it: nobody is answered sooner for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from gateway.calls import Pass, Permit
from gateway.firewall import NotVisible, Rejected
from gateway.identity import PairwiseIds
from gateway.upstreams import Source
from stena.problems import Unavailable
from stena.upstreams import PolicyService

LOOK: Final = 0.3  # seconds between two looks; what ends is without effect within one second, wherever it is followed


@dataclass(frozen=True, slots=True)
class State:
    """Everything that an empty page of the feed may rest on. ``newest`` is the source's own word for the end of its log."""

    newest: str
    revision: str
    making: int
    day: date


class News:
    """``most`` may wait at once: each is a call that goes on. ``clock`` in seconds."""

    def __init__(self, profile: Source, rulebook: PolicyService, ids: PairwiseIds, most: int) -> None:
        self._profile = profile
        self._rulebook = rulebook
        self._ids = ids
        self._most = most
        self._waiting = 0
        self._looking = asyncio.Lock()
        self._looked = -1
        self.state: State | None = None
        """As it was when somebody looked last. To be read before a page is asked for: what comes after it is news."""

    async def wait(self, known: State | None, permit: Permit, until: float, still: Callable[[], Awaitable[bool]]) -> bool:
        """Return when there may be news since ``known`` for whoever has the ``permit``, or at ``until`` of the loop's clock.

        False where nobody can tell, or too many wait, or there is to be no waiting any more; raises what ``still`` raises.
        """
        if self._waiting >= self._most:
            return False
        self._waiting += 1
        try:
            return await self._wait(known, permit, until, still)
        except (NotVisible, Rejected, Unavailable):
            return False
        finally:
            self._waiting -= 1

    async def _wait(self, known: State | None, permit: Permit, until: float, still: Callable[[], Awaitable[bool]]) -> bool:
        clock = asyncio.get_running_loop().time
        while await still():
            # Everybody at the same moments, so that one look is enough for all.
            await asyncio.sleep(min(LOOK - clock() % LOOK, until - clock()))
            if clock() >= until:
                return True
            state = await self._look(permit.passes[0], int(clock() // LOOK))
            if state != known or state.revision != permit.rulebook:
                return True
        return False

    async def _look(self, allowed: Pass, moment: int) -> State:
        async with self._looking:
            if self.state is None or self._looked != moment:
                self._looked, self.state = moment, await self._asked(allowed)
            return self.state

    async def _asked(self, allowed: Pass) -> State:
        told = await self._profile.ask("GET", ["persons", "changes", "newest"], allowed)
        rulebook = await self._rulebook.active()
        return State(str(told.body["newest"]), rulebook.revision, self._ids.making, datetime.now(UTC).date())
