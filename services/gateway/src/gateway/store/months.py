"""The ledger's months in the database: which there are, those to come, and those whose time is over."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.metrics import LEDGER_MONTHS
from gateway.record.leaves import Leaf
from gateway.store.entries import append
from stena.database import transaction

AHEAD: Final = 12
"""Months that are made at every migration, the present one included."""

_THERE = text("""
    SELECT to_date(right(relname, 7), 'YYYY_MM') FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'ledger'::regclass AND relname ~ '^ledger_[0-9]{4}_[0-9]{2}$' ORDER BY 1
""")
_ADD = text("SELECT ledger_add_month(month) FROM unnest(CAST(:months AS date[])) AS month")


# What lies in the rest because its month was missing is sorted in first, and taken with it.
_SORT_IN = text("""
    SELECT ledger_add_month(month) FROM (
        SELECT DISTINCT CAST(date_trunc('month', at AT TIME ZONE 'UTC') AS date) AS month FROM ledger_rest
        WHERE at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
    ) AS late
""")
_GONE = text("""
    SELECT count(*), coalesce(max(position) + 1, 0), coalesce((SELECT max(size) FROM ledger_heads), 0)
    FROM ledger_leaves WHERE at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
""")
_COUNTED = text("""
    SELECT CAST(date_trunc('month', at AT TIME ZONE 'UTC') AS date) AS month, count(*) AS entries, sum(people) AS people
    FROM ledger WHERE at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC' GROUP BY 1 ORDER BY 1
""")


class NotSigned(Exception):
    """No head covers all that would be removed: it could never be checked that it was there."""


class NoMonthAhead(Exception):
    """The ledger has no partition for this month or the next."""


async def there(engine: AsyncEngine) -> Sequence[date]:
    """The first day of every month that has a partition."""
    async with transaction(engine) as connection:
        return (await connection.scalars(_THERE)).all()


async def add(engine: AsyncEngine, months: Sequence[date]) -> int:
    """Make the partitions of ``months`` (any day of each), as owner, moving there what lies in the rest. How many were new."""
    async with transaction(engine) as connection:
        return sum((await connection.scalars(_ADD, {"months": list(months)})).all())


async def counted(engine: AsyncEngine, before: date) -> list[tuple[date, int, int]]:
    """What retention would take: each month before that day, with its entries and how many people they list."""
    async with transaction(engine) as connection:
        rows = await connection.execute(_COUNTED, {"before": before})
        return [(row.month, row.entries, row.people) for row in rows]


async def drop(engine: AsyncEngine, before: date, tell: Callable[[int, int], Leaf]) -> int:
    """Remove every month before that day, as owner, all of them or none. ``tell`` makes the entry that says how many entries
    are gone and below which place; it is written in the same transaction. Raises ``NotSigned``. Returns how many are gone now.
    """
    async with transaction(engine) as connection:
        await connection.execute(_SORT_IN, {"before": before})
        gone, below, signed = (await connection.execute(_GONE, {"before": before})).one()
        if below > signed:
            raise NotSigned
        months = (await connection.scalars(_THERE)).all()
        for month in months:
            if month < before:
                await connection.execute(text(f"DROP TABLE ledger_{month:%Y_%m}, ledger_people_{month:%Y_%m}"))
        await append(connection, [tell(gone, below)])
    return int(gone)


async def require_one_ahead(engine: AsyncEngine) -> None:
    """Raises ``NoMonthAhead`` when it is time to make partitions: entries would go to the one for the rest."""
    known, now = set(await there(engine)), datetime.now(UTC).date()
    months = ahead(now, 120)
    count = next((number for number, month in enumerate(months) if month not in known), len(months))
    LEDGER_MONTHS.set(count)
    if count < 2:
        raise NoMonthAhead


def ahead(today: date, count: int = AHEAD) -> list[date]:
    """The first days of so many months, this one included."""
    months = today.year * 12 + today.month - 1
    return [date((months + each) // 12, (months + each) % 12 + 1, 1) for each in range(count)]
