"""Moments that every service can keep and compare: RFC 3339 allows some that no database has in every time zone."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

FIRST: Final = 1900
LAST: Final = 9000


def _possible(moment: datetime) -> datetime:
    if not FIRST <= moment.year <= LAST:
        raise ValueError(f"has to lie between the years {FIRST} and {LAST}")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_possible)]
"""With its time zone, and within the years that can be told in every other."""
