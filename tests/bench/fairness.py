"""`python -m tests.bench.fairness`: what an audit finds and what it cries wolf at, over 1,000 simulated audits of each world.

The whole way from people to report is run, rounding and hiding included. The baseline is the four-fifths rule without a test.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from profile_svc.audit.report import Course, report
from stena.contracts.fairness import Comparison

AUDITS = 1_000
SEED = 20260401
RATE = 0.3
WORLDS = {
    "the setting: 4,000 people, 20 % minority": (3_200, 800),
    "a small office: 400 people, 20 % minority": (320, 80),
    "a rare group: 4,000 people, 2 % minority": (3_920, 80),
}
IMPACTS = (1.0, 0.9, 0.8, 0.7, 0.5)
console = Console(width=110)


def main() -> None:
    for world, sizes in WORLDS.items():
        table = Table(title=f"{world}; base rate {RATE}, alpha 0.02, {AUDITS:,} audits each", title_justify="left")
        for column in ("planted ratio", "found by the audit", "the other way", "below 4/5, no test"):
            table.add_column(column, justify="right")
        for impact in IMPACTS:
            table.add_row(f"{impact:.1f}", *(f"{share:.1%}" for share in simulated(sizes, impact)))
        console.print(table)


def simulated(sizes: tuple[int, int], impact: float) -> tuple[float, float, float]:
    """Shares of the audits that find the minority lower, that find it higher, and whose bare ratio is below four fifths."""
    draws = np.random.default_rng([SEED, round(impact * 100), *sizes])
    majority, minority = draws.binomial(sizes[0], RATE, AUDITS), draws.binomial(sizes[1], RATE * impact, AUDITS)
    lower = higher = bare = 0
    for one, other in zip(majority.tolist(), minority.tolist(), strict=True):
        finding = audited(sizes, (one, other)).finding
        lower += finding == "lower"
        higher += finding == "higher"
        bare += other / sizes[1] < 0.8 * one / sizes[0]
    return lower / AUDITS, higher / AUDITS, bare / AUDITS


def audited(sizes: tuple[int, int], shown: tuple[int, int]) -> Comparison:
    people = {f"{group}{at}": group for group, size in zip("AB", sizes, strict=True) for at in range(size)}
    seen = [f"{group}{at}" for group, count in zip("AB", shown, strict=True) for at in range(count)]
    course = Course({"considered": list(people), "shown": seen, "selected": (), "rejected": ()}, {seen[0]: 1.0})
    return report("ethnic_origin", course, people).stages[0].comparisons[0]


if __name__ == "__main__":
    main()
