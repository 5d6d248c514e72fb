"""Keeps this replica at the active revision: told by NOTIFY, and looking by itself in case nobody told it.

INVARIANT: a revision that cannot be loaded never replaces the one that decides.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from policy_svc.faults import RulebookError
from policy_svc.loading import parse
from policy_svc.rulebook import Rulebook
from policy_svc.store.archive import Activation, Archive
from policy_svc.store.listening import Ear
from stena.problems import Unavailable

LOOK_EVERY: Final = 0.5  # seconds: with the time to load it, a revision decides everywhere within one second

log = structlog.get_logger()


class Follower:
    """Calls ``use`` with every rulebook that begins to decide.

    ``here`` is at hand at the start: what is kept on disk, or else the folder's. It becomes the first activation where the
    database has none.
    """

    def __init__(self, archive: Archive, here: Rulebook, use: Callable[[Rulebook], None]) -> None:
        self._archive = archive
        self._here = here
        self._use = use
        self._looking = asyncio.Lock()
        self._refused: tuple[str, RulebookError] | None = None
        self._told = False
        self.active: str | None = None
        """What the database let decide here; ``None`` until it has answered for the first time."""
        self.current = False
        """Whether the database answered when it was last asked, and what it named decides here."""

    async def look(self) -> None:
        """Let what is active decide here; raises ``Unavailable`` and ``RulebookError``, and then nothing changes."""
        async with self._looking:
            try:
                await self._follow_to(await self._activation())
            except Exception:
                self.current = False
                raise
            if not self.current:
                log.info("following the active rulebook", revision=self.active)
            self.current = True

    async def look_in_time(self) -> None:
        """``look`` for those who can go on without; what is wrong is told once, when it begins."""
        was_current = self.current
        try:
            await self.look()
        except Unavailable:
            self._tell("the database does not answer; a new activation would not be seen", was_current)
        except RulebookError as error:
            self._tell("the active revision is refused here; the one before goes on deciding", was_current, faults=str(error))
        except Exception as error:  # whatever it is, the revision that decides stays, and this replica keeps looking
            self._tell("looking for the active revision failed", was_current, kind=type(error).__name__)

    async def follow(self, ear: Ear) -> None:
        """Until it is cancelled. ``ear`` says when to look at once."""
        while True:
            await ear.open()
            await self.look_in_time()
            await ear.heard(within=LOOK_EVERY)

    async def _follow_to(self, activation: Activation) -> None:
        if activation.revision == self.active:
            return
        self._here = await self._load(activation.revision)
        self._use(self._here)
        self.active = activation.revision
        log.info("rulebook decides", revision=self.active, activation=activation.number, by=activation.by)

    async def _activation(self) -> Activation:
        return await self._archive.active() or await self._archive.activate_first(self._here, by="first start")

    async def _load(self, revision: str) -> Rulebook:
        if revision == self._here.revision:
            return self._here
        if self._refused is not None and self._refused[0] == revision:
            raise self._refused[1]
        files = await self._archive.files_of(revision)
        assert files is not None  # a foreign key says so
        try:
            # In a thread: what is asked meanwhile is decided meanwhile, under the revision before.
            rulebook, _ = await asyncio.to_thread(parse, files)
        except RulebookError as error:
            self._refused = (revision, error)
            raise
        return rulebook

    def _tell(self, event: str, was_current: bool, **more: str) -> None:
        if was_current or not self._told:
            self._told = True
            log.error(event, deciding=self.active, **more)
