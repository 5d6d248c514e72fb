"""Audits of rankings: the arithmetic beside SciPy's, what is told of small counts, and what an audit finds and does not."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import relative_risk

from profile_svc.audit import cells, statistics
from profile_svc.audit.cells import SMALLEST, STEP, TooFew, merged, rounded, row, whole
from profile_svc.audit.groups import group
from profile_svc.audit.report import Course, report
from stena.contracts.fairness import AuditReport, CellView

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_fisher_is_scipys(one: tuple[int, int], other: tuple[int, int]) -> None:
    table = [[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]
    assert statistics.fisher(one, other) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6, abs=1e-12)


@given(COUNTS)
def test_wilson_is_scipys(count: tuple[int, int]) -> None:
    wanted = stats.binomtest(*count).proportion_ci(method="wilson")
    assert statistics.rate_interval(count) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


@given(COUNTS.filter(lambda c: c[0]), COUNTS.filter(lambda c: c[0]))
def test_katz_is_scipys(one: tuple[int, int], other: tuple[int, int]) -> None:
    wanted = relative_risk(*one, *other)
    interval = wanted.confidence_interval(0.95)
    assert statistics.ratio(one, other) == pytest.approx(wanted.relative_risk)
    assert statistics.ratio_interval(one, other) == pytest.approx((interval.low, interval.high))


def test_newcombe_is_the_published_example() -> None:
    """Newcombe 1998, table II, row (a): 56/70 less 48/80 is 0.2, from 0.0524 to 0.3339 by method 10."""
    assert statistics.difference_interval((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_monotone_and_never_smaller(values: list[float]) -> None:
    adjusted = statistics.holm(values)
    assert all(after >= before for before, after in zip(values, adjusted, strict=True))
    pairs = sorted(zip(values, adjusted, strict=True))
    assert [after for _, after in pairs] == sorted(adjusted)


def test_holm_by_hand() -> None:
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


SIZES = st.lists(st.integers(SMALLEST, 300), min_size=2, max_size=6)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 60), min_size=1, max_size=8))
def test_no_group_that_is_told_is_small(sizes: dict[str, int]) -> None:
    try:
        told_as = merged(sizes)
    except TooFew:
        largest = max(sizes.values())
        assert largest < SMALLEST or sum(sizes.values()) - largest < SMALLEST
        return
    told: Counter[str] = Counter()
    for name, size in sizes.items():
        told[told_as[name]] += size
    assert len(told) >= 2
    assert min(told.values()) >= SMALLEST


@given(SIZES.flatmap(lambda sizes: st.tuples(st.just(sizes), st.tuples(*(st.integers(0, size) for size in sizes)))))
def test_a_known_total_tells_nothing_more_of_a_hidden_count(drawn: tuple[list[int], tuple[int, ...]]) -> None:
    """Whoever knows the total, and the sizes, and the rules by which cells are told, cannot narrow a hidden count: for every
    other count that it might be there is a world with the same total that is told in the same words."""
    sizes, counts = drawn
    bases = [whole(size) for size in sizes]
    told = row(bases, list(zip(sizes, counts, strict=True)))
    assert sum(cell.hidden is not None for cell in told) != 1
    hidden = [at for at, cell in enumerate(told) if cell.hidden in ("few", "nearly-all")]
    protecting = [at for at, cell in enumerate(told) if cell.hidden == "to-protect-another"]
    if not protecting:
        return
    (small,), (other,) = hidden, protecting
    for shift in range(-SMALLEST, SMALLEST + 1):
        count, rest = counts[small] + shift, counts[other] - shift
        still_hidden = (
            0 <= count <= sizes[small] and cells._cell(bases[small], (sizes[small], count)).hidden == told[small].hidden
        )
        if still_hidden and 0 <= rest <= sizes[other]:
            changed = list(counts)
            changed[small], changed[other] = count, rest
            again = row(bases, list(zip(sizes, changed, strict=True)))
            if again[other].hidden == "to-protect-another":
                assert again == told


@given(st.integers(0, 10_000))
def test_counts_are_told_to_the_nearest_five(count: int) -> None:
    assert rounded(count) % STEP == 0
    assert abs(rounded(count) - count) <= STEP // 2


def audit(groups: Mapping[str, tuple[int, int]], attribute: str = "gender") -> AuditReport:
    """``groups``: name → (shown, considered)."""
    group_of = {f"{name}-{at}": name for name, (_, size) in groups.items() for at in range(size)}
    shown = [f"{name}-{at}" for name, (count, _) in groups.items() for at in range(count)]
    exposure = {person: 1 / log2(1 + rank) for rank, person in enumerate(sorted(shown, key=mixed), 1)}
    course = Course({"considered": list(group_of), "shown": shown, "selected": [], "rejected": []}, exposure)
    return report(attribute, course, group_of)


def mixed(person: str) -> bytes:
    """An order in which no group stands before another."""
    return hashlib.sha256(person.encode()).digest()


def shown_of(answer: AuditReport, name: str) -> CellView:
    return next(cell for cell in answer.stages[0].cells if cell.group == name)


def test_a_group_that_is_hardly_ever_shown_is_found_although_its_count_is_hidden() -> None:
    answer = audit({"male": (300, 1000), "female": (3, 300)})
    cell, comparison = shown_of(answer, "female"), answer.stages[0].comparisons[0]
    assert (cell.count, cell.between, cell.hidden) == (None, (0, 9), "few")
    assert shown_of(answer, "male").count is None
    assert (comparison.finding, comparison.below_four_fifths, comparison.p) == ("lower", True, None)


def test_an_even_ranking_is_found_even() -> None:
    answer = audit({"male": (300, 1000), "female": (60, 200)})
    comparison = answer.stages[0].comparisons[0]
    assert comparison.ratio == (1.0, 1.0)
    assert (comparison.finding, comparison.below_four_fifths, comparison.p) == ("none", False, 1.0)


def test_the_larger_group_can_be_the_one_that_is_passed_over() -> None:
    comparison = audit({"female": (300, 1000), "male": (450, 900)}).stages[0].comparisons[0]
    assert (comparison.beside, comparison.finding, comparison.below_four_fifths) == ("female", "higher", True)


def test_small_groups_are_told_together() -> None:
    answer = audit({"one": (100, 500), "two": (50, 300), "three": (2, 6), "four": (1, 8)}, "ethnic_origin")
    assert [each.group for each in answer.groups] == ["one", "two", "other-groups"]


def test_a_group_that_is_too_small_to_be_told_is_not_told() -> None:
    with pytest.raises(TooFew):
        audit({"male": (10, 100), "non-binary": (1, 3)})


def test_one_person_more_or_less_is_seldom_seen() -> None:
    """Two audits that differ by one person: the same words, unless the count stands beside a step."""
    told = [audit({"male": (300, 1000), "female": (shown, 300)}).stages[0].cells for shown in range(50, 60)]
    assert len({str(each) for each in told}) == 3


def test_whoever_is_not_visible_is_no_part_of_it() -> None:
    group_of = {f"f{at}": "female" for at in range(100)} | {f"m{at}": "male" for at in range(100)}
    people = [*group_of, *(f"hidden-{at}" for at in range(50))]
    answer = report("gender", Course({"considered": people, "shown": people, "selected": [], "rejected": []}, {}), group_of)
    assert [each.considered for each in answer.groups] == [100, 100]


def test_groups_of_values() -> None:
    assert group("nationalities", ["SYR"]) == "SYR"
    assert group("nationalities", ["SYR", "BGR"]) == "several"
    assert group("ethnic_origin", "  Some  Origin") == "some origin"
    assert group("gender", None) == "not-stated"


def test_simulated_audits() -> None:
    """The setting of `make bench-matching`, shortened: 4,000 people, a minority of 20 %, a base rate of 0.3, alpha 0.02."""
    seeds = np.random.default_rng(5)

    def found(impact: float) -> int:
        findings = 0
        for _ in range(60):
            groups = {name: (int(seeds.binomial(size, rate)), size) for name, size, rate in _setting(impact)}
            findings += audit(groups).stages[0].comparisons[0].finding == "lower"
        return findings

    assert found(0.7) >= 57
    assert found(1.0) <= 3


def _setting(impact: float) -> list[tuple[str, int, float]]:
    return [("majority", 3200, 0.3), ("minority", 800, 0.3 * impact)]
