"""Looks over the ledger as it is written, and raises alerts. Every gateway looks, and one at a time counts.

INVARIANT: no call waits for this, and none fails because of it.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

import structlog
from uuid_utils.compat import uuid7

from gateway.alerting.judging import Hour, could_matter, measured, threshold
from gateway.alerting.rules import Rule
from gateway.alerting.telling import Telling
from gateway.metrics import ALERT_LAG, ALERTS
from gateway.store import Engine, alerts
from gateway.store.alerts import HOUR, Alert, Connection
from stena.alongside import alongside
from stena.database import transaction

log = structlog.get_logger()

LOOK: Final = 1.0  # seconds between two looks
REST: Final = timedelta(seconds=5)
"""Between two looks at what time alone changes, while nothing is written: that is in no hurry."""
PAST: Final = timedelta(days=28)
"""How far back an organisation's own past goes; older hours are forgotten."""
JUDGED: Final = timedelta(hours=2)
"""Hours older than this are counted, and raise nothing any more: a gateway that was away does not tell of last week."""
BREADTH: Final = timedelta(seconds=15)
"""Between two counts of different people in an hour that goes on: each goes through the whole of it."""

Candidate = tuple[Rule, str, datetime, Hour]


class Watch:
    """``look`` is one look. ``tell``: a webhook is to hear of what it raises."""

    def __init__(self, engine: Engine, rules: Sequence[Rule], *, tell: bool = False) -> None:
        self._engine = engine
        self._rules = rules
        self._tell = tell
        self._breadth_at = self._judged_at = datetime.min.replace(tzinfo=UTC)

    async def look(self, now: datetime) -> Sequence[Alert]:
        """Count what is new in the ledger and judge it; the alerts that this raised. None, where another gateway counts."""
        # A clock that was set back is no reason to wait until it has caught up.
        if timedelta(0) <= now - self._judged_at < REST and await alerts.is_counted(self._engine):
            return []
        more = True
        while more:
            async with transaction(self._engine) as connection:
                if not await alerts.may_count(connection):
                    return []
                more = await alerts.count_on(connection)
                raised = [] if more else await self._judge(connection, now)
        self._judged_at = now
        for alert in raised:
            ALERTS.labels(alert.rule).inc()
            log.warning("alert", rule=alert.rule, organisation=alert.organisation, measured=alert.measured)
        return raised

    async def _judge(self, connection: Connection, now: datetime) -> list[Alert]:
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        await alerts.count_emergencies(connection, hour - JUDGED)
        for over, organisations in (await alerts.uncounted(connection, hour)).items():
            await alerts.count_breadth(connection, over, organisations)
        await self._count_breadth_of(connection, hour, now)
        await alerts.forget_hours(connection, hour - PAST - HOUR)
        known = await alerts.raised_since(connection, hour - JUDGED)
        candidates = list(self._candidates(await alerts.hours(connection, hour - JUDGED), known))
        past = await alerts.hours(connection, hour - PAST, {name for _, name, _, _ in candidates}) if candidates else {}
        found = [alert for each in candidates if (alert := _alert(*each, past[each[1]], now)) is not None]
        return [alert for alert in found if await alerts.raise_once(connection, alert, tell=self._tell)]

    async def _count_breadth_of(self, connection: Connection, hour: datetime, now: datetime) -> None:
        """In an hour that goes on only where it could matter: there are never more different people than people."""
        least = min((rule.least for rule in self._rules if rule.measure == "breadth"), default=None)
        if least is None or now - self._breadth_at < BREADTH:
            return
        wide = [
            name
            for name, hours in (await alerts.hours(connection, hour)).items()
            if hour in hours and hours[hour].breadth is None and hours[hour].people >= least
        ]
        if wide:
            await alerts.count_breadth(connection, hour, wide)
            self._breadth_at = now

    def _candidates(
        self, judged: Mapping[str, Mapping[datetime, Hour]], known: frozenset[tuple[str, str, datetime]]
    ) -> Iterator[Candidate]:
        for name, hours in judged.items():
            for hour, numbers in hours.items():
                for rule in self._rules:
                    if could_matter(rule, numbers) and (rule.id, name, hour) not in known:
                        yield rule, name, hour, numbers


def watched(engine: Engine, rules: Sequence[Rule], telling: Telling | None) -> AbstractAsyncContextManager[None]:
    """Watches for as long as the context is open; without ``telling`` no webhook hears of anything."""
    return alongside(_watch(engine, Watch(engine, rules, tell=telling is not None), telling))


def _alert(rule: Rule, name: str, hour: datetime, numbers: Hour, past: Mapping[datetime, Hour], now: datetime) -> Alert | None:
    number = numbers.measured(rule.measure) or 0
    limit = threshold(rule, measured(rule, (each for when, each in past.items() if when < hour)))
    if number < limit:
        return None
    return Alert(uuid7(), rule.id, rule.severity, name, hour, rule.measure, number, ceil(limit), now)


async def _watch(engine: Engine, watch: Watch, telling: Telling | None) -> None:
    clock = asyncio.get_running_loop().time
    looked = clock()
    while True:
        try:
            began = clock()
            await watch.look(datetime.now(UTC))
            looked = began
            if telling is not None:
                await telling.tell(engine, datetime.now(UTC))
        except Exception as error:  # a database that is away for a while ends no watch; its words may quote a row
            log.error("alerts not looked for", kind=type(error).__name__)
        ALERT_LAG.set(clock() - looked)
        await asyncio.sleep(LOOK)
