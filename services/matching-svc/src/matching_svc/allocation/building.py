"""From people and opportunities to a problem, and from its solution to what is proposed for each person. Pure.

INVARIANT: a pair is scored by the same function, through the same view, as in a ranking for the same caller.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

import numpy as np

from matching_svc.allocation.alike import Alike
from matching_svc.allocation.explaining import Reason, reasons
from matching_svc.allocation.problem import NOT_ALLOWED, NOWHERE, UNIT, Ints, Problem, taken
from matching_svc.allocation.solving import Evenness, Solved
from matching_svc.features import MatchFeatures, View, view
from matching_svc.gates import check
from matching_svc.knowledge import Knowledge
from matching_svc.numbering import Numberings
from matching_svc.people_columns import Packer, People
from matching_svc.people_measures import Question
from matching_svc.people_ranking import dropped
from stena.contracts.allocation import Fairness, Placement, Totals
from stena.contracts.matching import Opportunity

NUTS_2: Final = 4
"""Characters of a NUTS 2 code."""


@dataclass(frozen=True, slots=True)
class Someone:
    person: str
    party: int
    required: bool
    features: MatchFeatures


@dataclass(frozen=True, slots=True)
class Task:
    """``people`` come party by party. ``attributes`` are those that the caller's decision disclosed of everybody."""

    people: tuple[Someone, ...]
    opportunities: tuple[Opportunity, ...]
    attributes: frozenset[str]
    fairness: Fairness | None
    knowledge: Knowledge
    today: date

    @property
    def parties(self) -> list[list[int]]:
        """The places in ``people`` of each party's members."""
        grouped = groupby(range(len(self.people)), key=lambda at: self.people[at].party)
        return [list(members) for _, members in grouped]


def problem_of(task: Task, progress: Callable[[float], None]) -> Problem:
    """Every pair scored, and parties put together: one of whom a gate removes a member cannot go there."""
    each = np.full((len(task.people), len(task.opportunities)), NOT_ALLOWED, np.int32)
    people, numberings = _columns(task)
    views = [view(someone.features, task.attributes) for someone in task.people]
    alike = Alike([seen.features for seen in views])
    for place, opportunity in enumerate(task.opportunities):
        question = Question(opportunity, task.attributes, task.knowledge, numberings)
        rows = np.arange(len(people))
        rows = rows[~dropped(question, people, rows)]
        some, kinds = alike.groups(opportunity, rows)
        passes = np.array([_passes(views[row], opportunity, task.today) for row in some], np.bool_)
        rows = rows[passes[kinds]]
        # A score of nothing is still a place: it is worth one ten-thousandth.
        each[rows, place] = np.maximum(1, question.of(people, rows))
        progress((place + 1) / len(task.opportunities))
    parties = task.parties
    starts = np.array([members[0] for members in parties], np.int64)
    together = np.add.reduceat(each, starts, axis=0) if len(starts) else each
    barred = np.add.reduceat(each < 0, starts, axis=0) if len(starts) else each < 0
    return Problem(
        scores=np.where(barred, NOT_ALLOWED, together).astype(np.int32),
        seats=np.array([len(members) for members in parties], np.int64),
        capacities=np.array([max(0, found.capacity - found.filled) for found in task.opportunities], np.int64),
        required=np.array([any(task.people[at].required for at in members) for members in parties], np.bool_),
    )


def _columns(task: Task) -> tuple[People, Numberings]:
    numberings = Numberings()
    packer = Packer(numberings)
    for someone in task.people:
        packer.add(someone.person, someone.features)
    return packer.pack(), numberings


def _passes(seen: View, opportunity: Opportunity, today: date) -> bool:
    return all(gate.outcome != "not-met" for gate in check(seen, opportunity, today))


def evenness_of(task: Task) -> Evenness | None:
    """Groups by region of residence, where the caller may see it; who has none known, or may not be seen by it, is one more."""
    if task.fairness is None:
        return None
    regions = [_region(task.people[members[0]].features, task.attributes) for members in task.parties]
    names = sorted(set(regions))
    groups = np.array([names.index(region) for region in regions], np.int64)
    return Evenness(groups, len(names), task.fairness.share)


def _region(features: MatchFeatures, attributes: frozenset[str]) -> str:
    return (features.region or "")[:NUTS_2] if "region" in attributes else ""


def totals_of(task: Task, problem: Problem, solved: Solved) -> Totals:
    found = solved.found
    filled = taken(problem, found.chosen)
    return Totals(
        people=len(task.people),
        placed=int(filled.sum()),
        score=found.value / UNIT,
        bound=round(max(found.bound, found.value)) / UNIT,
        gap=round(found.gap, 6),
        fairness_price=None if task.fairness is None else solved.price / UNIT,
        seats={each.id: int(count) for each, count in zip(task.opportunities, filled, strict=True)},
    )


def placements_of(task: Task, problem: Problem, solved: Solved) -> Iterable[Placement]:
    """What is proposed for everybody; the members of a party share it."""
    found = solved.found
    explained = reasons(problem, found, floors=task.fairness is not None)
    ids = [each.id for each in task.opportunities]
    for members, place, score, reason in zip(
        task.parties, found.chosen, _scores(problem, found.chosen), explained, strict=True
    ):
        said = _said(ids, int(place), score, reason)
        yield from (Placement(person=task.people[at].person, **said) for at in members)


def _scores(problem: Problem, chosen: Ints) -> list[float | None]:
    return [None if at == NOWHERE else int(problem.scores[party, at]) / UNIT for party, at in enumerate(chosen)]


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
