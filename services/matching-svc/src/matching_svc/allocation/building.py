"""From people and opportunities to a problem. Pure.

INVARIANT: a pair is scored by the same function, through the same attributes, as in a ranking for the same caller.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from matching_svc.allocation.coverage import Coverage, Want
from matching_svc.allocation.gating import Gates
from matching_svc.allocation.problem import NOT_ALLOWED, Problem, Scores
from matching_svc.allocation.solving import Evenness
from matching_svc.allocation.task import Task
from matching_svc.model import ComponentName
from matching_svc.people_columns import People
from matching_svc.people_measures import Question, Rows, Units

NUTS_2: Final = 4
"""Characters of a NUTS 2 code."""

AT_ONCE: Final = 8_192
"""People whose skills are laid beside those of all opportunities at once: for 2,000 of these half a gigabyte."""

Columns = Mapping[ComponentName, int]
"""Where the coverage of an opportunity's lists stands."""


def problem_of(task: Task, gates: Gates, progress: Callable[[float], None]) -> Problem:
    """Every pair scored, and parties put together: one of whom a gate removes a member cannot go there."""
    each = _each(task, gates, progress)
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


def _each(task: Task, gates: Gates, progress: Callable[[float], None]) -> Scores:
    """``[person, opportunity]``, people in the order of the task."""
    found = np.full((len(task.people), len(task.opportunities)), NOT_ALLOWED, np.int32)
    wants, columns = _wants(task)
    coverage = Coverage(wants, task.knowledge, task.numberings, implied="work_history" in task.attributes) if wants else None
    rows = np.array([each.row for each in task.people], np.int64)
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        covered = np.zeros((len(some), 0), np.int64) if coverage is None else coverage.of(task.columns, some)
        for place, opportunity in enumerate(task.opportunities):
            values = {name: covered[:, at] for name, at in columns[place].items()}
            question = _Covered(opportunity, task.attributes, task.knowledge, task.numberings, values)
            open_to = gates.passing(place)[some]
            # A score of nothing is still a place: it is worth one ten-thousandth.
            scores = np.maximum(1, question.of(task.columns, some))
            found[begin : begin + len(some), place] = np.where(open_to, scores, NOT_ALLOWED)
        progress((begin + len(some)) / len(rows))
    return found


def _wants(task: Task) -> tuple[Sequence[Want], Sequence[Columns]]:
    """The lists of skills that anybody wants, each once, and which of them each opportunity has."""
    known: dict[Want, int] = {}
    columns: list[Columns] = []
    unnamed: Mapping[ComponentName, int] = {"skills": task.knowledge.unnamed, "optional-skills": 0}
    for opportunity in task.opportunities if "skills" in task.attributes else ():
        lists = {"skills": opportunity.essential_skills, "optional-skills": opportunity.optional_skills}
        columns.append(
            {name: known.setdefault((lists[name], beside), len(known)) for name, beside in unnamed.items() if lists[name]}
        )
    return list(known), columns or [{} for _ in task.opportunities]


@dataclass(frozen=True)
class _Covered(Question):
    """A question of which the part about skills is answered already: by row of those who are asked about."""

    covered: Mapping[ComponentName, Units]

    @cached_property
    def components(self) -> dict[ComponentName, int]:
        names = dict.fromkeys((*(name for name, _ in self._quick), *self.covered))
        return {name: self.knowledge.model.components[name].weight for name in names}

    def slow(self, people: People, rows: Rows) -> Units:
        states = people.states_skills[rows] > 0
        values = (
            (name, np.where(states, value, np.maximum(value, self.unstated(name)))) for name, value in self.covered.items()
        )
        return self._sum(values, len(rows))


def evenness_of(task: Task) -> Evenness | None:
    """Groups by region of residence, where the caller may see it; who has none known, or may not be seen by it, is one more."""
    if task.fairness is None:
        return None
    regions = [_region(task, task.people[members[0]].row) for members in task.parties]
    names = sorted(set(regions))
    groups = np.array([names.index(region) for region in regions], np.int64)
    return Evenness(groups, len(names), task.fairness.share)


def _region(task: Task, row: int) -> str:
    number = int(task.columns.region[row])
    return task.numberings.regions.text(number)[:NUTS_2] if number >= 0 and "region" in task.attributes else ""
