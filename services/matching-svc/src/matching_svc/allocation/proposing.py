"""From the solution of a problem to what is proposed for each person, and why. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching_svc.allocation import explaining, online, stable
from matching_svc.allocation.building import evenness_of, problem_of
from matching_svc.allocation.explaining import Reason
from matching_svc.allocation.gating import Gates
from matching_svc.allocation.prices import Floats
from matching_svc.allocation.problem import NOWHERE, UNIT, Allocation, Ints, Problem, taken, value_of
from matching_svc.allocation.solving import solve
from matching_svc.allocation.task import Task
from stena.contracts.allocation import Placement, Totals
from stena.contracts.matching import Gate


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """``price`` is what the fairness constraint costs in total score, in ten-thousandths; ``None`` without one."""

    found: Allocation
    reasons: Sequence[Reason]
    price: int | None = None


def compute(task: Task, problem: Problem) -> Computed:
    """By the method of the task. Raises ``Infeasible``."""
    if task.method == "stable":
        wishes = _wishes(task, problem)
        chosen = stable.stable(problem, wishes)
        no_prices = np.zeros(len(problem.capacities))
        found = Allocation(chosen, no_prices, value_of(problem, chosen), np.inf)
        return Computed(found, stable.reasons(problem, wishes, chosen))
    evenness = evenness_of(task)
    solved = solve(problem, evenness)
    why = explaining.reasons(problem, solved.found, floors=evenness is not None)
    return Computed(solved.found, why, None if evenness is None else solved.price)


def _wishes(task: Task, problem: Problem) -> stable.Wished:
    """As stated, else whatever is open to somebody, the best fit first."""
    places = {each.id: at for at, each in enumerate(task.opportunities)}
    stated = {person: [places[id_] for id_ in wished if id_ in places] for person, wished in (task.wishes or {}).items()}
    return [stated.get(person, fits) for person, fits in zip(task.ids, stable.by_score(problem), strict=True)]


def totals_of(task: Task, problem: Problem, computed: Computed) -> Totals:
    found = computed.found
    filled = taken(problem, found.chosen)
    proven = bool(np.isfinite(found.bound))
    return Totals(
        people=len(task.people),
        placed=int(filled.sum()),
        score=found.value / UNIT,
        bound=round(max(found.bound, found.value)) / UNIT if proven else None,
        gap=round(found.gap, 6) if proven else None,
        fairness_price=None if computed.price is None else computed.price / UNIT,
        seats={each.id: int(count) for each, count in zip(task.opportunities, filled, strict=True)},
    )


def placements_of(task: Task, gates: Gates, problem: Problem, computed: Computed) -> Iterator[Placement]:
    """What is proposed for everybody; the members of a party share it."""
    ids = [each.id for each in task.opportunities]
    for party, (members, reason) in enumerate(zip(task.parties, computed.reasons, strict=True)):
        place = int(computed.found.chosen[party])
        score = None if place == NOWHERE else int(problem.scores[party, place]) / UNIT
        said = _said(ids, place, score, reason)
        for at in members:
            row = task.people[at].row
            yield Placement(person=task.columns.ids[row], verify=_verify(gates, place, row), **said)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """What is known by opportunity of the task when somebody arrives: ``prices`` that past demand taught, the ``seats`` that
    there were for all arrivals, those ``left`` now; and the share of arrivals who are still ``to_come``."""

    prices: Floats
    seats: Ints
    left: Ints
    to_come: float


def arrival(task: Task, market: Market) -> Placement:
    """What is proposed to the one person of ``task``."""
    gates = Gates(task)
    scores = problem_of(task, gates, lambda _: None).scores[0]
    prices = online.paced(market.prices, market.seats, market.left, market.to_come)
    place = online.choose(scores, prices, market.left)
    score = None if place == NOWHERE else int(scores[place]) / UNIT
    said = _said([each.id for each in task.opportunities], place, score, online.reason(scores, prices, market.left, place))
    return Placement(person=task.columns.ids[0], verify=_verify(gates, place, 0), **said)


def _verify(gates: Gates, place: int, row: int) -> tuple[Gate, ...]:
    """What has to be looked at before the place is anybody's."""
    return () if place == NOWHERE else tuple(gate for gate in gates.of(place, row) if gate.outcome == "unknown")


def _said(ids: Sequence[str], place: int, score: float | None, reason: Reason) -> dict[str, Any]:
    def named(at: int) -> str | None:
        return None if at == NOWHERE else ids[at]

    return {
        "opportunity": named(place),
        "score": score,
        "why": reason.why,
        "wanted": named(reason.wanted),
        "alternative": named(reason.alternative),
        "price": round(reason.price) / UNIT,
    }


def prices_of(task: Task, found: Allocation) -> dict[str, float]:
    """By opportunity what a seat is worth to others, for whoever arrives later."""
    return {each.id: round(float(price), 3) for each, price in zip(task.opportunities, np.asarray(found.prices), strict=True)}
