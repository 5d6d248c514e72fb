"""Erasing people: written to the journal first, then done as the journal says; at start, whatever it says and is not done yet.

INVARIANT: nobody is served from databases that are behind the journal, so that who was erased stays so when a backup from
before is restored.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Literal
from uuid import UUID

import structlog

from profile_svc.erasure_tables import journal_mark
from profile_svc.store import erasures, journal_marks
from profile_svc.store.vault import Vault
from profile_svc.writing import require_seen
from stena.contracts.access import Grant
from stena.erasure_journal import JournalError, Line, Mark
from stena.problems import Unavailable

log = structlog.get_logger()

BATCH: Final = 200
"""Lines of the journal that are followed in one transaction."""

Cause = Literal["asked", "retention"]


async def erase(vault: Vault, grant: Grant, person_id: UUID) -> None:
    """Erase a person whom the grant's rows let be seen. Raises ``NotThere``, ``Unavailable``."""
    async with vault.reading() as connection:
        await require_seen(connection, person_id, grant.rows)
    await erase_people(vault, [person_id], "asked")


async def erase_people(vault: Vault, people: Sequence[UUID], cause: Cause) -> None:
    """Erase these people, whoever they are. Should it break off, it is gone on with: the journal says so. ``Unavailable``."""
    async with vault.transaction() as connection:
        people = await erasures.with_merged(connection, people)
    try:
        await asyncio.to_thread(vault.journal.append, people, cause, datetime.now(UTC))
    except (JournalError, OSError) as error:
        log.error("erasures cannot be written down", kind=type(error).__name__)
        raise Unavailable("Erasures cannot be written down at the moment. Nobody was erased; try again shortly.") from error
    await follow(vault)


async def open_journal(vault: Vault) -> None:
    """At start: the journal must be the one that these databases know, and what they have not heard of is done now.

    Raises ``JournalError`` with what to mend.
    """
    async with vault.transaction() as connection:
        known = [await journal_marks.read(connection, journal_mark), await vault.person_keys.journal_mark()]
    await asyncio.to_thread(vault.journal.open, known, datetime.now(UTC))
    await follow(vault)


async def keep_up(vault: Vault) -> None:
    """Do what somebody else wrote down and did not live to do."""
    await asyncio.to_thread(vault.journal.read)
    await follow(vault)


async def follow(vault: Vault) -> None:
    """Erase whomever the journal names and these databases do not know to be erased; one process at a time."""
    while True:
        async with vault.transaction() as connection:
            lines = _behind(vault, await journal_marks.lock(connection, journal_mark))
            # Also where nothing is left to empty: the keys may be those of an older backup than the people.
            destroyed = await vault.person_keys.destroy(lambda mark: _behind(vault, mark))
            if not lines and not destroyed:
                return
            if not lines:
                continue
            erased = [line.person for line in lines if line.person]
            await erasures.empty(connection, erased, vault.log_key, datetime.now(UTC))
            await journal_marks.move(connection, journal_mark, lines[-1].mark)
        if erased:
            log.info("erased", people=len(erased))


def _behind(vault: Vault, mark: Mark) -> list[Line]:
    return list(islice(vault.journal.after(mark), BATCH))
