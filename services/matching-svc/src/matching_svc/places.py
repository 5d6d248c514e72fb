"""How far regions are from each other, and what that counts. Pure; knows the towns of ``places.yaml`` and nobody's address."""

import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import yaml

from matching_svc.model import Place

_EARTH: Final = 6371.0
"""Mean radius in kilometres."""


@cache
def kilometres(one: str, other: str) -> int | None:
    """Between the towns of two NUTS 3 regions, as the crow flies; ``None`` if either is not known here."""
    towns = _towns()
    if one not in towns or other not in towns:
        return None
    (north, east), (north_other, east_other) = towns[one], towns[other]
    # The haversine formula (Sinnott 1984).
    half = math.sin((north_other - north) / 2) ** 2
    half += math.cos(north) * math.cos(north_other) * math.sin((east_other - east) / 2) ** 2
    return round(2 * _EARTH * math.asin(math.sqrt(half)))


def between(one: str, other: str, furthest: int | None, place: Place) -> int:
    """What living in the one region counts for being in the other, in percent. ``furthest``: as far as somebody goes, in km."""
    apart = kilometres(one, other)
    if one == other or apart is None:
        return place.region[min(5, common_prefix(one, other))]
    if furthest is not None and apart > furthest:
        return place.elsewhere
    return max(place.elsewhere, place.region[5] - apart // place.km_a_percent)


def common_prefix(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


@cache
def _towns() -> Mapping[str, tuple[float, float]]:
    """In radians."""
    degrees = yaml.safe_load((resources.files("matching_svc") / "places.yaml").read_bytes())
    return {region: (math.radians(north), math.radians(east)) for region, (north, east) in degrees.items()}
