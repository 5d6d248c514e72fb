"""Texts as sets of features: whole words, and pieces of three to five letters that survive endings and misspellings. Pure.

A feature is a number below ``BUCKETS``: the hash of its letters. Nothing has to be learned or kept to read a new text.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 1 << 18
LENGTHS: Final = (3, 4, 5)

_BASE: Final = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_SHIFT: Final = 64 - (BUCKETS - 1).bit_length()
_SPACE, _END = ord(" "), ord("\n")
_CHUNK: Final = 20_000  # texts hashed at once: bounds the memory

Features = tuple[NDArray[np.int64], NDArray[np.int32]]
Places = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where pieces begin, and how long they are."""


def features(keys: Sequence[str]) -> Features:
    """The features of each key, as ``starts`` and ``buckets``: those of text n are ``buckets[starts[n]:starts[n+1]]``.

    A piece that stands twice in a key stands there twice.
    """
    chunks = [_chunk(keys[at : at + _CHUNK]) for at in range(0, len(keys), _CHUNK)]
    counts = np.concatenate([count for count, _ in chunks]) if chunks else np.zeros(0, np.int64)
    buckets = np.concatenate([found for _, found in chunks]) if chunks else np.zeros(0, np.int32)
    return np.concatenate([[0], np.cumsum(counts)]), buckets


def _chunk(keys: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    text = "".join(f" {key} \n" for key in keys)
    letters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    owner = np.cumsum(letters == _END) - (letters == _END)
    hashes = _Hashes(letters)
    found = [(start, hashes.of(start, length, 0)) for start, length in (_pieces(letters, length) for length in LENGTHS)]
    words, lengths = _words(letters)
    found.append((words, hashes.of(words, lengths, 1)))
    owners = np.concatenate([owner[start] for start, _ in found])
    order = np.argsort(owners, kind="stable")  # four runs in order already: merged, not sorted
    return np.bincount(owners, minlength=len(keys)), np.concatenate([bucket for _, bucket in found])[order]


def _pieces(letters: NDArray[np.uint32], length: int) -> Places:
    """Every run of ``length`` letters of one word, the spaces around the word counting as letters."""
    gaps = np.concatenate([[0], np.cumsum((letters == _SPACE) | (letters == _END))])
    starts = np.arange(max(0, len(letters) - length + 1))
    inside = gaps[starts + length - 1] - gaps[starts + 1]
    ends = letters[starts + length - 1] == _END
    found = starts[(inside == 0) & ~ends & (letters[starts] != _END)]
    return found, np.full(len(found), length)


def _words(letters: NDArray[np.uint32]) -> Places:
    """Every whole word, without the spaces around it."""
    space = (letters == _SPACE) | (letters == _END)
    starts = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    ends = np.flatnonzero(~space[:-1] & space[1:]) + 1
    return starts, ends - starts


class _Hashes:
    """Polynomial hashes of any piece of a text, from sums over its beginning (Rabin and Karp), modulo 2^64."""

    def __init__(self, letters: NDArray[np.uint32]) -> None:
        length = len(letters)
        powers = np.cumprod(np.full(length, _BASE, np.uint64)) if length else np.zeros(0, np.uint64)
        self._inverse = np.cumprod(np.full(length, _INVERSE, np.uint64)) if length else powers
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(letters.astype(np.uint64) * powers, dtype=np.uint64)])

    def of(self, starts: NDArray[np.int64], lengths: NDArray[np.int64], salt: int) -> NDArray[np.int32]:
        """The buckets of the pieces at ``starts``. Another ``salt`` is another feature made of the same letters."""
        found = (self._sums[starts + lengths] - self._sums[starts]) * self._inverse[starts]
        mixed = (found ^ (lengths.astype(np.uint64) * np.uint64(2) + np.uint64(salt))) * np.uint64(_BASE)
        mixed ^= mixed >> np.uint64(29)
        buckets: NDArray[np.int32] = ((mixed * np.uint64(_BASE)) >> np.uint64(_SHIFT)).astype(np.int32)
        return buckets
