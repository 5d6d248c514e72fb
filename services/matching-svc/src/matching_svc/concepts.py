"""ESCO concepts: occupations and skills with their labels, from the small set that ships. Knows no opportunity, no person."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import orjson

_CONCEPT: Final = re.compile(r"http://data\.europa\.eu/esco/(occupation|skill)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Occupation:
    """``isco`` is the ISCO-08 unit group, four digits; skills are URIs."""

    uri: str
    labels: Mapping[str, str]
    isco: str
    essential_skills: tuple[str, ...]
    optional_skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skill:
    """``used_by`` counts the occupations of the whole classification that name it: the fewer, the rarer it is."""

    uri: str
    labels: Mapping[str, str]
    used_by: int


@dataclass(frozen=True, slots=True)
class Concepts:
    """Both vocabularies by URI. ``total_occupations`` is that of the whole classification."""

    version: str
    total_occupations: int
    occupations: Mapping[str, Occupation]
    skills: Mapping[str, Skill]

    def label(self, uri: str, language: str = "en") -> str:
        """The concept's label in ``language``, else in English; the URI's last part for a concept not known here."""
        concept = self.occupations.get(uri) or self.skills.get(uri)
        if concept is None:
            return uri.rsplit("/", 1)[-1]
        return concept.labels.get(language) or concept.labels["en"]

    def rarity(self, skill: str) -> float:
        """Inverse document frequency over ESCO's occupations, above 0 and at most 1; a skill not known here counts as rare."""
        used_by = self.skills[skill].used_by if skill in self.skills else 1
        return math.log1p(self.total_occupations / (1 + used_by)) / math.log1p(self.total_occupations / 2)

    def isco(self, occupation: str) -> str | None:
        known = self.occupations.get(occupation)
        return known.isco if known else None


def is_concept(uri: str, scheme: str) -> bool:
    """Whether ``uri`` has the form of an ESCO ``occupation`` or ``skill``; whether it exists is not asked."""
    found = _CONCEPT.fullmatch(uri)
    return found is not None and found[1] == scheme


@cache
def small_set() -> Concepts:
    """The extract that ships with this service (see ``esco/NOTICE``), read once."""
    content = orjson.loads((resources.files("matching_svc.esco") / "small.json").read_bytes())
    base = content["base"]
    return Concepts(
        version=content["version"],
        total_occupations=content["total_occupations"],
        occupations=MappingProxyType(
            {f"{base}occupation/{id_}": _occupation(base, id_, o) for id_, o in content["occupations"].items()}
        ),
        skills=MappingProxyType(
            {
                f"{base}skill/{id_}": Skill(f"{base}skill/{id_}", s["labels"], s["used_by"])
                for id_, s in content["skills"].items()
            }
        ),
    )


def _occupation(base: str, id_: str, entry: Mapping[str, Any]) -> Occupation:
    return Occupation(
        uri=f"{base}occupation/{id_}",
        labels=entry["labels"],
        isco=entry["isco"],
        essential_skills=tuple(f"{base}skill/{skill}" for skill in entry["essential"]),
        optional_skills=tuple(f"{base}skill/{skill}" for skill in entry["optional"]),
    )
