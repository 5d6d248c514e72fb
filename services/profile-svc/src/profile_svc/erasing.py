"""Erasing people: written to the journal first, then done as the journal says; at start, whatever it says and is not done yet.

INVARIANT: nobody is served from databases that are behind the journal, so that who was erased stays so when a backup from
before is restored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Literal
from uuid import UUID

import structlog

from profile_svc.erasure_tables import journal_mark
from profile_svc.store import erasures, journal_marks
from profile_svc.store.vault import Connection, Vault
from stena.contracts.retention import Owed
from stena.erasure_journal import JournalError, Line, Mark
from stena.problems import Unavailable

log = structlog.get_logger()

BATCH: Final = 200
"""Lines of the journal that are followed in one transaction."""

Cause = Literal["asked", "retention"]


class ErasureRefused(Exception):
    """The law forbids to erase the person now; ``duties`` say why and until when."""

    def __init__(self, duties: Sequence[Owed]) -> None:
        self.duties = [duty.model_dump(mode="json") for duty in duties]
        super().__init__("The law wants this record kept for now. Nothing was erased.")


async def erase_people(vault: Vault, chosen: Callable[[Connection], Awaitable[Sequence[UUID]]], cause: Cause) -> Sequence[UUID]:
    """Erase whom ``chosen`` gives, who are locked by then; whatever it raises, nobody is erased.

    Raises ``Unavailable``, after which nobody was erased, or it is gone on with: the journal says so.
    """
    async with vault.transaction() as connection:
        mark = await journal_marks.lock(connection, journal_mark)
        people = await erasures.with_merged(connection, await chosen(connection))
        if people:
            await _write_down(vault, people, cause)
            await _do(vault, connection, mark)
    if people:
        await follow(vault)
    return people


async def _write_down(vault: Vault, people: Sequence[UUID], cause: Cause) -> None:
    try:
        await asyncio.to_thread(vault.journal.append, people, cause, datetime.now(UTC))
    except (JournalError, OSError) as error:
        log.error("erasures cannot be written down", kind=type(error).__name__)
        raise Unavailable("Erasures cannot be written down at the moment. Nobody was erased; try again shortly.") from error


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
    done = True
    while done:
        async with vault.transaction() as connection:
            done = await _do(vault, connection, await journal_marks.lock(connection, journal_mark))


async def _do(vault: Vault, connection: Connection, mark: Mark) -> bool:
    """Do what the journal says behind ``mark``, as far as one transaction goes; whether there was anything to do."""
    lines = _behind(vault, mark)
    # Also where nothing is left to empty: the keys may be those of an older backup than the people.
    destroyed = await vault.person_keys.destroy(lambda mark: _behind(vault, mark))
    erased = [line.person for line in lines if line.person]
    if erased:
        await erasures.empty(connection, erased, vault.log_key, datetime.now(UTC))
        log.info("erased", people=len(erased))
    if lines:
        await journal_marks.move(connection, journal_mark, lines[-1].mark)
    return bool(lines or destroyed)


def _behind(vault: Vault, mark: Mark) -> list[Line]:
    return list(islice(vault.journal.after(mark), BATCH))
