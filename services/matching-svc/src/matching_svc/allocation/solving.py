"""One door to the solvers: a flow where it is one, else an integer program; the fairness constraint and its price. Pure."""

from dataclasses import dataclass

from matching_svc.allocation import flow
from matching_svc.allocation.floors import even_share, with_floors, without_floors
from matching_svc.allocation.problem import Allocation, Ints, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Evenness:
    """``groups[party]`` counts from 0 to ``count``; each is placed at no less than ``share`` of the rate of all."""

    groups: Ints
    count: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """``free`` is the best without the fairness constraint; without one it is ``found`` itself."""

    found: Allocation
    free: Allocation

    @property
    def price(self) -> int:
        """What the fairness constraint costs in total score, in ten-thousandths."""
        return self.free.value - self.found.value


def solve(problem: Problem, evenness: Evenness | None = None) -> Solved:
    """Raises ``Infeasible`` if not all who are required can be placed, or the floors cannot be kept."""
    free = _solve(problem)
    if evenness is None:
        return Solved(free, free)
    least = even_share(problem, evenness.groups, free.chosen, evenness.share, evenness.count)
    held = with_floors(problem, evenness.groups, least)
    return Solved(without_floors(problem, _solve(held)), free)


def _solve(problem: Problem) -> Allocation:
    if problem.single_seats:
        return flow.solve(problem)
    # Families alone need it, and what it imports takes a process that lives for one job as long as scoring everybody.
    from matching_svc.allocation import program

    return program.solve(problem)
