"""Public keys that a provider or a client publishes and renews, in memory for a while.

INVARIANT: who does not answer keeps nobody waiting longer than ``PATIENCE``, and is asked again only after ``ASK_AGAIN``.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from joserfc.jwk import KeySet

from gateway.credentials.signed_tokens import UnknownKey
from gateway.credentials.tokens import TokenInvalid
from stena.problems import Unavailable

log = structlog.get_logger()

KEYS_LAST: Final = 600.0  # seconds after which keys are asked for anew
ASK_AGAIN: Final = 5.0  # seconds between two such questions, however many tokens name keys that nobody knows
PATIENCE: Final = 0.7  # seconds that a caller waits for keys; what takes longer goes on for those who come later

Fetch = Callable[[str], Awaitable[KeySet]]
"""Where keys are published → the keys as they are now; raises ``Unavailable``."""
Read = TypeVar("Read")


class Keys:
    """Fetched when first needed, when they grow old, and when a token names one that is new; by all who wait together, once."""

    def __init__(self, where: str, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._where = where
        self._fetch = fetch
        self._clock = clock
        self._known: KeySet | None = None
        self._as_of = self._asked = float("-inf")
        self._asking: asyncio.Task[KeySet | None] | None = None

    async def read(self, reading: Callable[[KeySet], Read]) -> Read:
        """What ``reading`` gives with the keys that are known, or else with newer ones. Raises ``TokenInvalid``, also for a key
        that nobody publishes, and ``Unavailable``."""
        try:
            return reading(await self._get())
        except UnknownKey:
            pass
        try:
            return reading(await self._newer())
        except UnknownKey:
            raise TokenInvalid from None

    async def _get(self) -> KeySet:
        if self._known is None or self._clock() - self._as_of > KEYS_LAST:
            return await self._anew()
        return self._known

    async def _newer(self) -> KeySet:
        """What is published now, unless it was learned only just."""
        if self._known is not None and self._clock() - self._as_of < ASK_AGAIN:
            return self._known
        return await self._anew()

    async def _anew(self) -> KeySet:
        asking = self._asking
        if asking is None or (asking.done() and self._clock() - self._asked >= ASK_AGAIN):
            self._asked = self._clock()
            asking = self._asking = asyncio.create_task(self._learn())
        await asyncio.wait({asking}, timeout=PATIENCE)
        found = asking.result() if asking.done() else None
        if found is None:
            raise Unavailable("Whether this token holds cannot be told: its issuer does not answer. Try again shortly.")
        return found

    async def _learn(self) -> KeySet | None:
        began = self._clock()
        try:
            self._known = await self._fetch(self._where)
        except Exception as error:  # whatever it is, who waits for the keys is told that there are none
            log.warning("keys not fetched", of=self._where, kind=type(error).__name__)
            return None
        self._as_of = began
        return self._known
