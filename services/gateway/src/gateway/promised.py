"""What every organisation is promised, remembered for as long as it can be the same: for one revision and one day."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Final

from stena.contracts.catalogue import Promises

AT_ONCE: Final = 4
"""Questions to policy-svc at the same time: decisions come first."""


class Promised:
    """``ask`` gets what one organisation is promised now."""

    def __init__(self, ask: Callable[[str], Awaitable[Promises]]) -> None:
        self._ask = ask
        self._one_at_a_time = asyncio.Lock()
        self._known: tuple[tuple[str, date], tuple[Promises, ...]] | None = None

    async def of(self, key: tuple[str, date], organisations: Sequence[str]) -> tuple[Promises, ...]:
        """What each of ``organisations`` is promised under that revision on that day; raises what ``ask`` raises."""
        async with self._one_at_a_time:
            if self._known is None or self._known[0] != key:
                room = asyncio.Semaphore(AT_ONCE)

                async def ask(organisation: str) -> Promises:
                    async with room:
                        return await self._ask(organisation)

                found = await asyncio.gather(*map(ask, organisations))
                if any(each.revision != key[0] for each in found):
                    return tuple(found)  # the rulebook changes at this moment: nothing to remember
                self._known = (key, tuple(found))
            return self._known[1]
