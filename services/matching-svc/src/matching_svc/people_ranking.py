"""The best people for one opportunity without scoring everybody, equal to what scoring everybody gives. Pure.

People are taken in blocks by an upper bound of their skills, the best first. After each block nobody left can be better than
the bound says with everything else perfect: once enough people are strictly above that, the rest is never scored.
INVARIANT: a bound is never below the score that it stands for, and a filter drops only whom a gate certainly drops.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import STEPS
from matching_svc.numbering import Lists, Numberings
from matching_svc.people_columns import People
from matching_svc.people_measures import Question, Rows, Units, nearness_table, steps_in
from matching_svc.scale import UNIT, scale

FIRST_BLOCK: Final = 2_000
CHUNK: Final = 50_000
_SAMPLED: Final = 64
_SLACK: Final = 25
"""Occupations that imply less than one part in so many of what is wanted are not looked up: all get that much for each."""


class Found(NamedTuple):
    row: int
    units: int


@dataclass(frozen=True, slots=True)
class Postings:
    """Who holds what: rows by skill and by occupation, and the rows that state no skills."""

    by_skill: Lists
    by_occupation: Lists
    skills_unstated: Rows
    occupations_unstated: Rows
    occupations_held: NDArray[np.int32]
    most_held: int


def postings(people: People, numberings: Numberings) -> Postings:
    return Postings(
        people.skills.inverted(len(numberings.skills)),
        people.occupations.inverted(len(numberings.occupations)),
        np.flatnonzero(people.states_skills == 0),
        np.flatnonzero(people.states_occupations == 0),
        np.diff(people.occupations.starts).astype(np.int32),
        int((np.diff(people.skills.starts) + 2 * np.diff(people.occupations.starts)).max(initial=0)),
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """For each row at least ``total`` hundredths of its component's value; see ``value``."""

    component: str
    sums: NDArray[Any]
    total: int

    def value(self, sums: Units) -> Units:
        value: Units = np.minimum(UNIT, 100 * sums.astype(np.int64) // self.total)
        return value


def best(
    question: Question, people: People, lists: Postings, alive: NDArray[np.bool_], need: int, passes: Callable[[int], bool]
) -> list[Found]:
    """The ``need`` best rows that are ``alive`` and pass every gate, ties by id. ``passes`` asks the gates of one row."""
    ranking = _Ranking(question, people, need, passes)
    bound = _skills_bound(question, people, lists) or _experience_bound(question, people, lists)
    if bound is None:
        ranking.take(np.flatnonzero(alive), None)
        return ranking.found
    above, size = np.iinfo(bound.sums.dtype).max, FIRST_BLOCK
    while above > 0 and ranking.least <= _most(question, bound, above - 1):
        least = _threshold(bound.sums, above, size)
        ranking.take(np.flatnonzero(alive & (bound.sums >= least) & (bound.sums < above)), bound)
        above, size = least, 4 * size
    return ranking.found


def everybody(
    question: Question, people: People, alive: NDArray[np.bool_], need: int, passes: Callable[[int], bool]
) -> list[Found]:
    """The same by scoring everybody: what ``best`` is measured and tested against."""
    ranking = _Ranking(question, people, need, passes)
    ranking.take(np.flatnonzero(alive), None)
    return ranking.found


class _Ranking:
    """The best so far, in order, all of whom passed their gates."""

    def __init__(self, question: Question, people: People, need: int, passes: Callable[[int], bool]) -> None:
        self._question, self._people, self._need, self._passes = question, people, need, passes
        self.found: list[Found] = []

    @property
    def least(self) -> int:
        """The score below which nobody comes in any more; -1 as long as there is room. An equal one may: its id decides."""
        return self.found[-1].units if len(self.found) == self._need else -1

    def take(self, rows: Rows, bound: Bound | None) -> None:
        question, people = self._question, self._people
        for begin in range(0, len(rows), CHUNK):
            some = rows[begin : begin + CHUNK]
            some = some[~dropped(question, people, some)]
            logarithms = question.quick(people, some)
            could = self._could(some, logarithms, bound)
            some, logarithms = some[could], logarithms[could]
            self._merge(some, question.scores(logarithms + question.slow(people, some)))

    def _could(self, rows: Rows, quick: Units, bound: Bound | None) -> NDArray[np.bool_]:
        """Who may come in, whatever is still to be found out about their skills."""
        if bound is None or bound.component != "skills":
            most = quick
        else:
            curve = scale(self._question.knowledge.model.floor).logarithms
            most = quick + self._question.components["skills"] * curve[bound.value(bound.sums[rows])]
        could: NDArray[np.bool_] = self._question.scores(most) >= self.least
        return could

    def _merge(self, rows: Rows, scores: Units) -> None:
        """Gates cost most: they are asked in order, and of nobody behind those who fill the list."""
        rows, scores = rows[scores >= self.least], scores[scores >= self.least]
        asked = {found.row for found in self.found}
        everyone = np.concatenate([np.array([f.row for f in self.found], dtype=np.int64), rows])
        units = np.concatenate([np.array([f.units for f in self.found], dtype=np.int64), scores])
        self.found, before = [], asked
        for at in in_order(units, self._people.order[everyone], self._need):
            if len(self.found) == self._need:
                break
            row = int(everyone[at])
            if row in before or self._passes(row):
                self.found.append(Found(row, int(units[at])))


def in_order(units: NDArray[Any], order: NDArray[np.int32], need: int) -> Iterator[int]:
    """The best first; sorts a part that is most often enough, and all of them only if asked on."""
    most = 4 * need
    part = np.flatnonzero(units >= np.partition(units, -most)[-most]) if len(units) > most else np.arange(len(units))
    part = part[np.lexsort((order[part], -units[part]))]
    yield from part.tolist()
    if len(part) < len(units):
        rest = np.setdiff1d(np.arange(len(units)), part)
        yield from rest[np.lexsort((order[rest], -units[rest]))].tolist()


def dropped(question: Question, people: People, rows: Rows) -> NDArray[np.bool_]:
    """Rows of which a gate is certainly not met, told by columns. All others are asked of the gates themselves."""
    found = np.zeros(len(rows), dtype=np.bool_)
    asked = question.opportunity
    if asked.kind == "job" and "of_working_age" in question.allowed:
        found |= people.working_age[rows] == 0
    if "languages" in question.allowed:
        states = people.states_languages[rows] > 0
        for need in asked.languages:
            if need.essential:
                number = question.numberings.languages.find(need.language)
                found |= states & (steps_in(people, rows, number) < STEPS[need.level])
    return found


def _skills_bound(question: Question, people: People, lists: Postings) -> Bound | None:
    """Every skill held gives what it counts for each wanted one, summed instead of the largest; so does every occupation."""
    each = question.essential
    if each is None:
        return None
    small = 100 * each.total * (lists.most_held + 1) < np.iinfo(np.int32).max
    sums: Any = np.zeros(len(people), dtype=np.int32 if small else np.int64)
    gives = each.by_skill @ each.weights
    for number in np.flatnonzero(gives).tolist():
        sums[lists.by_skill.at(number)] += gives[number]
    if question.implies:
        gives = each.by_occupation @ each.weights
        slack = 100 * each.total // _SLACK
        sums += slack * lists.occupations_held
        for number in np.flatnonzero(gives > slack).tolist():
            sums[lists.by_occupation.at(number)] += gives[number]
    unstated = lists.skills_unstated
    sums[unstated] = np.maximum(sums[unstated], -(-question.unstated("skills") * each.total // 100))
    return Bound("skills", sums, each.total)


def _experience_bound(question: Question, people: People, lists: Postings) -> Bound | None:
    """Where no skills are wanted: the nearness of the best occupation, as if it had been held long enough."""
    if "experience" not in question.components:
        return None
    rules, sums = question.knowledge.model.experience, np.zeros(len(people), dtype=np.int32)
    near = nearness_table(question, rules.same_occupation, rules.same_isco)
    for number in np.flatnonzero(near).tolist():
        rows = lists.by_occupation.at(number)
        sums[rows] = np.maximum(sums[rows], near[number])
    unstated = lists.occupations_unstated
    sums[unstated] = np.maximum(sums[unstated], question.unstated("experience") // 100)
    return Bound("experience", sums, 1)


def _threshold(sums: NDArray[Any], above: int, size: int) -> int:
    """A bound that about ``size`` rows below ``above`` reach, by a sample; any number would be right, this one is quick."""
    sample = sums[::_SAMPLED] if len(sums) > 100 * _SAMPLED else sums
    step = _SAMPLED if len(sums) > 100 * _SAMPLED else 1
    left = np.sort(sample[sample < above])
    place = len(left) - max(1, size // step)
    return int(left[place]) if place > 0 and left[place] > 0 else 0


def _most(question: Question, bound: Bound, sums: int) -> int:
    """The best score that somebody with this bound can have: everything else perfect."""
    value = int(bound.value(np.array([sums]))[0])
    curve = scale(question.knowledge.model.floor).logarithms
    weight = question.components["skills" if bound.component == "skills" else "experience"]
    return int(question.scores(weight * curve[value]))
