"""The ledger's months in the database: which there are, those to come, and those whose time is over."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.metrics import LEDGER_MONTHS
from stena.database import transaction

_THERE = text("""
    SELECT to_date(right(relname, 7), 'YYYY_MM') FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'ledger'::regclass AND relname ~ '^ledger_[0-9]{4}_[0-9]{2}$' ORDER BY 1
""")
_ADD = text("SELECT ledger_add_month(month) FROM unnest(CAST(:months AS date[])) AS month")


class NoMonthAhead(Exception):
    """The ledger has no partition for this month or the next."""


async def there(engine: AsyncEngine) -> Sequence[date]:
    """The first day of every month that has a partition."""
    async with transaction(engine) as connection:
        return (await connection.scalars(_THERE)).all()


async def add(engine: AsyncEngine, months: Sequence[date]) -> int:
    """Make the partitions of ``months`` (any day of each), as owner, and move there what lies in the rest. How many were new."""
    async with transaction(engine) as connection:
        return sum((await connection.scalars(_ADD, {"months": list(months)})).all())


async def require_one_ahead(engine: AsyncEngine) -> None:
    """Raises ``NoMonthAhead`` when it is time to make partitions: entries would go to the one for the rest."""
    known, now = set(await there(engine)), datetime.now(UTC).date()
    months = ahead(now, 120)
    count = next((number for number, month in enumerate(months) if month not in known), len(months))
    LEDGER_MONTHS.set(count)
    if count < 2:
        raise NoMonthAhead


def ahead(today: date, count: int) -> list[date]:
    """The first days of so many months, this one included."""
    months = today.year * 12 + today.month - 1
    return [date((months + each) // 12, (months + each) % 12 + 1, 1) for each in range(count)]
