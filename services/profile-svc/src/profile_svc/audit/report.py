"""The report of one audit: from who got how far, and which group each falls into, to what may be told. Pure.

INVARIANT: the report holds no id, and everything in it follows from told cells, but for exposures of groups that are told.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from profile_svc.audit import cells, comparing, statistics
from profile_svc.audit.cells import Cell
from profile_svc.audit.comparing import Finding, Tested
from profile_svc.audit.statistics import Count
from stena.contracts.fairness import AuditReport, CellView, Comparison, ExposureView, GroupView, StageView

STAGES: Final = (("shown", "considered"), ("selected", "shown"), ("rejected", "shown"))
"""Each stage and the one that it is a part of."""


@dataclass(frozen=True, slots=True)
class Course:
    """Who got how far: ids at each stage of ``STAGES``, ``considered`` among them, and the exposure of those shown."""

    at: Mapping[str, Collection[str]]
    exposure: Mapping[str, float]


def report(attribute: str, course: Course, group_of: Mapping[str, str]) -> AuditReport:
    """What an auditor is told. Whoever has no group was not visible, and is no part of it. Raises ``TooFew``."""
    considered = [person for person in course.at["considered"] if person in group_of]
    told_as = cells.merged(Counter(group_of[person] for person in considered))
    of = {person: told_as[group_of[person]] for person in considered}
    sizes = Counter(of.values())
    groups = sorted(sizes, key=lambda group: (-sizes[group], group))
    rows = _rows(groups, sizes, course, of)
    tests = {stage: _tests(rows[stage]) for stage, _ in STAGES}
    found = iter(comparing.findings([each for stage in tests.values() for each in stage]))
    return AuditReport(
        attribute=attribute,
        groups=tuple(GroupView(group=group, considered=rows["considered"][at].count or 0) for at, group in enumerate(groups)),
        stages=tuple(
            _stage(stage, of_stage, groups, rows[stage], [next(found) for _ in tests[stage]]) for stage, of_stage in STAGES
        ),
        exposure=_exposure(groups, sizes, rows["shown"], course, of),
        smallest=cells.SMALLEST,
        step=cells.STEP,
        alpha=comparing.ALPHA,
    )


def _rows(
    groups: Sequence[str], sizes: Mapping[str, int], course: Course, of: Mapping[str, str]
) -> dict[str, tuple[Cell, ...]]:
    counted = {stage: Counter(of[person] for person in people if person in of) for stage, people in course.at.items()}
    rows = {"considered": tuple(cells.whole(sizes[group]) for group in groups)}
    for stage, before in STAGES:
        rows[stage] = cells.row(rows[before], [(counted[before][group], counted[stage][group]) for group in groups])
    return rows


def _tests(row: Sequence[Cell]) -> list[Tested]:
    """The largest group stands first, and every other one beside it."""
    return [comparing.compare(cell, row[0]) for cell in row[1:]]


def _stage(
    stage: str, before: str, groups: Sequence[str], row: Sequence[Cell], found: Sequence[tuple[Finding, float | None]]
) -> StageView:
    return StageView(
        stage=stage,
        of=before,
        cells=tuple(_cell(group, cell) for group, cell in zip(groups, row, strict=True)),
        comparisons=tuple(
            _comparison(group, groups[0], cell, row[0], *each)
            for group, cell, each in zip(groups[1:], row[1:], found, strict=True)
        ),
    )


def _cell(group: str, cell: Cell) -> CellView:
    counted = _count(cell)
    return CellView(
        group=group,
        base=cell.base,
        count=cell.count,
        between=cell.between if cell.hidden else None,
        hidden=cell.hidden,
        rate=None if counted is None else round(counted[0] / counted[1], 3),
        interval=None if counted is None else _short(statistics.rate_interval(counted)),
    )


def _comparison(group: str, beside: str, cell: Cell, other: Cell, finding: Finding, p: float | None) -> Comparison:
    one, two = _count(cell), _count(other)
    told = one is not None and two is not None
    ratios = _ratios(cell, other)
    return Comparison(
        group=group,
        beside=beside,
        ratio=_short(ratios),
        ratio_interval=_short(statistics.ratio_interval(one, two)) if one and two else None,
        difference_interval=_short(statistics.difference_interval(one, two)) if one and two else None,
        p=_figures(p) if told else None,
        below_four_fifths=None if ratios is None else _below(ratios),
        finding=finding,
    )


def _ratios(cell: Cell, other: Cell) -> tuple[float, float] | None:
    """The least and the greatest ratio that the told cells leave open; ``None`` where one of them has none."""
    if cell.base is None or other.base is None or cell.between is None or other.between is None:
        return None
    open_ = [statistics.ratio((one, cell.base), (two, other.base)) for one, two in product(cell.between, other.between)]
    known = [each for each in open_ if each is not None]
    return (min(known), max(known)) if len(known) == len(open_) else None


def _below(ratios: tuple[float, float]) -> bool | None:
    """Whether the lower of two rates is below four fifths of the higher, whichever it is; ``None`` where what is told leaves
    that open."""
    least, greatest = ratios
    if greatest < statistics.FOUR_FIFTHS or least > 1 / statistics.FOUR_FIFTHS:
        return True
    return False if least >= statistics.FOUR_FIFTHS and greatest <= 1 / statistics.FOUR_FIFTHS else None


def _exposure(
    groups: Sequence[str], sizes: Mapping[str, int], shown: Sequence[Cell], course: Course, of: Mapping[str, str]
) -> tuple[ExposureView, ...]:
    """Mean exposure over everybody considered, as a share of the first group's, where both groups' counts of shown are told."""
    sums = dict.fromkeys(groups, 0.0)
    for person, seen in course.exposure.items():
        if person in of:
            sums[of[person]] += seen
    means = [sums[group] / sizes[group] if cell.count else None for group, cell in zip(groups, shown, strict=True)]
    return tuple(
        ExposureView(group=group, share=round(mean / means[0], 2) if mean is not None and means[0] else None)
        for group, mean in zip(groups, means, strict=True)
    )


def _count(cell: Cell) -> Count | None:
    return None if cell.count is None or not cell.base else (cell.count, cell.base)


def _short(values: Iterable[float] | None) -> tuple[float, float] | None:
    if values is None:
        return None
    low, high = values
    return round(low, 3), round(high, 3)


def _figures(p: float | None) -> float | None:
    return None if p is None else float(f"{p:.2g}")
