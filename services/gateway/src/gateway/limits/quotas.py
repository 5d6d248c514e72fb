"""What organisations did today, by the ledger: counted there for all gateways together, and read by each in the background.

No call waits for it. Where the counts cannot be read the last ones go on: without the ledger there is no answer anyway.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from gateway.alerting.judging import Hour
from gateway.store import Engine, alerts
from stena.alongside import alongside
from stena.database import transaction

log = structlog.get_logger()

LOOK: Final = 5.0  # seconds between two looks; the ledger is counted once a second
LATE: Final = 10  # seconds after midnight by which every gateway knows that a day has begun

Read = Callable[[datetime], Awaitable[Mapping[str, Mapping[datetime, Hour]]]]
"""What organisations did in the hours since then."""


@dataclass(frozen=True, slots=True)
class Used:
    calls: int = 0
    people: int = 0


_NOTHING: Final = Used()


class Quotas:
    """``clock`` tells the moment, in UTC."""

    def __init__(self, read: Read, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._read = read
        self._clock = clock
        self._used: Mapping[str, Used] = {}

    def used(self, organisation: str) -> Used:
        """Today, as far as it was counted: a few seconds behind."""
        return self._used.get(organisation, _NOTHING)

    def until_tomorrow(self) -> int:
        """Seconds until a new day is known to have begun."""
        now = self._clock()
        return int((_midnight(now) + timedelta(days=1) - now).total_seconds()) + LATE

    async def look(self) -> None:
        hours = await self._read(_midnight(self._clock()))
        self._used = {
            name: Used(sum(hour.entries for hour in each.values()), sum(hour.people for hour in each.values()))
            for name, each in hours.items()
        }


def read_from(engine: Engine) -> Read:
    async def read(since: datetime) -> Mapping[str, Mapping[datetime, Hour]]:
        async with transaction(engine) as connection:
            return await alerts.hours(connection, since)

    return read


def followed(quotas: Quotas) -> AbstractAsyncContextManager[None]:
    """The counts are read for as long as the context is open."""
    return alongside(_follow(quotas))


async def _follow(quotas: Quotas) -> None:
    while True:
        try:
            await quotas.look()
        except Exception as error:  # a database that is away for a while ends no following; its words may quote a row
            log.warning("calls of the day not read", kind=type(error).__name__)
        await asyncio.sleep(LOOK)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
