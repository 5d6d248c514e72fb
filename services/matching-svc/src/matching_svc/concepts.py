"""What matching asks of ESCO concepts, and the small set that ships, concept by concept. Knows no opportunity, no person."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Protocol

import orjson

_CONCEPT: Final = re.compile(r"http://data\.europa\.eu/esco/(occupation|skill)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Concepts(Protocol):
    """Any vocabulary, as far as scores and explanations ask it."""

    def label(self, uri: str, language: str = "en") -> str:
        """The concept's label in ``language``, else in English; the URI's last part for a concept not known here."""

    def rarity(self, uri: str) -> float:
        """How rare a skill is, above 0 and at most 1; one that is not known here counts as rare."""

    def isco(self, occupation: str) -> str | None:
        """The ISCO-08 unit group of an occupation, four digits; ``None`` if it is not known here."""


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
    """``rarity`` is above 0 and at most 1, which is a skill that one occupation names."""

    uri: str
    labels: Mapping[str, str]
    rarity: float


@dataclass(frozen=True, slots=True)
class SmallSet:
    """The occupations and skills of the small set by URI: what demonstrations draw from."""

    version: str
    occupations: Mapping[str, Occupation]
    skills: Mapping[str, Skill]

    def label(self, uri: str, language: str = "en") -> str:
        """The concept's label in ``language``, else in English; the URI's last part for a concept not known here."""
        concept = self.occupations.get(uri) or self.skills.get(uri)
        if concept is None:
            return uri.rsplit("/", 1)[-1]
        return concept.labels.get(language) or concept.labels["en"]

    def rarity(self, uri: str) -> float:
        """How rare a skill is; one that is not known here counts as rare."""
        skill = self.skills.get(uri)
        return 1.0 if skill is None else skill.rarity

    def isco(self, occupation: str) -> str | None:
        known = self.occupations.get(occupation)
        return known.isco if known else None


def is_concept(uri: str, scheme: str) -> bool:
    """Whether ``uri`` has the form of an ESCO ``occupation`` or ``skill``; whether it exists is not asked."""
    found = _CONCEPT.fullmatch(uri)
    return found is not None and found[1] == scheme


@cache
def small_set() -> SmallSet:
    """The extract that ships with this service (see ``esco/NOTICE``), read once."""
    content = orjson.loads((resources.files("matching_svc.esco") / "small.json").read_bytes())
    base, total = content["base"], content["total_occupations"]
    occupations = (_occupation(base, id_, entry) for id_, entry in content["occupations"].items())
    skills = (_skill(base, id_, entry, total) for id_, entry in content["skills"].items())
    return SmallSet(
        version=content["version"],
        occupations=MappingProxyType({occupation.uri: occupation for occupation in occupations}),
        skills=MappingProxyType({skill.uri: skill for skill in skills}),
    )


def _skill(base: str, id_: str, entry: Mapping[str, Any], total: int) -> Skill:
    """Rarity is the inverse document frequency over all of ESCO's occupations, scaled to 1 for what one of them names."""
    rarity = math.log1p(total / (1 + entry["used_by"])) / math.log1p(total / 2)
    return Skill(f"{base}skill/{id_}", entry["labels"], rarity)


def _occupation(base: str, id_: str, entry: Mapping[str, Any]) -> Occupation:
    return Occupation(
        uri=f"{base}occupation/{id_}",
        labels=entry["labels"],
        isco=entry["isco"],
        essential_skills=tuple(f"{base}skill/{skill}" for skill in entry["essential"]),
        optional_skills=tuple(f"{base}skill/{skill}" for skill in entry["optional"]),
    )
