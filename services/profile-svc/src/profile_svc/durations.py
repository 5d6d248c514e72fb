"""ISO 8601 durations of days, weeks, months and years, added to moments by the calendar. Pure."""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from typing import Final

_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")


def after(moment: datetime, duration: str) -> datetime:
    """The moment so long after ``moment``; where a month is too short for its day, on that month's last.

    Raises ``ValueError`` for what is no duration; a moment beyond the calendar is its last.
    """
    read = _DURATION.fullmatch(duration)
    if read is None or duration == "P":
        raise ValueError(f"{duration!r} is no duration.")
    years, months, weeks, days = (int(part or 0) for part in read.groups())
    month = moment.month - 1 + months + 12 * years
    year, month = moment.year + month // 12, month % 12 + 1
    try:
        day = min(moment.day, monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) + timedelta(weeks=weeks, days=days)
    except (OverflowError, ValueError):
        return datetime.max.replace(tzinfo=moment.tzinfo)
