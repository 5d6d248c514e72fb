"""Random people and opportunities over a small vocabulary in which skills are near each other."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from matching_svc.esco.edition import Concept, Edition, Relation
from matching_svc.esco.shipped import shipped
from matching_svc.features import ATTRIBUTES, MatchFeatures
from matching_svc.knowledge import Knowledge, knowledge
from matching_svc.model import shipped as model
from matching_svc.vocabulary import of_edition
from stena.contracts.matching import KIND_PURPOSE, NewOpportunity

BASE = "http://data.europa.eu/esco/"
TODAY = date(2027, 3, 1)


def related() -> Edition:
    """The shipped set, which has no groups, with some: every five skills of its first forty, and a few broader skills."""
    edition = shipped()
    skills = sorted(concept.uri for concept in edition.concepts if concept.kind == "skill")[:40]
    kinds = {concept.kind for concept in edition.concepts}
    assert "skill-group" not in kinds
    groups = [f"{BASE}skill/S{number}" for number in range(8)]
    concepts = [Concept(group, "skill-group", None, None, None, None, None) for group in groups]
    relations = [Relation(skill, "broader", groups[at // 5]) for at, skill in enumerate(skills)]
    relations += [Relation(skills[at], "broader", skills[at + 1]) for at in (0, 3, 7, 20)]
    return Edition(edition.version, (*edition.concepts, *concepts), (*edition.relations, *relations), edition.labels)


KNOWLEDGE: Knowledge = knowledge(of_edition(related()), model())
VOCABULARY = KNOWLEDGE.vocabulary
STRANGER = f"{BASE}skill/00000000-0000-4000-8000-00000000dead"
OCCUPATIONS = [*VOCABULARY.uris[:12], f"{BASE}occupation/00000000-0000-4000-8000-00000000dead"]
SKILLS = [
    *(VOCABULARY.skill_uri(column) for column in range(24)),
    *(VOCABULARY.skill_uri(int(column)) for column in VOCABULARY.essential[[0]].indices[:6]),
    STRANGER,
]
PLACES = ["Sofia", "Plovdiv", "Varna", ""]
REGIONS = ["BG411", "BG414", "BG421", "BG423", "BG331", "BG", "DE1"]  # the first four are two pairs of neighbours
LEVELS = ["A1", "A2", "B1", "B2", "C1", "C2"]

days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
activities = ("listening", "reading", "interaction", "production", "writing")
spoken = st.fixed_dictionaries(
    {"language": st.sampled_from(["bul", "eng", "ukr"])}, optional=dict.fromkeys(activities, st.sampled_from(LEVELS))
)
rights = st.fixed_dictionaries(
    {"answer": st.sampled_from(["yes", "no", "limited", "unknown"]), "rule": st.just("r")},
    optional={"from": days, "until": days},
)
jobs = st.fixed_dictionaries({"occupation": st.sampled_from(OCCUPATIONS), "months": st.integers(0, 100)})
stated: dict[str, st.SearchStrategy[Any]] = {
    "skills": st.frozensets(st.sampled_from(SKILLS)),
    "work_history": st.lists(jobs, max_size=4),
    "education_level": st.integers(-3, 9),
    "languages": st.lists(spoken, max_size=4),
    "municipality": st.sampled_from(PLACES),
    "region": st.sampled_from(REGIONS),
    "max_distance_km": st.integers(-5, 200),
    "remote": st.booleans(),
    "wanted_occupations": st.lists(st.sampled_from(OCCUPATIONS), max_size=2),
    "availability": st.fixed_dictionaries({}, optional={"from": days}),
    "of_working_age": st.booleans(),
    "right_to_work": st.lists(rights, max_size=2),
}
people = st.fixed_dictionaries({}, optional=stated).map(MatchFeatures.model_validate)
needs = st.fixed_dictionaries(
    {"language": st.sampled_from(["bul", "eng", "fra"]), "level": st.sampled_from(LEVELS), "essential": st.booleans()}
)
opportunities = st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(KIND_PURPOSE)), "title": st.just("t")},
    optional={
        "occupation": st.sampled_from(OCCUPATIONS),
        "essential_skills": st.lists(st.sampled_from(SKILLS), max_size=6),
        "optional_skills": st.lists(st.sampled_from(SKILLS), max_size=4),
        "languages": st.lists(needs, max_size=2),
        "education_level": st.integers(0, 8),
        "municipality": st.sampled_from(PLACES),
        "region": st.sampled_from(["BG411", "BG421", "BG4", "BG"]),
        "remote": st.booleans(),
        "starts_on": days,
        "ends_on": days,
        "apply_until": days,
    },
).map(NewOpportunity.model_validate)
attributes = st.frozensets(st.sampled_from(sorted(ATTRIBUTES))) | st.just(ATTRIBUTES)
