"""What concept search is measured beside: BM25 over words and TF-IDF over character pieces, each label a document."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from matching_svc.esco.edition import LABEL_KINDS
from matching_svc.vocabulary import Vocabulary

WORD = r"(?u)\b\w+\b"


class Ranker(Protocol):
    """One score for each concept, the higher the better."""

    def scores(self, text: str, language: str) -> NDArray[Any]: ...


class Bm25:
    """Okapi BM25 (k1 1.2, b 0.75) over the labels of the query's language; a concept is as good as its best label."""

    def __init__(self, vocabulary: Vocabulary, first: int, concepts: int) -> None:
        self._of = {language: _Bm25(*named) for language, named in _labels(vocabulary, first, concepts).items()}
        self._concepts = concepts

    def scores(self, text: str, language: str) -> NDArray[Any]:
        return self._of[language].scores(text, self._concepts)


class _Bm25:
    def __init__(self, texts: Sequence[str], concepts: NDArray[np.int32]) -> None:
        self._words = CountVectorizer(token_pattern=WORD)
        counts = self._words.fit_transform(texts).tocsr().astype(np.float32)
        total, lengths = counts.shape[0], np.asarray(counts.sum(axis=1)).ravel()
        used_by = np.bincount(counts.indices, minlength=counts.shape[1])
        rarity = np.log(1 + (total - used_by + 0.5) / (used_by + 0.5))
        rows = np.repeat(np.arange(total), np.diff(counts.indptr))
        saturated = counts.data * 2.2 / (counts.data + 1.2 * (0.25 + 0.75 * lengths[rows] / lengths.mean()))
        counts.data = saturated * rarity[counts.indices]
        self._weights, self._concept = counts.tocsc(), concepts

    def scores(self, text: str, concepts: int) -> NDArray[Any]:
        return _pooled((self._words.transform([text]) @ self._weights.T).toarray()[0], self._concept, concepts)


class CharacterTfidf:
    """Cosine of TF-IDF over pieces of three to five characters within words, pooled in the same way."""

    def __init__(self, vocabulary: Vocabulary, first: int, concepts: int) -> None:
        self._of = {}
        self._concepts = concepts
        for language, (texts, concept) in _labels(vocabulary, first, concepts).items():
            pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float32)
            self._of[language] = (pieces, pieces.fit_transform(texts).tocsc(), concept)

    def scores(self, text: str, language: str) -> NDArray[Any]:
        pieces, weights, concept = self._of[language]
        return _pooled((pieces.transform([text]) @ weights.T).toarray()[0], concept, self._concepts)


def _labels(vocabulary: Vocabulary, first: int, concepts: int) -> dict[str, tuple[list[str], NDArray[np.int32]]]:
    labels = vocabulary.labels
    names = (labels.kind != LABEL_KINDS.index("description")) & (labels.concept >= first) & (labels.concept < first + concepts)
    found = {}
    for at, language in enumerate(labels.languages):
        which = np.flatnonzero(names & (labels.language == at))
        if len(which):
            found[language] = ([labels.texts[int(label)] for label in which], (labels.concept[which] - first).astype(np.int32))
    return found


def _pooled(scores: NDArray[Any], concept: NDArray[np.int32], concepts: int) -> NDArray[Any]:
    best = np.zeros(concepts)
    np.maximum.at(best, concept, scores)
    return best
