"""Two proportions beside each other: tests and intervals. Pure arithmetic on counts; knows neither people nor groups.

Counts are ``(successes, trials)``. What has no value (a ratio to a rate of nought) is ``None``, never infinity.
"""

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Final

Count = tuple[int, int]
Interval = tuple[float, float]

FOUR_FIFTHS: Final = 0.8
"""A group's rate below this share of another's is evidence of adverse impact (29 CFR 1607.4(D)); a rule of thumb, no test."""

_TIES: Final = 1 + 1e-7  # tables that are as likely as the observed one, but for rounding, count as such


def fisher(one: Count, other: Count) -> float:
    """Two-sided p of Fisher's exact test: the probability, both margins given, of a table no likelier than this one.

    P(x) = C(n1, x) C(n2, m - x) / C(n1 + n2, m), with m successes in all (R. A. Fisher, The Design of Experiments, 1935).
    """
    (successes, trials), (more, others) = one, other
    drawn = successes + more
    lowest, highest = max(0, drawn - others), min(trials, drawn)
    whole = _log_choose(trials + others, drawn)
    chances = [exp(_log_choose(trials, x) + _log_choose(others, drawn - x) - whole) for x in range(lowest, highest + 1)]
    observed = chances[successes - lowest] * _TIES
    return min(1.0, sum(chance for chance in chances if chance <= observed))


def ratio(one: Count, other: Count) -> float | None:
    """The rate of ``one`` over the rate of ``other``: the impact ratio of the four-fifths rule."""
    return None if other[0] == 0 or one[1] == 0 else (one[0] / one[1]) / (other[0] / other[1])


def ratio_interval(one: Count, other: Count, level: float = 0.95) -> Interval | None:
    """exp(ln R ± z sqrt(1/x1 - 1/n1 + 1/x2 - 1/n2)): Katz, Baptista, Azen and Pike, Biometrics 34 (1978)."""
    middle = ratio(one, other)
    if middle is None or one[0] == 0:
        return None
    spread = _quantile(level) * sqrt(1 / one[0] - 1 / one[1] + 1 / other[0] - 1 / other[1])
    return exp(log(middle) - spread), exp(log(middle) + spread)


def rate_interval(count: Count, level: float = 0.95) -> Interval:
    """Wilson's score interval of one rate: E. B. Wilson, Journal of the American Statistical Association 22 (1927)."""
    successes, trials = count
    z, rate = _quantile(level), successes / trials
    middle = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def difference_interval(one: Count, other: Count, level: float = 0.95) -> Interval:
    """Of the rate of ``one`` less that of ``other``: two Wilson intervals joined, R. G. Newcombe, Statistics in Medicine 17
    (1998), method 10."""
    first, second = one[0] / one[1], other[0] / other[1]
    (low, high), (other_low, other_high) = rate_interval(one, level), rate_interval(other, level)
    below = sqrt((first - low) ** 2 + (other_high - second) ** 2)
    above = sqrt((high - first) ** 2 + (second - other_low) ** 2)
    return first - second - below, first - second + above


def holm(values: Sequence[float]) -> list[float]:
    """Adjusted p-values, so that in the whole family a false alarm is no likelier than in one test.

    S. Holm, Scandinavian Journal of Statistics 6 (1979). In the order given.
    """
    adjusted = [0.0] * len(values)
    largest = 0.0
    for place, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - place) * values[at]))
        adjusted[at] = largest
    return adjusted


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
