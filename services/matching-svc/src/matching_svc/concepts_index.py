"""One scheme's labels, made ready to be searched: by language, by label, by meaning and by beginning. Pure, immutable."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from matching_svc.concepts_grams import BUCKETS, features
from matching_svc.concepts_latent import Latent, of_documents
from matching_svc.concepts_text import key
from matching_svc.esco.edition import LABEL_KINDS
from matching_svc.vocabulary import Vocabulary
from matching_svc.vocabulary_texts import Texts

_LAST: Final = "\U0010ffff"
_NO_NAME: Final = LABEL_KINDS.index("description")

Scores = NDArray[np.float32]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Document:
    """Every label of each concept in one language as one text: ``weights`` is concepts × buckets, rows of length 1."""

    rarity: Scores
    weights: Any

    def similar(self, buckets: Numbers) -> Scores:
        """The cosine of each concept with a text of these features."""
        asked = self.rarity[buckets]
        columns = self.weights[:, buckets]
        found: Scores = columns @ (asked / max(float(np.linalg.norm(asked)), 1e-9))
        return found


@dataclass(frozen=True, slots=True)
class Index:
    """``first`` is the number of the first concept in the vocabulary; here concepts count from 0.

    Labels stand by concept: those of concept c are ``starts[c]`` to ``starts[c + 1]``, their features likewise in
    ``feature_starts`` and ``feature_buckets``. ``sorted_keys`` are the same labels by their spelling, ``sorted_labels`` which.
    """

    first: int
    concepts: int
    languages: tuple[str, ...]
    documents: tuple[Document, ...]
    latent: Latent
    rarity: Scores
    starts: NDArray[np.int64]
    concept: Numbers
    language: NDArray[np.int8]
    lengths: Numbers
    feature_starts: NDArray[np.int64]
    feature_buckets: Numbers
    norms: Scores
    sorted_keys: Texts
    sorted_labels: Numbers

    def beginning(self, beginning: str) -> Numbers:
        """The labels whose key begins so."""
        keys = range(len(self.sorted_keys))
        first = bisect_left(keys, beginning, key=self.sorted_keys.__getitem__)
        last = bisect_left(keys, beginning + _LAST, key=self.sorted_keys.__getitem__)
        return self.sorted_labels[first:last]

    def nearest_labels(self, concepts: Numbers, buckets: Numbers) -> Scores:
        """For each of ``concepts``, the cosine of its label that is nearest to a text of these features."""
        weights = np.zeros(BUCKETS, np.float32)
        weights[buckets] = self.rarity[buckets] ** 2
        length = float(np.sqrt(weights.sum()))
        found = np.zeros(len(concepts), np.float32)
        for at, concept in enumerate(concepts):
            first, last = self.starts[concept], self.starts[concept + 1]
            if first < last and length > 0:
                begin = self.feature_starts[first]
                shared = weights[self.feature_buckets[begin : self.feature_starts[last]]]
                sums = np.add.reduceat(shared, self.feature_starts[first:last] - begin)
                found[at] = float((sums / self.norms[first:last]).max()) / length
        return found


def of_scheme(vocabulary: Vocabulary, first: int, concepts: int) -> Index:
    """The index over the ``concepts`` concepts from number ``first`` on."""
    labels = vocabulary.labels
    mine = np.flatnonzero((labels.concept >= first) & (labels.concept < first + concepts) & (labels.kind != _NO_NAME))
    mine = mine[np.argsort(labels.concept[mine], kind="stable")]
    keys = [key(labels.texts[int(at)]) for at in mine]
    named = np.array([bool(each) for each in keys], dtype=np.bool_)
    mine, keys = mine[named], [each for each in keys if each]
    concept = (labels.concept[mine] - first).astype(np.int32)
    starts, buckets = features(keys)
    counts = csr_array((np.ones(len(buckets), np.float32), buckets, starts), shape=(len(keys), BUCKETS))
    by_spelling = sorted(range(len(keys)), key=keys.__getitem__)
    every = _summed(counts, concept, np.ones(len(keys), np.bool_), concepts)
    whole = _document(every)
    return Index(
        first=first,
        concepts=concepts,
        languages=labels.languages,
        documents=tuple(
            _document(_summed(counts, concept, labels.language[mine] == at, concepts)) for at in range(len(labels.languages))
        ),
        latent=of_documents(whole.weights.tocsr()),
        rarity=whole.rarity,
        starts=np.searchsorted(concept, np.arange(concepts + 1)),
        concept=concept,
        language=labels.language[mine],
        lengths=np.array([len(each) for each in keys], dtype=np.int32),
        feature_starts=starts,
        feature_buckets=buckets,
        norms=_norms(starts, whole.rarity[buckets] ** 2),
        sorted_keys=Texts.of(keys[at] for at in by_spelling),
        sorted_labels=np.array(by_spelling, dtype=np.int32),
    )


def _summed(counts: Any, concept: Numbers, which: NDArray[np.bool_], concepts: int) -> Any:
    """How often each concept's labels have each feature."""
    chosen = np.flatnonzero(which)
    gather = csr_array((np.ones(len(chosen), np.float32), (concept[chosen], chosen)), shape=(concepts, counts.shape[0]))
    return gather @ counts


def _document(counts: Any) -> Document:
    """Square roots of counts, so that a concept with fifty labels drowns nobody, weighed by how rare a feature is."""
    used_by = np.bincount(counts.indices, minlength=BUCKETS)
    rarity = np.log1p(counts.shape[0] / (1 + used_by)).astype(np.float32)
    weights = counts.copy()
    weights.data = np.sqrt(counts.data) * rarity[counts.indices]
    lengths = np.sqrt(_sums(weights.indptr, weights.data**2))
    weights.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weights.indptr))
    return Document(rarity, csc_array(weights))


def _norms(starts: NDArray[np.int64], squares: Scores) -> Scores:
    norms: Scores = np.maximum(np.sqrt(_sums(starts, squares)), 1e-9).astype(np.float32)
    return norms


def _sums(starts: Sequence[int] | NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """The sum of each row of a matrix in compressed form; rows may be empty."""
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    summed: NDArray[Any] = running[np.asarray(starts)[1:]] - running[np.asarray(starts)[:-1]]
    return summed
