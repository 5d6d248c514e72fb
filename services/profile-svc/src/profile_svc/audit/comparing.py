"""What is found between groups. Pure, and computed from told cells alone: a finding gives away nothing that they do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from profile_svc.audit import statistics
from profile_svc.audit.cells import Cell
from profile_svc.audit.statistics import Count

ALPHA: Final = 0.02
"""How often an audit of a fair ranking may raise an alarm, over all of its comparisons."""

Direction = Literal["lower", "higher", "none"]
Finding = Literal["lower", "higher", "none", "not-known"]

_DIRECTIONS: Final[Mapping[int, Direction]] = {-1: "lower", 0: "none", 1: "higher"}


@dataclass(frozen=True, slots=True)
class Tested:
    """One group beside the reference at one stage. ``p`` is the greatest that the told cells leave open; ``None``: they leave
    everything open. ``direction`` is where all that is open points to."""

    p: float | None
    direction: Direction


def reference(sizes: Sequence[int]) -> int:
    """Which group the others stand beside: the largest. Chosen by size and not by rate, or chance alone would make findings."""
    return max(range(len(sizes)), key=lambda at: (sizes[at], -at))


def compare(cell: Cell, beside: Cell) -> Tested:
    """Fisher's test on everything that the told cells leave open; they are extremes, so the ends of both suffice."""
    possible = [_counts(cell), _counts(beside)]
    if not all(possible):
        return Tested(None, "none")
    pairs = list(product(*possible))
    signs = {_sign(one, other) for one, other in pairs}
    direction = _DIRECTIONS[signs.pop()] if len(signs) == 1 else "none"
    return Tested(max(statistics.fisher(one, other) for one, other in pairs), direction)


def findings(tests: Sequence[Tested], alpha: float = ALPHA) -> list[tuple[Finding, float | None]]:
    """Finding and adjusted p of each, over the family of all of them."""
    known = [at for at, each in enumerate(tests) if each.p is not None]
    adjusted = dict(zip(known, statistics.holm([tests[at].p or 0.0 for at in known]), strict=True))
    return [(_finding(each, adjusted.get(at), alpha), adjusted.get(at)) for at, each in enumerate(tests)]


def _finding(each: Tested, adjusted: float | None, alpha: float) -> Finding:
    if adjusted is None:
        return "not-known"
    return each.direction if adjusted <= alpha else "none"


def _counts(cell: Cell) -> list[Count]:
    if cell.base is None or cell.between is None:
        return []
    return [(count, cell.base) for count in sorted(set(cell.between))]


def _sign(one: Count, other: Count) -> int:
    left, right = one[0] * other[1], other[0] * one[1]
    return (left > right) - (left < right)
