"""What words mean by the company that they keep: concepts in a few dimensions, in which labels of all languages meet. Pure.

Two words are near if the same concepts are called by them; a word of one language comes near to its translation, because
the labels of a concept in all languages are one document (latent semantic indexing: Deerwester et al. 1990; the
decomposition by random projection: Halko, Martinsson and Tropp 2011). Nothing but the labels is learned from.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DIMENSIONS: Final = 128
_OVERSAMPLED: Final = 16
_ROUNDS: Final = 2
_RAREST: Final = 3  # concepts that a feature must be part of: from fewer nothing is learned

Dense = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Latent:
    """``places`` gives the row of ``directions`` for a bucket, or -1; ``concepts`` are of length 1."""

    places: NDArray[np.int32]
    directions: Dense
    concepts: Dense

    def similar(self, buckets: NDArray[np.int32], weights: Dense) -> Dense:
        """The cosine of each concept with a text of these features; zeros if none of them is known."""
        rows = self.places[buckets]
        known = rows >= 0
        query = weights[known] @ self.directions[rows[known]]
        length = float(np.linalg.norm(query))
        if not length > 0:
            return np.zeros(len(self.concepts), np.float32)
        # Not with @: it would wait for BLAS's other threads, which on a busy machine takes ten times as long as the work.
        similar: Dense = np.einsum("ij,j->i", self.concepts, query / length)
        return similar


def of_documents(documents: Any) -> Latent:
    """``documents`` is a sparse matrix, concepts × buckets, of weights with rows of length 1."""
    used_by = np.bincount(documents.indices, minlength=documents.shape[1])
    kept = np.flatnonzero((used_by >= _RAREST) & (used_by <= max(_RAREST, documents.shape[0] // 5)))
    places = np.full(documents.shape[1], -1, np.int32)
    places[kept] = np.arange(len(kept))
    matrix = documents[:, kept]
    dimensions = min(DIMENSIONS, *matrix.shape)
    directions = _directions(matrix, dimensions) if dimensions else np.zeros((len(kept), 0), np.float32)
    concepts = matrix @ directions
    lengths = np.linalg.norm(concepts, axis=1, keepdims=True)
    return Latent(places, directions, (concepts / np.maximum(lengths, 1e-9)).astype(np.float32))


def _directions(matrix: Any, dimensions: int) -> Dense:
    """The right singular vectors of the largest singular values. The seed is fixed: the same labels, the same answers.

    Orthogonal bases are made on the side of the concepts, which are fewer than the features.
    """
    width = min(dimensions + _OVERSAMPLED, *matrix.shape)
    basis = matrix @ np.random.default_rng(1).standard_normal((matrix.shape[1], width), dtype=np.float32)
    for _ in range(_ROUNDS):
        basis = matrix @ (matrix.T @ _orthonormal(basis, width))
    return _orthonormal(matrix.T @ _orthonormal(basis, width), dimensions)


def _orthonormal(columns: Dense, count: int) -> Dense:
    """The ``count`` strongest directions of ``columns``, each of length 1 and at right angles to the others."""
    values, vectors = np.linalg.eigh((columns.T @ columns).astype(np.float64))
    largest = slice(-1, -count - 1, -1)
    found: Dense = columns @ (vectors[:, largest] / np.sqrt(np.maximum(values[largest], 1e-9))).astype(np.float32)
    return found
