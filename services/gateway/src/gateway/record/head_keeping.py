"""Makes the heads of the ledger's tree and keeps them outside the database, for as long as the gateway runs.

INVARIANT: a head continues the one before it. One that does not is not kept outside, and operators are told.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from joserfc.jwk import OKPKey

from gateway.metrics import LEDGER_HEAD_AT, LEDGER_HEAD_SIZE
from gateway.record import heads, merkle, proofs
from gateway.record.heads import HeadInvalid
from gateway.record.heads_file import HeadsFolder, Last, Line, marks_of
from gateway.record.keys import LedgerKeys
from gateway.store import Engine, tree
from gateway.store import heads as store
from gateway.store.heads import Numbered
from stena.alongside import alongside
from stena.database import transaction
from stena.problems import Unavailable

log = structlog.get_logger()

ENTRIES: Final = 1_000
"""A head is made of every so many entries …"""
SOON: Final = timedelta(seconds=10)
"""… after so long a time if anything came …"""
OFTEN: Final = timedelta(seconds=50)
"""… and after so long if nothing did: that too is worth saying."""
LOOK: Final = 1.0  # seconds between two looks
AT_ONCE: Final = 20
"""Heads made, or kept outside, in one go."""


class HeadsDiffer(Exception):
    """What was signed is not what it was, or not what the ledger holds."""


class HeadKeeper:
    """``look`` makes the heads that are due, if this gateway is the one to make them, and keeps what is new in ``folder``."""

    def __init__(
        self,
        engine: Engine,
        keys: LedgerKeys,
        folder: HeadsFolder,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._folder = folder
        self._clock = clock
        self._introduced = frozenset[str]()
        self._kept: Last | None = None
        self._healthy = True

    async def look(self) -> None:
        """Raises ``Unavailable``, ``OSError``, ``ValueError`` and ``HeadsDiffer``."""
        try:
            signing = self._keys.signing
            await self._introduce()
            if await self._is_quiet():
                return
            while await self._make(signing) == AT_ONCE:
                pass
            while await self._keep() == AT_ONCE:
                pass
        except Exception:
            self._healthy = False
            raise
        self._healthy = True

    async def _is_quiet(self) -> bool:
        """Whether the newest head is kept outside and none is due. After a fault everything is looked at."""
        if self._kept is None or not self._healthy:
            return False
        standing = await store.standing(self._engine, ENTRIES)
        if standing is None or standing.number != self._kept.number or standing.new != standing.places:
            return False
        return not _is_due(standing.new, self._clock() - standing.at)

    async def is_well(self) -> None:
        """For readiness: what was made lately is kept outside."""
        if not self._healthy:
            raise HeadsDiffer

    async def _introduce(self) -> None:
        """Keep each public key for whoever checks, from before the first head that it signs."""
        for public in self._keys.public:
            if public["kid"] not in self._introduced:
                await store.add_key(self._engine, public["kid"], public, self._clock())
                self._introduced |= {public["kid"]}

    async def _make(self, signing: OKPKey) -> int:
        """How many heads were made: none if none was due, or another gateway is at it."""
        made = 0
        async with transaction(self._engine) as connection:
            if not await store.is_mine(connection):
                return 0
            last = await store.last(connection)
            while made < AT_ONCE:
                following = await self._following(connection, last, signing)
                if following is None:
                    break
                await store.add(connection, following)
                last, made = following, made + 1
        return made

    async def _following(self, connection: store.Connection, last: Numbered | None, signing: OKPKey) -> Numbered | None:
        number, size, peaks = (last.number, last.head.size, last.peaks) if last else (0, 0, ())
        new, now = await tree.leaves(connection, size, ENTRIES), self._clock()
        if last is not None and not _is_due(len(new), now - last.head.at):
            return None
        growing = merkle.Growing(size, peaks)
        await tree.keep(connection, [part for leaf in new for part in growing.add(leaf)])
        return Numbered(number + 1, heads.signed(signing, growing.size, growing.root(), now), growing.peaks)

    async def _keep(self) -> int:
        """How many heads were new outside."""
        if self._kept is None:
            self._kept = await asyncio.to_thread(self._folder.last)
            await self._check_kept()
        known = self._kept
        found = await store.after(self._engine, known.number if known else 0, AT_ONCE)
        if not found:
            return 0
        self._check_signed(found)
        await self._check(known, found[-1])
        sizes = [known.size if known else 0, *(each.head.size for each in found)]
        lines = [await self._line(each, since) for each, since in zip(found, sizes, strict=False)]
        await asyncio.to_thread(self._folder.append, lines)
        newest = found[-1].head
        self._kept = Last(found[-1].number, newest.size, newest.root, newest.jws)
        LEDGER_HEAD_SIZE.set(newest.size)
        LEDGER_HEAD_AT.set(newest.at.timestamp())
        return len(found)

    async def _check_kept(self) -> None:
        """The newest head outside is one that the database knows, word for word."""
        if self._kept is None:
            return
        found = await store.after(self._engine, self._kept.number - 1, 1)
        if not found or found[0].head.jws != self._kept.jws:
            self._kept = None
            raise HeadsDiffer

    def _check_signed(self, found: Sequence[Numbered]) -> None:
        """What is kept for ever is what a key of this ledger has signed, whoever put it into the database."""
        try:
            said = [heads.read(each.head.jws, self._keys.known) for each in found]
        except HeadInvalid:
            raise HeadsDiffer from None
        if said != [each.head for each in found]:
            raise HeadsDiffer

    async def _check(self, known: Last | None, newest: Numbered) -> None:
        """The newest tree begins with the one that is kept outside."""
        if known is None or known.size == 0:
            return
        try:
            path = await proofs.consistent(self._engine, known.size, newest.head.size)
        except ValueError:
            raise HeadsDiffer from None
        if not merkle.extends(known.size, known.root, newest.head.size, newest.head.root, path):
            raise HeadsDiffer

    async def _line(self, each: Numbered, since: int) -> Line:
        async with transaction(self._engine) as connection:
            leaves = await tree.leaves(connection, since, each.head.size - since)
        return Line(each.number, each.head, marks_of(leaves))


def _is_due(new: int, since: timedelta) -> bool:
    """A head of so many ``new`` entries, so long after the one before."""
    # A clock that was set back is no reason to wait until it has caught up.
    return new >= ENTRIES or not timedelta(0) <= since < (SOON if new else OFTEN)


def kept(keeper: HeadKeeper, look: float = LOOK) -> AbstractAsyncContextManager[None]:
    """Heads are made and kept for as long as the context is open."""
    return alongside(_keep(keeper, look))


async def _keep(keeper: HeadKeeper, look: float) -> None:
    while True:
        try:
            await keeper.look()
        except Unavailable:
            log.warning("no heads of the ledger: the database does not answer")
        except OSError as error:
            log.error("heads of the ledger are not kept outside", reason=error.strerror)
        except (HeadsDiffer, ValueError):
            # The wall goes on: a ledger that somebody has changed is no reason to disclose without writing it down.
            log.critical("the ledger is not what was signed", what_to_do="stena ledger verify")
        await asyncio.sleep(look)
