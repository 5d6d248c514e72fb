"""How good and how fast allocations are: the gap to what is proven, time and its growth, arrivals, the price of fairness.

    python -m tests.bench.allocation [--large]

``--large`` adds 20,000 × 1,000 and 50,000 × 2,000, which take minutes.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from matching_svc.allocation import flow, online, program
from matching_svc.allocation.problem import UNIT, Problem, value_of
from matching_svc.allocation.solving import Evenness, solve
from tests.bench.allocation_periods import World

SIZES: Final = ((1_250, 125), (2_500, 250), (5_000, 500))
LARGE: Final = ((20_000, 1_000), (50_000, 2_000))
FAMILIES: Final = ((200, 40), (500, 80), (1_000, 120))
PERIODS: Final = 10
Found = TypeVar("Found")


def main() -> None:
    single_seats(SIZES + (LARGE if "--large" in sys.argv else ()))
    families()
    arrivals()
    fairness()


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    begin = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begin


def single_seats(sizes: tuple[tuple[int, int], ...]) -> None:
    print("Allocation, one seat each: gap to the proven optimum, seconds, growth; beside greedy and an assignment by SciPy")
    before = None
    for people, places in sizes:
        world = World(places, seed=people)
        problem = Problem.of(world.period(people), world.capacities(int(0.8 * people)))
        found, seconds = timed(partial(flow.solve, problem))
        greedy = value_of(problem, online.greedy(problem.scores, problem.capacities))
        grown = "" if before is None else f", {seconds / before:.1f} × the one before"
        line = f"  {people:>6,} × {places:>5,}: gap {found.gap:.4%}, {seconds:6.2f} s{grown}; greedy {greedy / found.value:.1%}"
        if people <= SIZES[1][0]:
            value, slower = timed(partial(by_assignment, problem))
            line += f"; SciPy {slower:.2f} s, {slower / seconds:.1f} × as long, the same value: {value == found.value}"
        print(line)
        before = seconds


def by_assignment(problem: Problem) -> int:
    """The baseline: a column for every seat, and one for staying without."""
    seats = np.repeat(np.arange(len(problem.capacities)), problem.capacities)
    gain = np.maximum(problem.scores[:, seats], 0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return int(gain[rows, columns].sum())


def families() -> None:
    print(f"Allocation of families (1 to 4 seats together): gap to what prices prove; wanted at most {program.GAP:.1%}")
    for people, places in FAMILIES:
        world = World(places, seed=people)
        seats = world.families(people)
        scores = world.period(people)
        together = np.where(scores > 0, scores * seats[:, None], scores).astype(np.int32)
        problem = Problem.of(together, world.capacities(int(0.8 * seats.sum())), seats)
        found, seconds = timed(partial(program.solve, problem))
        print(f"  {people:>6,} × {places:>5,}: gap {found.gap:.4%}, {seconds:6.2f} s")


def arrivals() -> None:
    print(f"Arrivals one by one, {PERIODS} periods of 1,000 people, 40 places, prices of the period before: share of hindsight")
    for shift in (0.0, 0.2):
        by_prices, greedy = [], []
        for seed in range(PERIODS):
            world = World(40, seed)
            past, now, capacities = world.period(1_000), world.period(1_000, shift), world.capacities(800)
            problem = Problem.of(now, capacities)
            best = flow.solve(problem).value
            by_prices.append(value_of(problem, online.by_prices(past, now, capacities)) / best)
            greedy.append(value_of(problem, online.greedy(now, capacities)) / best)
        like = "like the one before" if not shift else f"moved by {shift}"
        print(
            f"  a period {like}: prices {np.mean(by_prices):.1%} (least {min(by_prices):.1%}), "
            f"greedy {np.mean(greedy):.1%} (least {min(greedy):.1%})"
        )


def fairness() -> None:
    print("The price of fairness, 1,000 people and 60 places, one region in four fits less: each at a share of the rate of all")
    world = World(60, seed=4)
    scores = world.period(1_000)
    groups = np.arange(1_000) % 4
    less = np.where(scores > 0, np.maximum(1, scores * 6 // 10), scores)
    scores = np.where(groups[:, None] == 3, less, scores).astype(np.int32)
    problem = Problem.of(scores, world.capacities(600))
    for share in (0.5, 0.8, 0.9, 1.0):
        solved, seconds = timed(partial(solve, problem, Evenness(groups, 4, share)))
        free, held = (np.mean(each.chosen[groups == 3] >= 0) for each in (solved.free, solved.found))
        cost = solved.price / solved.free.value
        print(
            f"  {share:.0%}: its rate {free:.1%} → {held:.1%}; total score {solved.found.value / UNIT:,.1f}, "
            f"{cost:.2%} less, gap {solved.found.gap:.4%}, {seconds:.2f} s"
        )


if __name__ == "__main__":
    main()
