"""How long the ledger is kept: in whole months, and never shorter than the data that it tells of. Pure.

What retention takes are the words of entries and the people whom they list. Their hashes stay, so that what is left can be
checked; and the ledger says how many went, so that nobody can make more of them go unseen.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from gateway.calls import Caller, Entry, Stated

OPERATION: Final = "retention"
RESOURCE: Final = "ledger"

_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_SAID: Final = re.compile(r"before=(\S+) entries=(\d{1,18}) below=(\d{1,18})")


class TooShort(Exception):
    """The ledger would be kept for less than the rulebook's longest retention."""


def months_in(duration: str) -> int:
    """An ISO 8601 duration in months, begun months counted whole; raises ``ValueError``."""
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        raise ValueError(f"{duration!r} is no duration such as P10Y or P18M")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return 12 * years + months + -(-(7 * weeks + days) // 28)


def kept_for(wanted: str | None, of_purposes: Iterable[str | None]) -> int:
    """For how many months the ledger is kept: ``wanted``, or as long as what any purpose lets be kept. Raises ``TooShort``.

    The longest retention of a purpose is the least: as long as data may be there, it must be known who has seen it.
    """
    least = max((months_in(each) for each in of_purposes if each), default=0)
    months = least if wanted is None else months_in(wanted)
    if months < least or not months:
        raise TooShort(f"{months} months are less than the {least} for which the rulebook lets data be kept")
    return months


def first_kept(today: date, months: int) -> date:
    """The first month of which everything is kept: months before it lie wholly further back than ``months``."""
    count = today.year * 12 + today.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def entry(before: date, entries: int, below: int) -> Entry:
    """What the ledger says of a run: how many entries are gone in all, and that each was below a place in the tree."""
    said = f"before={before:%Y-%m} entries={entries} below={below}"
    caller, stated = Caller("stena ledger retention", "operator"), Stated(None, "administration")
    return Entry(caller, stated, OPERATION, RESOURCE, "done", reason=said)


def read(reason: str | None) -> tuple[int, int]:
    """How many entries are gone and below which place, as an ``entry`` says; nothing where it says something else."""
    found = _SAID.fullmatch(reason or "")
    return (int(found[2]), int(found[3])) if found else (0, 0)
