"""The demo's reference data: origins, names, places, trades and codes, read once from the YAML files beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

COUNTRY: Final = "BGR"

Name = tuple[str, str]
"""A name as it is written in its own script, and in Latin letters."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where people come from, and what goes together in such lives; the keys are explained in ``origins.yaml``."""

    name: str
    weight: float
    nationality: str
    names: str
    women: float
    minors: float
    arrived: Mapping[int, float]
    tracks: Mapping[str, float]
    recognised: float
    tongues: Mapping[str, float]
    speaks: Mapping[str, tuple[float, int]]
    bulgarian: float
    schooling: Mapping[int, float]
    religion: Mapping[str, float]
    ethnic: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Given names by gender; family names as ``(masculine, feminine)``."""

    female: tuple[Name, ...]
    male: tuple[Name, ...]
    family: tuple[tuple[Name, Name], ...]


@dataclass(frozen=True, slots=True)
class Place:
    municipality: str
    nuts: str
    settlement: str
    weight: float
    centre: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """What an occupation goes with; the keys are explained in ``trades.yaml``."""

    field: str
    level: int
    women: float
    licence: tuple[str, ...] = ()


def read(name: str) -> Any:
    """The content of one YAML file of the demo."""
    return yaml.safe_load((resources.files("stena_local.demo") / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def codes(topic: str) -> Mapping[str, Mapping[str, float]]:
    """The coded lists of one topic of ``codes.yaml``: list → code → weight."""
    found: Mapping[str, Mapping[str, float]] = read("codes")[topic]
    return found


@cache
def follows(name: str) -> Mapping[str, str]:
    """One mapping of ``follows.yaml``: health code → the support that goes with it."""
    found: Mapping[str, str] = read("follows")[name]
    return found


@cache
def origins() -> Mapping[Origin, float]:
    """All origins with their weights."""
    return {origin: origin.weight for origin in (Origin(name=name, **entry) for name, entry in read("origins").items())}


@cache
def names() -> Mapping[str, Names]:
    return {
        key: Names(
            female=tuple(map(_pair, entry["female"])),
            male=tuple(map(_pair, entry["male"])),
            family=tuple((_pair(parts[:2]), _pair(parts[-2:])) for parts in entry["family"]),
        )
        for key, entry in read("names").items()
    }


@cache
def places(*, centres: bool) -> Mapping[Place, float]:
    """Places with their weights: reception centres, or everything else."""
    found = (Place(**entry) for entry in read("places"))
    return {place: place.weight for place in found if place.centre is centres}


@cache
def subjects(*, women: bool) -> Mapping[tuple[str, str], float]:
    """ISCED-F field and title of what people study, weighted by how many of the gender do."""
    return {
        (field, entry["title"]): entry["women"] if women else 1 - entry["women"] for field, entry in read("subjects").items()
    }


@cache
def _trades() -> Mapping[str, Trade]:
    return {
        digits: Trade(field=entry["field"], level=entry["level"], women=entry["women"], licence=tuple(entry.get("licence", ())))
        for digits, entry in read("trades").items()
    }


@cache
def trade(isco: str) -> Trade:
    """What an occupation of this ISCO-08 group goes with: the longest entry that fits."""
    for length in range(len(isco), 0, -1):
        if isco[:length] in _trades():
            return _trades()[isco[:length]]
    raise KeyError(f"trades.yaml has no entry for ISCO group {isco}")


def _pair(parts: list[str]) -> Name:
    native, latin = parts
    return native, latin
