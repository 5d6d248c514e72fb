"""Keeps every revision that has decided. Decisions never wait for it: the rulebook is in memory."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from policy_svc.rulebook import Rulebook
from policy_svc.tables import rulebook_revisions
from stena.database import transaction
from stena.problems import Unavailable

AGAIN_AFTER: Final = 1.0  # seconds

log = structlog.get_logger()


async def record(engine: AsyncEngine, rulebook: Rulebook) -> None:
    """Add the revision unless it is there already."""
    row = {"sha256": rulebook.revision, "content": dict(rulebook.files), "first_loaded_at": datetime.now(UTC)}
    async with transaction(engine) as connection:
        await connection.execute(insert(rulebook_revisions).values(row).on_conflict_do_nothing(index_elements=["sha256"]))


async def record_when_possible(engine: AsyncEngine, rulebook: Rulebook) -> None:
    """Record, and while the database does not answer try again: a revision must not decide for long without a record of it."""
    waited = False
    while True:
        try:
            await record(engine, rulebook)
        except Unavailable:
            if not waited:
                log.warning("revision not recorded yet", revision=rulebook.revision)
            waited = True
            await asyncio.sleep(AGAIN_AFTER)
        else:
            log.info("revision recorded", revision=rulebook.revision)
            return


async def recorded(engine: AsyncEngine, revision: str) -> bool:
    """Whether the revision can be read back."""
    async with transaction(engine) as connection:
        return bool(await connection.scalar(select(exists().where(rulebook_revisions.c.sha256 == revision))))


async def files_of(engine: AsyncEngine, revision: str) -> dict[str, str] | None:
    """The texts of a revision's files, as they were when it was first loaded; ``None`` if it never decided here."""
    async with transaction(engine) as connection:
        content = await connection.scalar(select(rulebook_revisions.c.content).where(rulebook_revisions.c.sha256 == revision))
    return None if content is None else dict(content)
