"""Counting the ledger by organisation and hour, and what of it became an alert.

INVARIANT: of several gateways one counts at a time, each entry once: the place in the tree moves where it is counted, in one
transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.alert_tables import activity, activity_reached, alerts
from gateway.alerting.judging import Hour
from gateway.alerting.rules import Measure, Severity
from stena.database import transaction
from stena.statements import statements

Connection = AsyncConnection

MOST: Final = 50_000
"""Entries that are counted in one go."""

HOUR: Final = timedelta(hours=1)

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtext('stena alerts'))")
_IS_COUNTED: Final = """
    SELECT coalesce((SELECT position FROM activity_reached), 0) >= (SELECT coalesce(max(position) + 1, 0) FROM ledger_leaves)
"""
_COUNT: Final = text("""
    INSERT INTO activity AS known (organisation, hour, entries, people, denied, forbidden, emergencies)
    SELECT organisation, date_trunc('hour', ledger.at, 'UTC'), count(*),
        coalesce(sum(people) FILTER (WHERE outcome IN ('answered', 'done')), 0),
        count(*) FILTER (WHERE outcome = 'denied'),
        count(*) FILTER (WHERE reason = 'purpose-forbidden'),
        0
    FROM ledger_leaves AS leaf JOIN ledger ON ledger.entry_id = leaf.entry_id AND ledger.at = leaf.at
    WHERE leaf.position >= :first AND leaf.position < :last AND outcome <> 'intent'
    GROUP BY 1, 2
    ON CONFLICT (organisation, hour) DO UPDATE SET
        entries = known.entries + excluded.entries, people = known.people + excluded.people,
        denied = known.denied + excluded.denied, forbidden = known.forbidden + excluded.forbidden,
        breadth = NULL
    RETURNING hour
""")
_EMERGENCIES: Final = text("""
    INSERT INTO activity AS known (organisation, hour, entries, people, denied, forbidden, emergencies)
    SELECT organisation, date_trunc('hour', opened_at, 'UTC'), 0, 0, 0, 0, count(*)
    FROM emergency_accesses WHERE opened_at >= :since GROUP BY 1, 2
    ON CONFLICT (organisation, hour) DO UPDATE SET emergencies = excluded.emergencies
    WHERE known.emergencies <> excluded.emergencies
""")
_BREADTH: Final = text("""
    UPDATE activity SET breadth = found.breadth FROM (
        SELECT organisation, count(DISTINCT subject) AS breadth
        FROM ledger JOIN ledger_people AS listed ON listed.entry_id = ledger.entry_id AND listed.at = ledger.at
        WHERE ledger.at >= :hour AND ledger.at < :hour + interval '1 hour' AND ledger.outcome IN ('answered', 'done')
            AND listed.at >= :hour AND listed.at < :hour + interval '1 hour' AND organisation = ANY(:organisations)
        GROUP BY 1
    ) AS found
    WHERE activity.hour = :hour AND activity.organisation = found.organisation
""")
_NOBODY: Final = text(
    "UPDATE activity SET breadth = 0 WHERE hour = :hour AND organisation = ANY(:organisations) AND breadth IS NULL"
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One number that was unusual. ``threshold``: from where on it is."""

    alert_id: UUID
    rule: str
    severity: Severity
    organisation: str
    hour: datetime
    measure: Measure
    measured: int
    threshold: int
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert, and that somebody has looked at it, if anybody has."""

    alert: Alert
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acting_user: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that the webhook is to be told of, after so many tries in vain."""

    alert: Alert
    tries: int


_ALERT: Final = [alerts.c[each.name] for each in fields(Alert)]
_KEPT: Final = [alerts.c[each.name] for each in fields(Kept) if each.name != "alert"]


async def may_count(connection: AsyncConnection) -> bool:
    """Whether no other gateway counts at this moment; until the transaction ends none does."""
    return bool(await connection.scalar(_LOCK))


async def is_counted(engine: AsyncEngine) -> bool:
    """Whether everything that was written is counted. Asked again and again, by every gateway."""
    return bool((await statements(engine).fetch(_IS_COUNTED))[0][0])


async def count_on(connection: AsyncConnection) -> bool:
    """Count what was written since, at most ``MOST`` entries; whether more is left."""
    first = await connection.scalar(select(activity_reached.c.position)) or 0
    written = await connection.scalar(text("SELECT coalesce(max(position) + 1, 0) FROM ledger_leaves")) or 0
    last = min(written, first + MOST)
    if last > first:
        await connection.execute(_COUNT, {"first": first, "last": last})
        reached = insert(activity_reached).values(one=1, position=last)
        await connection.execute(reached.on_conflict_do_update(index_elements=["one"], set_={"position": last}))
    return bool(last < written)


async def count_emergencies(connection: AsyncConnection, since: datetime) -> None:
    await connection.execute(_EMERGENCIES, {"since": since})


async def count_breadth(connection: AsyncConnection, hour: datetime, organisations: Iterable[str]) -> None:
    """How many different people the organisations were shown something of in the hour."""
    wanted = {"hour": hour, "organisations": list(organisations)}
    if wanted["organisations"]:
        await connection.execute(_BREADTH, wanted)
        await connection.execute(_NOBODY, wanted)


async def uncounted(connection: AsyncConnection, before: datetime) -> Mapping[datetime, Sequence[str]]:
    """The organisations whose breadth in an hour before ``before`` is not known yet, of a few hours."""
    wanted = select(activity.c.hour, activity.c.organisation).where(activity.c.breadth.is_(None), activity.c.hour < before)
    found: dict[datetime, list[str]] = {}
    for hour, organisation in await connection.execute(wanted.order_by(activity.c.hour).limit(200)):
        found.setdefault(hour, []).append(organisation)
    return found


async def hours(
    connection: AsyncConnection, since: datetime, organisations: Iterable[str] | None = None
) -> Mapping[str, Mapping[datetime, Hour]]:
    """What organisations did in the hours since then, by organisation and hour."""
    names = [each.name for each in fields(Hour)]
    wanted = select(activity.c.organisation, activity.c.hour, *(activity.c[name] for name in names)).where(
        activity.c.hour >= since
    )
    if organisations is not None:
        wanted = wanted.where(activity.c.organisation.in_(list(organisations)))
    found: dict[str, dict[datetime, Hour]] = {}
    for organisation, hour, *numbers in await connection.execute(wanted):
        found.setdefault(organisation, {})[hour] = Hour(**dict(zip(names, numbers, strict=True)))
    return found


async def forget_hours(connection: AsyncConnection, before: datetime) -> None:
    await connection.execute(activity.delete().where(activity.c.hour < before))


async def raised_since(connection: AsyncConnection, hour: datetime) -> frozenset[tuple[str, str, datetime]]:
    """Rule, organisation and hour of the alerts of which there is no need to be told twice."""
    wanted = select(alerts.c.rule, alerts.c.organisation, alerts.c.hour).where(alerts.c.hour >= hour)
    return frozenset((rule, organisation, when) for rule, organisation, when in await connection.execute(wanted))


async def raise_once(connection: AsyncConnection, alert: Alert, *, tell: bool) -> bool:
    """Whether the alert is new: of a rule, an organisation and an hour there is one. ``tell``: the webhook is to hear of it."""
    row = {each.name: getattr(alert, each.name) for each in fields(Alert)} | {"try_at": alert.raised_at if tell else None}
    added = insert(alerts).values(row).on_conflict_do_nothing().returning(alerts.c.alert_id)
    return (await connection.execute(added)).one_or_none() is not None


async def due(connection: AsyncConnection, now: datetime, most: int) -> Sequence[Due]:
    """Alerts of which the webhook is to be told now, the oldest first; locked, so that no other gateway tells of them."""
    wanted = select(*_ALERT, alerts.c.tries).where(alerts.c.try_at <= now).order_by(alerts.c.try_at).limit(most)
    rows = await connection.execute(wanted.with_for_update(skip_locked=True))
    return [Due(Alert(*row[:-1]), row[-1]) for row in rows]


async def tried(connection: AsyncConnection, alert_id: UUID, *, delivered_at: datetime | None, again: datetime | None) -> None:
    done = update(alerts).where(alerts.c.alert_id == alert_id)
    await connection.execute(done.values(tries=alerts.c.tries + 1, delivered_at=delivered_at, try_at=again))


async def page(engine: AsyncEngine, *, open_alone: bool, after: UUID | None, most: int) -> Sequence[Kept]:
    """So many alerts, newest first, older than ``after``."""
    wanted = select(*_ALERT, *_KEPT).order_by(alerts.c.alert_id.desc()).limit(most)
    if open_alone:
        wanted = wanted.where(alerts.c.acknowledged_at.is_(None))
    if after is not None:
        wanted = wanted.where(alerts.c.alert_id < after)
    async with transaction(engine) as connection:
        return [_kept(row) for row in await connection.execute(wanted)]


async def acknowledge_once(
    engine: AsyncEngine, alert_id: UUID, by: str, acting_user: str | None, comment: str | None, at: datetime
) -> Kept | None:
    """The alert as whoever was first acknowledged it; ``None`` where there is none."""
    one = alerts.c.alert_id == alert_id
    done = update(alerts).where(one, alerts.c.acknowledged_at.is_(None))
    said = done.values(acknowledged_at=at, acknowledged_by=by, acting_user=acting_user, comment=comment)
    async with transaction(engine) as connection:
        await connection.execute(said)
        row = (await connection.execute(select(*_ALERT, *_KEPT).where(one))).one_or_none()
    return None if row is None else _kept(row)


def _kept(row: Any) -> Kept:
    return Kept(Alert(*row[: len(_ALERT)]), *row[len(_ALERT) :])
