"""ESCO occupations as the demo uses them: who usually works in which, and what goes with it."""

from collections.abc import Mapping
from functools import cache

from matching_svc.concepts import Occupation, small_set
from stena_local.demo.chance import Chance
from stena_local.demo.reference import Trade, trade


@cache
def occupations() -> Mapping[str, Occupation]:
    """The occupations of the small ESCO set by their preferred English label."""
    found = {occupation.labels["en"]: occupation for occupation in small_set().occupations.values()}
    return dict(sorted(found.items()))


def goes_with(occupation: Occupation) -> Trade:
    return trade(occupation.isco)


def draw_occupation(chance: Chance, *, woman: bool, schooling: int) -> Occupation:
    """An occupation as gender and schooling make it likely; that life is not fair is why the wall exists."""
    return occupations()[chance.one(_likely(woman, schooling))]


def draw_related(chance: Chance, occupation: Occupation) -> Occupation:
    """Another occupation near to this one: of the same ISCO minor group, else the same major group; itself if there is none."""
    for digits in (3, 2, 1):
        near = [o for o in occupations().values() if o.isco[:digits] == occupation.isco[:digits] and o.uri != occupation.uri]
        if near:
            return chance.choice(near)
    return occupation


@cache
def _likely(woman: bool, schooling: int) -> Mapping[str, float]:
    """Weights over all occupations: nearer to the level of schooling is likelier, above it near to impossible."""
    return {
        label: _share(goes_with(occupation), woman) * _fit(goes_with(occupation).level, schooling)
        for label, occupation in occupations().items()
    }


def _share(of: Trade, woman: bool) -> float:
    return of.women if woman else 1 - of.women


def _fit(level: int, schooling: int) -> float:
    if level > schooling:
        return 0.004 if level - schooling > 1 else 0.1
    return 1.0 / (1 + schooling - level)
