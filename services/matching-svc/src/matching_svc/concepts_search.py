"""From typed text to ESCO concepts, in any language that is loaded and in either script. Pure and deterministic.

A concept is found by all its labels together, by the one label that is nearest, by what its words mean, and by how a label
begins; ``Weights`` says how much of each, as a validation split of the labels themselves decided (tests/bench/concepts).
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_svc.concepts_grams import features
from matching_svc.concepts_index import Index, Numbers, Scores, of_scheme
from matching_svc.concepts_text import key
from matching_svc.vocabulary import Vocabulary

Scheme = Literal["occupation", "skill"]

LONGEST: Final = 200
"""Characters of a query that are looked at."""


@dataclass(frozen=True, slots=True)
class Weights:
    """``foreign`` is what a language counts that is not the one typed in; ``looked_at``, how many concepts are looked at label
    by label."""

    document: float = 1.0
    label: float = 1.0
    meaning: float = 0.5
    beginning: float = 0.2
    foreign: float = 0.8
    looked_at: int = 50


class Found(NamedTuple):
    """A concept by its number in the vocabulary. ``score`` orders the answers to one query and means nothing across queries."""

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """Both schemes of one vocabulary."""

    vocabulary: Vocabulary
    indexes: dict[Scheme, Index]
    weights: Weights = Weights()

    def find(self, text: str, scheme: Scheme, *, language: str | None = None, limit: int = 10) -> list[Found]:
        """The best ``limit`` concepts, none for a text without a letter or digit. ``language``: the one typed in, if known."""
        asked, index = key(text[:LONGEST]), self.indexes[scheme]
        if not asked or not index.concepts:
            return []
        scores = score(index, asked, language, self.weights)
        best = _best(scores, limit)
        return [Found(index.first + int(at), float(scores[at])) for at in best if scores[at] > 0]


def of_vocabulary(vocabulary: Vocabulary, weights: Weights | None = None) -> Search:
    """The search over a vocabulary: seconds of work for all of ESCO."""
    indexes: dict[Scheme, Index] = {
        "occupation": of_scheme(vocabulary, 0, vocabulary.occupations),
        "skill": of_scheme(vocabulary, vocabulary.occupations, vocabulary.skills),
    }
    return Search(vocabulary, indexes, weights or Weights())


def score(index: Index, asked: str, language: str | None, weights: Weights) -> Scores:
    """What each concept of ``index`` is worth as an answer to ``asked``, a key."""
    _, buckets = features([asked])
    buckets = np.unique(buckets)
    scores = weights.document * _documents(index, buckets, language, weights)
    scores += weights.meaning * np.maximum(0, index.latent.similar(buckets, index.rarity[buckets]))
    begun = _beginnings(index, asked, language, weights)
    scores += weights.beginning * begun
    looked_at = _best(scores, weights.looked_at)
    scores[looked_at] += weights.label * index.nearest_labels(looked_at, buckets)
    return scores


def _documents(index: Index, buckets: Numbers, language: str | None, weights: Weights) -> Scores:
    """The best over all languages; another than the one typed in counts less."""
    best = np.zeros(index.concepts, np.float32)
    for name, document in zip(index.languages, index.documents, strict=True):
        share = 1.0 if language in (None, name) else weights.foreign
        np.maximum(best, share * document.similar(buckets), out=best)
    return best


def _beginnings(index: Index, asked: str, language: str | None, weights: Weights) -> Scores:
    """For a concept with a label that begins as asked: half, and the more the more of the label was typed."""
    found = np.zeros(index.concepts, np.float32)
    labels = index.beginning(asked)
    shares = 0.5 + 0.5 * len(asked) / index.lengths[labels]
    if language in index.languages:
        shares = np.where(index.language[labels] == index.languages.index(language), shares, shares * weights.foreign)
    np.maximum.at(found, index.concept[labels], shares.astype(np.float32))
    return found


def _best(scores: Scores, limit: int) -> NDArray[np.int32]:
    """The places of the highest scores, the highest first; ties by place."""
    count = min(limit, len(scores))
    bound = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero(scores >= bound)
    ordered = candidates[np.lexsort((candidates, -scores[candidates]))]
    return ordered[:count].astype(np.int32)
