"""Which counts may be told, and how: disclosure control. Pure.

INVARIANT: what is told of a count is a function of the count rounded, or of the mere fact that it is small. Totals are never
told; where one cell of a row is hidden at least one other is, so that a total known elsewhere does not give it away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

SMALLEST: Final = 10
"""People. A group below this is told only together with others, and so is a count that leaves fewer on either side."""
STEP: Final = 5
"""Counts are told to the nearest multiple."""
OTHERS: Final = "other-groups"

Hidden = Literal["few", "nearly-all", "to-protect-another", "base-hidden"]


class TooFew(Exception):
    """There are no two groups that are large enough to be told apart."""


Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One group at one stage: ``count`` of ``base``. Where ``hidden`` says why there is no count, it is ``between`` two others;
    ``None``: nothing is said of it at all."""

    base: int | None
    count: int | None
    between: Range | None
    hidden: Hidden | None = None


def rounded(count: int) -> int:
    return (count + STEP // 2) // STEP * STEP


def merged(sizes: Mapping[str, int]) -> dict[str, str]:
    """Group → the group that it is told as: small ones together, with the smallest large one where they are too few still.

    Raises ``TooFew`` unless two are left.
    """
    ordered = sorted(sizes, key=lambda group: (sizes[group], group))
    together: list[str] = []
    for group in ordered:
        if sizes[group] >= SMALLEST and (not together or sum(sizes[each] for each in together) >= SMALLEST):
            break
        together.append(group)
    alone = [group for group in ordered if group not in together]
    if len(alone) + bool(together) < 2:
        raise TooFew("There are no two groups that are large enough to be told apart.")
    return {group: OTHERS if group in together and len(together) > 1 else group for group in ordered}


def whole(size: int) -> Cell:
    """The stage that every group begins at."""
    return _told(rounded(size), rounded(size))


def row(bases: Sequence[Cell], counts: Sequence[tuple[int, int]]) -> tuple[Cell, ...]:
    """A stage, group by group: ``counts`` of (those who came so far, those who got here), ``bases`` the stage before."""
    cells = [_cell(base, count) for base, count in zip(bases, counts, strict=True)]
    told = [at for at, cell in enumerate(cells) if cell.hidden is None]
    if len(told) == len(cells) - 1:
        alone = next(at for at, cell in enumerate(cells) if cell.hidden is not None)
        least = min(told, key=lambda at: (counts[at][1], at))
        cells[least] = _protecting(cells[least], cells[alone], counts[least][1] + counts[alone][1])
    return tuple(cells)


def _cell(base: Cell, count: tuple[int, int]) -> Cell:
    came, got = count
    if base.count is None:
        return Cell(None, None, None, "base-hidden")
    if got < SMALLEST:
        return Cell(base.count, None, (0, SMALLEST - 1), "few")
    if came - got < SMALLEST:
        return Cell(base.count, None, (max(0, base.count - SMALLEST + 1), base.count), "nearly-all")
    return _told(base.count, rounded(got))


def _told(base: int, count: int) -> Cell:
    return Cell(base, count, (count, count))


def _protecting(cell: Cell, hidden: Cell, together: int) -> Cell:
    """``cell`` told no more closely than the sum of the two tells it, whatever the hidden count is within its bounds."""
    if hidden.between is None or cell.base is None:
        return Cell(cell.base, None, None, "to-protect-another")
    least, most = hidden.between
    low, high = rounded(max(0, together - most)) - STEP // 2, rounded(together - least) + STEP // 2
    return Cell(cell.base, None, (max(0, low), min(cell.base, high)), "to-protect-another")
