"""Invented demand, the same at every run: people and places with tastes in common, one period like another, never the same."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

TASTES: Final = 6
NOT_ALLOWED: Final = 0.3
"""The share of pairs of which a gate is not met."""


class World:
    """Places and what makes people fit them, fixed by ``seed``; ``period`` draws people."""

    def __init__(self, places: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._offers = self._rng.normal(size=(places, TASTES))
        self._liked = self._rng.normal(0, 0.6, places)  # some places are good for everybody

    def period(self, people: int, shift: float = 0.0) -> NDArray[np.int32]:
        """Scores of so many new people in ten-thousandths; ``shift`` moves what this period's people are like."""
        rng = self._rng
        wants = rng.normal(size=(people, TASTES)) + shift * rng.normal(size=TASTES)
        fit = wants @ self._offers.T / np.sqrt(TASTES) + self._liked + rng.normal(0, 0.5, (people, len(self._liked)))
        scores: NDArray[np.int32] = np.clip(np.round(10_000 / (1 + np.exp(-fit))), 1, 10_000).astype(np.int32)
        scores[rng.random(scores.shape) < NOT_ALLOWED] = -1
        return scores

    def capacities(self, seats: int) -> NDArray[np.int64]:
        """About so many seats altogether, in places of unlike size."""
        share = self._rng.gamma(2.0, size=len(self._liked))
        capacities: NDArray[np.int64] = np.maximum(1, np.round(seats * share / share.sum())).astype(np.int64)
        return capacities

    def families(self, people: int) -> NDArray[np.int64]:
        return self._rng.choice([1, 1, 1, 2, 3, 4], people).astype(np.int64)
