"""The people of the story, written by hand: reads them from their file and puts ESCO's concepts where labels stand."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from matching_svc.concepts import small_set
from stena_local.demo.reference import read
from stena_local.demo.vocabulary import occupations

OLENA: Final = "demo-olena"
OMID: Final = "demo-omid"
REGISTERED_BY: Final = "reception-agency"


@cache
def lines() -> tuple[dict[str, Any], ...]:
    """Their import lines. Raises ``KeyError`` naming a label that the small ESCO set does not have."""
    return tuple(entry | {"attributes": _with_concepts(entry["attributes"])} for entry in read("protagonists"))


def line(external_id: str) -> dict[str, Any]:
    return next(found for found in lines() if found["external_id"] == external_id)


def _with_concepts(attributes: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(attributes)
    for name in ("work_history", "work_dates"):
        if name in found:
            found[name] = [job | {"occupation": occupations()[job["occupation"]].uri} for job in found[name]]
    if "skills" in found:
        found["skills"] = [_skills()[label] for label in found["skills"]]
    if "wanted_occupations" in found:
        found["wanted_occupations"] = [occupations()[label].uri for label in found["wanted_occupations"]]
    return found


@cache
def _skills() -> Mapping[str, str]:
    return {skill.labels["en"]: skill.uri for skill in small_set().skills.values()}
