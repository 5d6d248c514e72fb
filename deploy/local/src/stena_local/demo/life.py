"""The skeleton of an invented life: what everything else about a person follows from. Draws nothing that it does not keep."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from stena_local.demo.chance import Chance
from stena_local.demo.reference import Origin, Place, origins, places

_AGES: Final = {(0, 5): 7, (6, 14): 12, (15, 17): 5, (18, 24): 15, (25, 34): 26, (35, 49): 24, (50, 64): 8, (65, 82): 3}
_INVASION: Final = date(2022, 2, 24)  # nobody from Ukraine has temporary protection before it
_TRACKS_OF_CENTRES: Final = ("international-protection",)


@dataclass(frozen=True, eq=False)
class Life:
    """``arrived`` is ``None`` for people who were born in the country; ``alone`` is an unaccompanied minor. ``on`` is the
    day at which the life is looked at."""

    index: int
    on: date
    origin: Origin
    track: str
    woman: bool
    born: date
    arrived: date | None
    alone: bool
    place: Place | None
    schooling: int

    @cached_property
    def age(self) -> int:
        return years_between(self.born, self.on)

    @cached_property
    def years_here(self) -> float:
        return (self.on - (self.arrived or self.born)).days / 365.25

    @property
    def minor(self) -> bool:
        return self.age < 18

    @property
    def works(self) -> bool:
        """Whether there is a working life to speak of."""
        return self.age >= 18


def draw(chance: Chance, index: int, on: date) -> Life:
    """The life of the person with this index, as of ``on``."""
    origin = chance.one(origins())
    track = chance.one(origin.tracks)
    born = _born(chance, on)
    minor = years_between(born, on) < 18
    arrived = _arrived(chance, origin, track, born, on)
    return Life(
        index=index,
        on=on,
        origin=origin,
        track=track,
        woman=chance.often(origin.women if not minor else (origin.women + 0.5) / 2),
        born=born,
        arrived=arrived,
        alone=minor and years_between(born, on) >= 12 and chance.often(origin.minors),
        place=_place(chance, track, arrived, on),
        schooling=min(chance.one(origin.schooling), _schooling_at(years_between(born, on))),
    )


def years_between(first: date, last: date) -> int:
    """Whole years, as ages are counted."""
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _born(chance: Chance, on: date) -> date:
    youngest, oldest = chance.one(_AGES)
    latest = date(on.year - youngest, on.month, 1) - timedelta(days=1)
    return latest - timedelta(days=chance.randint(0, (oldest - youngest + 1) * 365))


def _arrived(chance: Chance, origin: Origin, track: str, born: date, on: date) -> date | None:
    if not origin.arrived:
        return None
    year = chance.one(origin.arrived)
    day = chance.day(date(year, 1, 1), date(year, 12, 31))
    earliest = _INVASION if track == "temporary-protection" else born
    # A child cannot have come before it was born, nor anybody after the day at which we look.
    return min(max(day, earliest, born), on - timedelta(days=7)) if born < on - timedelta(days=7) else born


def _place(chance: Chance, track: str, arrived: date | None, on: date) -> Place | None:
    """Applicants of the last year mostly live in a centre; of a few people nobody knows where they live."""
    if chance.often(0.02):
        return None
    new = arrived is not None and (on - arrived).days < 365 and track in _TRACKS_OF_CENTRES
    return chance.one(places(centres=new and chance.often(0.75)))


def _schooling_at(age: int) -> int:
    """The highest ISCED 2011 level that somebody of this age can have completed."""
    for below, level in ((11, 0), (15, 1), (18, 2), (20, 3), (22, 5), (24, 6), (28, 7)):
        if age < below:
            return level
    return 8
