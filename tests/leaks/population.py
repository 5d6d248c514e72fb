"""People whose names, tongues, trades, ages, beliefs and needs hang together as they do in life. Invented, and repeatable.

Lives are those of `stena demo people`, chosen so that origin, sex and age are as published; what hangs together with a
group of people is drawn anew. The figures and where they come from stand in population.yaml.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count as numbers
from pathlib import Path
from typing import Any, Final

import yaml

from stena_local.demo import life as lives
from stena_local.demo import people
from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import names, origins

Line = dict[str, Any]
Cell = tuple[str, str, int]
"""Origin; women, men, children or alone; the age at which the band of adults begins, 0 for children."""

ADULT: Final = 18


def stream(count: int, seed: int) -> list[Line]:
    """``count`` import lines in the order in which the people were registered, as records come in in life."""
    found = [_line(seed, life) for life in chosen(count, seed)]
    return sorted(found, key=_registered_on)


def chosen(count: int, seed: int) -> Iterator[Life]:
    """Lives whose origins, sexes and ages are as published: each is taken if somebody like that is still wanted."""
    chance = Chance(seed, "population", count)
    wanted = Counter(chance.one(_cells()) for _ in range(count))
    for index in numbers():
        if not wanted:
            return
        life = lives.draw(Chance(seed, "person", index), index, people.REFERENCE_DAY)
        cell = cell_of(life)
        if wanted[cell]:
            wanted[cell] -= 1
            yield life
        wanted += Counter()  # forgets what nobody is wanted of any more


def cell_of(life: Life) -> Cell:
    if life.age >= ADULT:
        band = max(start for start in (18, 35, 65) if start <= life.age)
        return life.origin.name, "women" if life.woman else "men", band
    return life.origin.name, "alone" if life.alone else "children", 0


@cache
def majority(nationality: str) -> str:
    """The largest group among citizens of a state."""
    name = next(origin.name for origin in origins() if origin.nationality == nationality)
    groups = _figures()["groups"][name]
    return str(max(groups, key=lambda group: int(groups[group]["share"])))


def _line(seed: int, life: Life) -> Line:
    found = people.person(seed, life.index)
    chance = Chance(seed, "background", life.index)
    attributes = found["attributes"]
    group = _group(chance, life.origin.name, attributes["mother_tongue"])
    told = _figures()["groups"][life.origin.name][group]
    attributes |= {"ethnic_origin": group, "religion": chance.one(told["religion"])}
    if "names" in told:
        attributes |= _names(chance, told["names"], life)
    if "asylum_grounds" in attributes:
        attributes["asylum_grounds"] = [_ground(chance, life, group, attributes["religion"])]
    return found | {"external_id": f"population-{seed}-{life.index}"}


def _group(chance: Chance, origin: str, tongue: str) -> str:
    """The group of somebody with this mother tongue, by Bayes: its share times how many of it speak the tongue."""
    groups = _figures()["groups"][origin]
    return str(chance.one({name: told["share"] * told["tongues"].get(tongue, 0.1) for name, told in groups.items()}))


def _names(chance: Chance, language: str, life: Life) -> Mapping[str, Mapping[str, str]]:
    known = names()[language]
    given = chance.choice(known.female if life.woman else known.male)
    family = chance.choice(known.family)[int(life.woman)]
    return {
        name: {"native": native, "latin": latin} for name, (native, latin) in (("given_name", given), ("family_name", family))
    }


def _ground(chance: Chance, life: Life, group: str, religion: str) -> str:
    told = _figures()["grounds"]
    usual = told["by_religion"].get(religion) or told["by_group"].get(group) or told["by_origin"][life.origin.name]
    return str(usual if chance.often(told["as_usual"] / 100) else chance.one(dict.fromkeys(told["by_origin"].values(), 1)))


def _registered_on(line: Line) -> tuple[str, str]:
    first = min((each["from"] for each in line["attributes"].get("legal_status", ())), default="")
    return first, line["external_id"]


@cache
def _cells() -> Mapping[Cell, float]:
    """Every cell with its share in per mille."""
    figures = _figures()
    found: dict[Cell, float] = {}
    for entry in figures["cells"]:
        for origin in entry["origins"]:
            share = figures["origins"][origin] / 100
            found |= {(origin, who, 0): share * entry[who] for who in ("children", "alone")}
            for band, percent in entry["ages"].items():
                found |= {(origin, who, band): share * entry[who] * percent / 100 for who in ("women", "men")}
    return {cell: share for cell, share in found.items() if share}


@cache
def _figures() -> Any:
    return yaml.safe_load(Path(__file__).with_name("population.yaml").read_text(encoding="utf-8"))
