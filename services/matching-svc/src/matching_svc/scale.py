"""How components become one score: a weighted geometric mean in whole numbers. Pure; knows no person and no component.

INVARIANT: nothing but tables and whole numbers, so that a pair alone and a million at once get the same score to the last
digit, whatever the processor or the library does with fractions.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

UNIT: Final = 10_000
"""Values, scores and contributions count ten-thousandths; order follows the score."""

_FINE: Final = 1 << 20
"""Logarithms count in steps of a millionth, far below what a ten-thousandth of a score can show."""

Units = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """``logarithms`` by value in units, lifted to the floor; ``scores[n]`` is the score of the logarithm ``-n``."""

    floor: int
    logarithms: Units
    scores: NDArray[np.int16]

    def lifted(self, value: int) -> int:
        """The value in hundredths of a unit, raised so that 0 becomes the floor and the best stays the best."""
        return self.floor * UNIT + (100 - self.floor) * value

    def score(self, logarithm: Any, weight: int | Units) -> Any:
        """From the sum of weighted logarithms to units; for one pair or an array of them. ``weight`` is their sum, above 0."""
        return self.scores[-(logarithm // weight)]


@cache
def scale(floor: int) -> Scale:
    """``floor`` is in percent."""
    least, rest = floor / 100, 1 - floor / 100
    logarithms = [round(math.log(least + rest * value / UNIT) * _FINE) for value in range(UNIT + 1)]
    steps = [math.ceil(math.log((score - 0.5) / UNIT) * _FINE) for score in range(1, UNIT + 1)]
    of_each = np.searchsorted(np.array(steps), -np.arange(1 - logarithms[0]), side="right")
    return Scale(floor, np.array(logarithms, dtype=np.int64), of_each.astype(np.int16))
