"""The vocabulary of ESCO in memory: concepts as numbers, relations as sparse matrices, labels as one text. Pure, immutable.

Concepts are numbered in one row: first the occupations, then the skills, the ISCO groups and the skill groups, each sorted
by URI. INVARIANT: the same edition always gives the same numbers, wherever it was read from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matching_svc.esco.edition import LABEL_KINDS, ConceptKind, Edition, Relation, RelationKind
from matching_svc.vocabulary_texts import Texts

CONCEPT_KINDS: Final[tuple[ConceptKind, ...]] = get_args(ConceptKind)
REUSE: Final = ("transversal", "cross-sector", "sector-specific", "occupation-specific")
FALLBACK: Final = "en"

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Labels:
    """One entry for each label, all of them aligned. ``language`` and ``kind`` are places in ``languages`` and LABEL_KINDS."""

    languages: tuple[str, ...]
    concept: Numbers
    language: NDArray[np.int8]
    kind: NDArray[np.int8]
    texts: Texts
    shown: Numbers
    """``shown[language, concept]``: which label stands for the concept, or -1."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``essential`` and ``optional`` are occupations × skills and hold ones; ``broader`` is concepts × concepts, from each to
    its direct broader ones; ``helpful`` is skills × skills, a one where a skill helps with another.

    By occupation: ``isco_groups`` (ISCO-08 unit group as a number, -1 unknown), ``regulated``. By skill: ``rarities`` in
    (0, 1], ``reuse`` (a place in REUSE, -1 unknown).
    """

    version: str
    uris: tuple[str, ...]
    numbers: Mapping[str, int]
    occupations: int
    skills: int
    essential: csr_array
    optional: csr_array
    broader: csr_array
    helpful: csr_array
    isco_groups: NDArray[np.int16]
    regulated: NDArray[np.bool_]
    rarities: NDArray[np.float32]
    reuse: NDArray[np.int8]
    labels: Labels

    def occupation(self, uri: str) -> int | None:
        """The row of an occupation in the matrices; ``None`` for whatever is no occupation of this edition."""
        number = self.numbers.get(uri)
        return number if number is not None and number < self.occupations else None

    def skill(self, uri: str) -> int | None:
        """The column of a skill in the matrices; ``None`` for whatever is no skill of this edition."""
        number = self.numbers.get(uri)
        column = -1 if number is None else number - self.occupations
        return column if 0 <= column < self.skills else None

    def skill_uri(self, column: int) -> str:
        return self.uris[self.occupations + column]

    def unlabelled(self) -> "Vocabulary":
        """The same without its labels, which are most of it: for a process that scores."""
        nothing = np.zeros(0, dtype=np.int32)
        none = nothing.astype(np.int8)
        labels = Labels((), nothing, none, none, Texts.of(()), np.zeros((0, len(self.uris)), dtype=np.int32))
        return replace(self, labels=labels)

    def label(self, uri: str, language: str = FALLBACK) -> str:
        """The neutral label in ``language``, else in English, else in any language; the URI's last part where there is none."""
        number = self.numbers.get(uri)
        return uri.rsplit("/", 1)[-1] if number is None else self.label_of(number, language)

    def label_of(self, number: int, language: str = FALLBACK) -> str:
        labels = self.labels
        for wanted in (language, FALLBACK, *labels.languages):
            if wanted in labels.languages and (at := labels.shown[labels.languages.index(wanted), number]) >= 0:
                return labels.texts[int(at)]
        return self.uris[number].rsplit("/", 1)[-1]

    def rarity(self, uri: str) -> float:
        """How rare a skill is; one that is not known here counts as rare."""
        column = self.skill(uri)
        return 1.0 if column is None else float(self.rarities[column])

    def isco(self, occupation: str) -> str | None:
        """The ISCO-08 unit group of an occupation, four digits."""
        row = self.occupation(occupation)
        return f"{self.isco_groups[row]:04d}" if row is not None and self.isco_groups[row] >= 0 else None


def of_edition(edition: Edition) -> Vocabulary:
    """The vocabulary of an edition whose references have been checked."""
    ordered = sorted(edition.concepts, key=lambda concept: (CONCEPT_KINDS.index(concept.kind), concept.uri))
    numbers = {concept.uri: number for number, concept in enumerate(ordered)}
    counts = [sum(concept.kind == kind for concept in ordered) for kind in CONCEPT_KINDS]
    occupations, skills = ordered[: counts[0]], ordered[counts[0] : counts[0] + counts[1]]

    def matrix(kind: RelationKind, rows: slice, columns: slice) -> csr_array:
        return _matrix(edition.relations, kind, numbers, rows, columns)

    all_, of_occupations, of_skills = slice(0, len(ordered)), slice(0, counts[0]), slice(counts[0], counts[0] + counts[1])
    return Vocabulary(
        version=edition.version,
        uris=tuple(numbers),
        numbers=numbers,
        occupations=counts[0],
        skills=counts[1],
        essential=matrix("essential", of_occupations, of_skills),
        optional=matrix("optional", of_occupations, of_skills),
        broader=matrix("broader", all_, all_),
        helpful=matrix("skill-optional", of_skills, of_skills) + matrix("skill-essential", of_skills, of_skills),
        isco_groups=np.array([int(each.isco) if each.isco else -1 for each in occupations], dtype=np.int16),
        regulated=np.array([bool(each.regulated) for each in occupations], dtype=np.bool_),
        rarities=np.array([each.rarity or 1.0 for each in skills], dtype=np.float32),
        reuse=np.array([REUSE.index(each.reuse) if each.reuse in REUSE else -1 for each in skills], dtype=np.int8),
        labels=_labels(edition, numbers),
    )


def _matrix(
    relations: Iterable[Relation], kind: RelationKind, numbers: Mapping[str, int], rows: slice, columns: slice
) -> csr_array:
    pairs = [
        (numbers[each.source] - rows.start, numbers[each.target] - columns.start) for each in relations if each.kind == kind
    ]
    places = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    made = csr_array((np.ones(len(pairs), dtype=np.float32), (places[:, 0], places[:, 1])), shape=shape)
    made.sum_duplicates()
    return made


def _labels(edition: Edition, numbers: Mapping[str, int]) -> Labels:
    languages = tuple(sorted(edition.labels))
    rows = [(at, label) for at, language in enumerate(languages) for label in edition.labels[language]]
    concept = np.array([numbers[label.uri] for _, label in rows], dtype=np.int32)
    language = np.array([at for at, _ in rows], dtype=np.int8)
    kind = np.array([LABEL_KINDS.index(label.kind) for _, label in rows], dtype=np.int8)
    shown = np.full((len(languages), len(numbers)), -1, dtype=np.int32)
    for kept in ("preferred", "neutral"):  # the neutral one, where there is one, comes to stand over the preferred
        which = np.flatnonzero(kind == LABEL_KINDS.index(kept))
        shown[language[which], concept[which]] = which
    return Labels(languages, concept, language, kind, Texts.of(label.text for _, label in rows), shown)
