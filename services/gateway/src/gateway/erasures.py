"""Follows the journal of erasures: whoever stands there is forgotten here too, by whatever way they were erased.

INVARIANT: what the journal says is done before anybody is served: a restored backup of this database brings nobody back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import islice
from typing import Final

import structlog

from gateway.settings import GatewaySettings
from gateway.store import Engine, forgetting
from stena import keys
from stena.alongside import alongside
from stena.erasure_journal import START, Journal, JournalError, Mark
from stena.keys import KeyFileError
from stena.problems import Unavailable

log = structlog.get_logger()

LOOK: Final = 1.0  # seconds between two looks at the journal
BATCH: Final = 500
"""People who are forgotten in one transaction."""


def journal_of(settings: GatewaySettings) -> Journal | None:
    """The journal that the gateway was told of; raises ``KeyFileError``."""
    if settings.erasure_journal_dir is None:
        return None
    if settings.journal_key_file is None:
        raise KeyFileError("GATEWAY_ERASURE_JOURNAL_DIR wants GATEWAY_JOURNAL_KEY_FILE: its lines are known by that key.")
    return Journal(settings.erasure_journal_dir, keys.secret(settings.journal_key_file))


@asynccontextmanager
async def followed(engine: Engine, journal: Journal | None) -> AsyncIterator[None]:
    """The journal is followed for as long as the context is open; ``None``: there is none to follow."""
    if journal is None:
        yield
        return
    reached = START
    with suppress(Unavailable):  # without this database nothing is answered anyway
        reached = await follow(engine, journal, START)
    async with alongside(_follow(engine, journal, reached)):
        yield


async def follow(engine: Engine, journal: Journal, reached: Mark) -> Mark:
    """Forget whomever the journal names behind ``reached``; the place then reached. Raises ``JournalError``."""
    await asyncio.to_thread(journal.read)
    while lines := list(islice(journal.after(reached), BATCH)):
        await forgetting.forget(engine, [line.person for line in lines if line.person])
        reached = lines[-1].mark
    return reached


async def _follow(engine: Engine, journal: Journal, reached: Mark) -> None:
    while True:
        await asyncio.sleep(LOOK)
        try:
            reached = await follow(engine, journal, reached)
        except (JournalError, Unavailable) as error:
            # profile-svc, whose journal it is, refuses to erase by it; what was read before is done.
            log.error("erasures not followed", kind=type(error).__name__)
