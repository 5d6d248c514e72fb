"""What the passing of time does to facts, done in the background: consents end, people come of age."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Final

import structlog

from profile_svc.facts import is_minor
from profile_svc.reading import today
from profile_svc.store import consents, records, upkeep
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Vault
from profile_svc.writing import opened

log = structlog.get_logger()

CONSENT_SWEEP: Final = 0.5  # seconds between two looks; a consent that ends is without effect within one second
DAY_WATCH: Final = 60.0  # seconds between two looks at the calendar
BATCH: Final = 200
# What follows from a date of birth and changes on an eighteenth birthday.
OF_AGE: Final = ("adult", "age_band")


@asynccontextmanager
async def running(vault: Vault) -> AsyncIterator[None]:
    """Both tasks, for as long as the service runs."""
    tasks = [
        asyncio.create_task(_repeat(lambda: end_consents(vault, datetime.now(UTC)), CONSENT_SWEEP)),
        asyncio.create_task(_repeat(_DailyBirthdays(vault), DAY_WATCH)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def end_consents(vault: Vault, now: datetime) -> int:
    """Take consents that have ended out of the facts; the number of people whom that touched."""
    async with vault.transaction() as connection:
        people = await upkeep.with_ended_consents(connection, now, BATCH)
        for person in people:
            await consents.refresh(connection, person, now)
    return len(people)


async def come_of_age(vault: Vault, on: date) -> int:
    """Find out of whom the fact ``minor`` is true no longer. Dates of birth of minors are opened for it, and of nobody else."""
    grown = 0
    page: Sequence[StoredPerson] = ()
    while True:
        async with vault.transaction() as connection:
            page = await upkeep.minors_after(connection, page[-1].person_id if page else None, BATCH)
            if not page:
                return grown
            for person in await _grown(vault, page, on):
                await records.set_facts(connection, person, person.facts.of_age(), datetime.now(UTC), changed=OF_AGE)
                grown += 1


async def _grown(vault: Vault, minors: Sequence[StoredPerson], on: date) -> list[StoredPerson]:
    keys = await vault.person_keys.fetch([person.person_id for person in minors])
    births = {
        person.person_id: opened(person, keys[person.person_id], frozenset({"date_of_birth"})).get("date_of_birth")
        for person in minors
        if person.person_id in keys
    }
    return [person for person in minors if person.person_id in births and not is_minor(births[person.person_id], on)]


class _DailyBirthdays:
    """Looks once at start and once each day."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._looked_on: date | None = None

    async def __call__(self) -> None:
        day = today()
        if day != self._looked_on:
            await come_of_age(self._vault, day)
            self._looked_on = day


async def _repeat(task: Callable[[], Awaitable[object]], pause: float) -> None:
    """Again and again: a database that is away for a while ends no task."""
    while True:
        try:
            await task()
        except Exception as error:  # the text of a database's error may quote a row
            log.error("upkeep failed", kind=type(error).__name__)
        await asyncio.sleep(pause)
