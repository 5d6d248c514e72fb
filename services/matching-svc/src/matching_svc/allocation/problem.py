"""What is to be allocated, and what an allocation is. Plain values; nothing is solved here.

A *party* is whoever has to be placed together: one person, or a family that takes several seats. INVARIANT: a pair
whose gate is not met is no pair at all, whatever it would score.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Scores = NDArray[np.int32]

UNIT: Final = 10_000
"""Scores are whole ten-thousandths, as rankings show them: sums are exact, and so is every comparison."""

NOT_ALLOWED: Final = -1
"""The score of a pair of which a gate is not met."""

NOWHERE: Final = -1
"""The place of a party that got none."""


class Malformed(Exception):
    """The arrays of a problem do not belong together; the text says which."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """``scores[party, place]`` is what the whole party gains there, in ten-thousandths, or ``NOT_ALLOWED``.

    ``seats[party]`` of ``capacities[place]`` are taken by it. ``required[party]`` has to be placed; another may stay without.
    """

    scores: Scores
    seats: Ints
    capacities: Ints
    required: NDArray[np.bool_]

    def __post_init__(self) -> None:
        parties, places = self.scores.shape
        if self.seats.shape != (parties,) or self.required.shape != (parties,) or self.capacities.shape != (places,):
            raise Malformed("The sizes of scores, seats, capacities and requirements differ.")
        if (self.seats < 1).any() or (self.capacities < 0).any() or (self.scores < NOT_ALLOWED).any():
            raise Malformed("Seats are at least 1, capacities at least 0, scores at least 0 or not allowed.")

    @classmethod
    def of(
        cls, scores: Scores, capacities: Ints, seats: Ints | None = None, required: NDArray[np.bool_] | None = None
    ) -> "Problem":
        """One seat for each party and nobody required, unless said otherwise."""
        parties = len(scores)
        return cls(
            scores,
            np.ones(parties, np.int64) if seats is None else seats,
            capacities,
            np.zeros(parties, np.bool_) if required is None else required,
        )

    @property
    def single_seats(self) -> bool:
        """Whether this is a flow: nobody takes more than one seat."""
        return bool((self.seats == 1).all())

    @property
    def possible(self) -> NDArray[np.bool_]:
        """The pairs that are allowed and that fit into the place when it is empty."""
        return (self.scores >= 0) & (self.seats[:, None] <= self.capacities[None, :])


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """``chosen[party]`` is a place or ``NOWHERE``. ``value`` is the total score; no allocation is worth more than ``bound``,
    which is infinite where nobody was after the greatest value.

    ``prices[place]`` is what one seat there is worth to others, in ten-thousandths: the proof behind ``bound``, and the reason
    that a person is told (``prices.upper_bound``).
    """

    chosen: Ints
    prices: NDArray[np.float64]
    value: int
    bound: float

    @property
    def gap(self) -> float:
        """How far from the optimum it can be at most, as a share of the bound; 0 is proven to be the best."""
        return 0.0 if self.bound <= self.value else (self.bound - self.value) / self.bound


class Infeasible(Exception):
    """Not all who are required can be placed: ``parties`` compete for ``places``, which have too few seats for them."""

    def __init__(self, parties: tuple[int, ...], places: tuple[int, ...]) -> None:
        super().__init__(f"{len(parties)} parties have too few seats at the {len(places)} places that are open to them.")
        self.parties, self.places = parties, places


def value_of(problem: Problem, chosen: Ints) -> int:
    """The total score of an allocation."""
    placed = np.flatnonzero(chosen != NOWHERE)
    return int(problem.scores[placed, chosen[placed]].sum(dtype=np.int64))


def taken(problem: Problem, chosen: Ints) -> Ints:
    """Seats taken at each place."""
    placed = chosen != NOWHERE
    counted = np.bincount(chosen[placed], weights=problem.seats[placed], minlength=len(problem.capacities))
    return counted.astype(np.int64)
