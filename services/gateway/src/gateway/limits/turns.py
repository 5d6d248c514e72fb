"""Turns: so many pages of people at once. Each takes a processor for milliseconds; were all begun, all would be late.

INVARIANT: a turn comes before the wall's steps. Nothing is decided, or even read, of a call that still waits for it.
"""

import asyncio
from typing import Final

from gateway.metrics import LIMITED
from stena.problems import Unavailable

AT_ONCE: Final = 8
WITHIN: Final = 2.0
"""Seconds that a call waits for its turn."""


def busy() -> Unavailable:
    return Unavailable("More calls come in than can be answered in time. Try again shortly.", slug="busy")


class Turns:
    """``async with turns:`` holds ``at_once`` callers; others wait in the order in which they came, and whoever is not in after
    ``within`` seconds gets ``Unavailable``."""

    def __init__(self, at_once: int = AT_ONCE, within: float = WITHIN) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._within = within

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(self._within):
                await self._places.acquire()
        except TimeoutError:
            LIMITED.add("pages")
            raise busy() from None

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
