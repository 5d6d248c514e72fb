"""What passing time does to facts, done in the background: consents, referrals, restrictions end, people come of age."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog

from profile_svc import erasing, pruning, separating
from profile_svc.derived import WORKING_AGES, age
from profile_svc.facts import is_minor
from profile_svc.metrics import UPKEEP
from profile_svc.reading import today
from profile_svc.referring import end_expired
from profile_svc.store import consents, records, restrictions, upkeep
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Vault
from profile_svc.writing import opened
from stena.alongside import alongside

log = structlog.get_logger()

CONSENT_SWEEP: Final = 0.5  # seconds between two looks; a consent that ends is without effect within one second
REFERRAL_SWEEP: Final = 0.5  # the same for the access that rests on a referral
RESTRICTION_SWEEP: Final = 5.0  # what is restricted a little longer than it had to be harms nobody
DAY_WATCH: Final = 1.0  # seconds between two looks at the calendar
PRUNING: Final = 3600.0  # seconds between two cuts of what is kept for days
JOURNAL_WATCH: Final = 5.0  # seconds after which somebody else does an erasure that broke off
BATCH: Final = 200
# What is derived from a date of birth and changes on the birthdays that facts and gates ask for.
OF_WORKING_AGE: Final = ("of_working_age",)
OF_AGE: Final = ("adult", "age_band")


def running(vault: Vault) -> AbstractAsyncContextManager[None]:
    """Every task, for as long as the service runs."""
    return alongside(
        _repeat("consents", lambda: end_consents(vault, datetime.now(UTC)), CONSENT_SWEEP),
        _repeat("referrals", lambda: end_expired(vault, datetime.now(UTC), BATCH), REFERRAL_SWEEP),
        _repeat("restrictions", lambda: end_restrictions(vault, datetime.now(UTC)), RESTRICTION_SWEEP),
        _repeat("birthdays", _DailyBirthdays(vault), DAY_WATCH),
        _repeat("erasures", lambda: erasing.keep_up(vault), JOURNAL_WATCH),
        _repeat("pruning", lambda: pruning.prune(vault, datetime.now(UTC)), PRUNING),
        _repeat("separating", lambda: separating.forget(vault, datetime.now(UTC)), PRUNING),
    )


async def end_consents(vault: Vault, now: datetime) -> int:
    """Take consents that have ended out of the facts, and so out of what followers hold; the number of people concerned.

    What is read at the source is without them from the moment on which they end, whether or not this has come to them.
    """
    if not await upkeep.is_over(vault.statements, upkeep.FIRST_CONSENT, now):
        return 0
    concerned = 0
    while True:  # without a pause until none is left: at midnight a great many end at once
        async with vault.transaction() as connection:
            people = await upkeep.with_ended_consents(connection, now, BATCH)
            if people:
                await consents.refresh_many(connection, people, now)
        concerned += len(people)
        if len(people) < BATCH:
            return concerned


async def end_restrictions(vault: Vault, now: datetime) -> None:
    """Let facts and followers know of restrictions whose time is up."""
    concerned = BATCH if await upkeep.is_over(vault.statements, upkeep.FIRST_RESTRICTION, now) else 0
    while concerned == BATCH:
        async with vault.transaction() as connection:
            concerned = await restrictions.end_expired(connection, now, BATCH)


async def come_of_age(vault: Vault, on: date) -> None:
    """Let facts and followers know who is no minor any more, and who turns old enough to work.

    Dates of birth of minors are opened for it, and of nobody else.
    """
    page: Sequence[StoredPerson] = ()
    while True:
        async with vault.transaction() as connection:
            page = await upkeep.minors_after(connection, page[-1].person_id if page else None, BATCH)
            if not page:
                return
            for person, born in await _born(vault, page):
                changed = changed_by_birthday(born, on)
                if changed:
                    facts = replace(person.facts, minor=is_minor(born, on))
                    now = datetime.now(UTC)
                    await consents.refresh(connection, await records.set_facts(connection, person, facts, now, changed), now)


async def _born(vault: Vault, minors: Sequence[StoredPerson]) -> list[tuple[StoredPerson, str | None]]:
    keys = await vault.person_keys.fetch([person.person_id for person in minors])
    wanted = frozenset({"date_of_birth"})
    return [
        (person, opened(person, keys[person.person_id], wanted).get("date_of_birth"))
        for person in minors
        if person.person_id in keys
    ]


def changed_by_birthday(born: str | None, on: date) -> tuple[str, ...]:
    """The derived attributes of a minor that have changed by, or on, this day."""
    if not is_minor(born, on):
        return OF_AGE
    yesterday = on - timedelta(days=1)
    turned = born is not None and age(born, on) in WORKING_AGES and age(born, yesterday) not in WORKING_AGES
    return OF_WORKING_AGE if turned else ()


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


async def _repeat(name: str, task: Callable[[], Awaitable[object]], pause: float) -> None:
    """Again and again: a database that is away for a while ends no task."""
    while True:
        try:
            await task()
            UPKEEP.labels(name).set_to_current_time()
        except Exception as error:  # the text of a database's error may quote a row
            log.error("upkeep failed", kind=type(error).__name__)
        await asyncio.sleep(pause)
