"""One edition of ESCO as plain rows: what an import reads, what the database keeps and what a vocabulary is made of. Pure."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

ConceptKind = Literal["occupation", "skill", "isco-group", "skill-group"]
LabelKind = Literal["preferred", "neutral", "alternative", "hidden", "description"]
RelationKind = Literal["essential", "optional", "broader", "skill-essential", "skill-optional"]

LABEL_KINDS: Final[tuple[LabelKind, ...]] = get_args(LabelKind)
BASE: Final = "http://data.europa.eu/esco/"


class Concept(NamedTuple):
    """``isco`` is the ISCO-08 unit group of an occupation, four digits; ``reuse``, how far a skill reaches (``transversal``
    to ``occupation-specific``); ``rarity`` of a skill is above 0 and at most 1, which is one that one occupation names."""

    uri: str
    kind: ConceptKind
    code: str | None = None
    isco: str | None = None
    reuse: str | None = None
    regulated: bool | None = None
    rarity: float | None = None


class Label(NamedTuple):
    """``neutral`` stands only where the preferred label names one gender and another label both; ``description`` is prose."""

    uri: str
    kind: LabelKind
    text: str


class Relation(NamedTuple):
    """From an occupation to a skill it needs, from a skill to one that helps with it, or from a concept to a broader one."""

    source: str
    kind: RelationKind
    target: str


@dataclass(frozen=True, slots=True)
class Edition:
    """``concepts`` and ``relations`` are sorted; the labels of a language are sorted by URI, the preferred one first."""

    version: str
    concepts: tuple[Concept, ...]
    relations: tuple[Relation, ...]
    labels: Mapping[str, tuple[Label, ...]]


def digest(version: str, rows: Iterable[tuple[object, ...]]) -> str:
    """SHA-256 of rows in their order: what an import compares to say that nothing has changed."""
    told = hashlib.sha256(version.encode())
    for row in rows:
        told.update(repr(tuple(row)).encode())
    return told.hexdigest()


def rarity(occupations: int, used_by: int) -> float:
    """Inverse document frequency over all ``occupations``, scaled to 1 for a skill that one of them names."""
    return math.log1p(occupations / (1 + used_by)) / math.log1p(occupations / 2)


def with_rarity(concepts: Iterable[Concept], relations: Iterable[Relation]) -> Iterator[Concept]:
    """The same concepts, skills with the rarity that the relations give them."""
    needs = [relation for relation in relations if relation.kind in ("essential", "optional")]
    used_by = Counter(need.target for need in needs)
    occupations = len({need.source for need in needs})
    for concept in concepts:
        if concept.kind == "skill":
            yield concept._replace(rarity=rarity(occupations, used_by[concept.uri]))
        else:
            yield concept


def neutral(preferred: str, others: Iterable[str]) -> str | None:
    """The label that names both genders ("director/directora"), if the preferred one is only its one half."""
    if "/" in preferred:
        return None
    return next((other for other in others if preferred in other.split("/")[:-1]), None)
