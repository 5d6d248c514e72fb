"""The score of many people for one opportunity at once, over columns. Pure; the same numbers as ``scoring`` gives pair by pair.

INVARIANT: like the plain form it reads nothing of a person that the caller's decision does not allow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import STEPS
from matching_svc.knowledge import Knowledge
from matching_svc.model import ComponentName, Place
from matching_svc.numbering import Lists, Numbering, Numberings, largest
from matching_svc.people_columns import UNSTATED, People
from matching_svc.places import between, kilometres
from matching_svc.scale import scale
from matching_svc.scoring import silent
from matching_svc.wanted import Wanted, wanted
from stena.contracts.matching import NewOpportunity

Rows = NDArray[np.int64]
Units = NDArray[np.int64]


@dataclass(frozen=True)
class Question:
    """One opportunity for one caller. ``allowed``: the attributes that the caller's decision discloses."""

    opportunity: NewOpportunity
    allowed: frozenset[str]
    knowledge: Knowledge
    numberings: Numberings

    @cached_property
    def components(self) -> dict[ComponentName, int]:
        """The components that apply with their weights: the same ones for everybody."""
        names = dict.fromkeys(name for name, _ in (*self._quick, *self._slow))
        return {name: self.knowledge.model.components[name].weight for name in names}

    @cached_property
    def essential(self) -> Wanted | None:
        return self._wanted(self.opportunity.essential_skills, self.knowledge.unnamed)

    @cached_property
    def optional(self) -> Wanted | None:
        return self._wanted(self.opportunity.optional_skills, 0)

    def _wanted(self, skills: tuple[str, ...], unnamed: int) -> Wanted | None:
        return wanted(skills, self.knowledge, self.numberings, unnamed) if skills and "skills" in self.allowed else None

    @property
    def implies(self) -> bool:
        """Whether occupations held may say something of skills."""
        return "work_history" in self.allowed

    @cached_property
    def _quick(self) -> tuple[tuple[ComponentName, Any], ...]:
        asked, allowed = self.opportunity, self.allowed
        places = {"remote": asked.remote, "municipality": asked.municipality, "region": asked.region}
        applies: dict[ComponentName, tuple[object, Any]] = {
            "experience": (asked.occupation is not None and "work_history" in allowed, _experience),
            "languages": (asked.languages and "languages" in allowed, _languages),
            "place": (any(value and name in allowed for name, value in places.items()), _place),
            "education": (asked.education_level is not None and "education_level" in allowed, _education),
            "wishes": (asked.occupation is not None and "wanted_occupations" in allowed, _wishes),
            "skills": (silent(asked) and "skills" in allowed, _unasked),
        }
        return tuple((name, measure) for name, (does, measure) in applies.items() if does)

    @cached_property
    def _slow(self) -> tuple[tuple[ComponentName, Wanted], ...]:
        lists: tuple[tuple[ComponentName, Wanted | None], ...] = (
            ("skills", self.essential),
            ("optional-skills", self.optional),
        )
        return tuple((name, each) for name, each in lists if each is not None)

    def quick(self, people: People, rows: Rows) -> Units:
        """The sum of weighted logarithms of all components but skills."""
        return self._sum(((name, measure(self, people, rows)) for name, measure in self._quick), len(rows))

    def slow(self, people: People, rows: Rows) -> Units:
        """The same of the components that are about skills."""
        return self._sum(((name, _coverage(self, name, each, people, rows)) for name, each in self._slow), len(rows))

    def _sum(self, values: Iterator[tuple[ComponentName, Units]], rows: int) -> Units:
        curve, total = scale(self.knowledge.model.floor).logarithms, np.zeros(rows, dtype=np.int64)
        for name, value in values:
            total += self.components[name] * curve[value]
        return total

    def scores(self, logarithms: Any) -> Any:
        """In units, from the sums of weighted logarithms."""
        weight = sum(self.components.values())
        if not weight:
            return np.zeros_like(logarithms)
        return scale(self.knowledge.model.floor).score(logarithms, weight)

    def of(self, people: People, rows: Rows) -> Units:
        """The scores of ``rows``, in units."""
        found: Units = self.scores(self.quick(people, rows) + self.slow(people, rows))
        return found

    def unstated(self, component: ComponentName) -> int:
        return 100 * self.knowledge.model.components[component].unstated


def _unasked(question: Question, people: People, rows: Rows) -> Units:
    return np.full(len(rows), 100 * question.knowledge.model.skills.unasked, dtype=np.int64)


def _coverage(question: Question, name: ComponentName, each: Wanted, people: People, rows: Rows) -> Units:
    credit = _credit(each.by_skill, people.skills, rows)
    if question.implies:
        full = question.knowledge.model.nearness.full_after_months
        credit = np.maximum(credit, _credit(each.by_occupation, people.occupations, rows, full))
    value = 100 * (credit @ each.weights) // each.total
    return np.where(people.states_skills[rows] > 0, value, np.maximum(value, question.unstated(name)))


def _credit(table: Units, lists: Lists, rows: Rows, full_after: int | None = None) -> Units:
    """The largest credit of each row for each wanted skill; months short of ``full_after`` give their share."""
    owner, places = lists.rows(rows)
    numbers = lists.numbers[places]
    says = (table > 0).any(axis=1).take(numbers)
    owner, places, values = owner[says], places[says], table[numbers[says]]
    if full_after is not None:
        assert lists.beside is not None
        values = values * np.minimum(lists.beside[places], full_after)[:, None] // full_after
    return largest(values, owner, len(rows))


def _experience(question: Question, people: People, rows: Rows) -> Units:
    rules = question.knowledge.model.experience
    table = nearness_table(question, rules.same_occupation, rules.same_isco)
    owner, places = people.occupations.rows(rows)
    assert people.occupations.beside is not None
    months = np.minimum(people.occupations.beside[places], rules.full_after_months)
    values = 100 * table[people.occupations.numbers[places]] * months // rules.full_after_months
    best = largest(values[:, None], owner, len(rows))[:, 0]
    return np.where(people.states_occupations[rows] > 0, best, question.unstated("experience"))


def _wishes(question: Question, people: People, rows: Rows) -> Units:
    table = nearness_table(question, 100, question.knowledge.model.wishes.same_isco)
    owner, places = people.wanted.rows(rows)
    best = largest(100 * table[people.wanted.numbers[places]][:, None], owner, len(rows))[:, 0]
    states = people.wanted.starts[rows + 1] > people.wanted.starts[rows]
    return np.where(states, best, question.unstated("wishes"))


def nearness_table(question: Question, same: int, by_digits: tuple[int, ...]) -> Units:
    """By occupation: how much it counts for the one of the opportunity, in percent."""
    return occupation_table(question.opportunity.occupation or "", question.knowledge, question.numberings, same, by_digits)


def occupation_table(
    occupation: str, knowledge: Knowledge, numberings: Numberings, same: int, by_digits: tuple[int, ...]
) -> Units:
    codes = _isco_codes(knowledge, numberings)
    own, found = knowledge.isco(occupation), np.zeros(len(codes), dtype=np.int64)
    if own is not None:
        for digits in range(5):
            parts = 10 ** (4 - digits)
            found[(codes >= 0) & (codes // parts == int(own) // parts)] = by_digits[digits]
    number = numberings.occupations.find(occupation)
    if number is not None and number < len(found):
        found[number] = same
    return found


def _isco_codes(knowledge: Knowledge, numberings: Numberings) -> Units:
    """The ISCO-08 unit group by number of an occupation, -1 where it is not known; made again when either has grown."""
    kept = numberings.isco_codes
    if kept is None or kept[0] is not knowledge.vocabulary or len(kept[1]) != len(numberings.occupations):
        codes = [knowledge.isco(uri) for uri in list(numberings.occupations.texts())]
        kept = knowledge.vocabulary, np.array([-1 if code is None else int(code) for code in codes], dtype=np.int64)
        numberings.isco_codes = kept
    return kept[1]


def _education(question: Question, people: People, rows: Rows) -> Units:
    level, held = question.opportunity.education_level or 0, people.education[rows].astype(np.int64)
    value = 100 * np.maximum(0, 100 - question.knowledge.model.education.step * np.maximum(0, level - held))
    return np.where(held == UNSTATED, question.unstated("education"), value)


def steps_in(people: People, rows: Rows, language: int | None) -> Units:
    """The CEFR step of each row in a language, 0 where none is stated."""
    owner, places = people.languages.rows(rows)
    found = np.zeros(len(rows), dtype=np.int64)
    if language is not None:
        mine = people.languages.numbers[places] == language
        assert people.languages.beside is not None
        found[owner[mine]] = people.languages.beside[places[mine]]
    return found


def _languages(question: Question, people: People, rows: Rows) -> Units:
    model = question.knowledge.model
    value, total = np.zeros(len(rows), dtype=np.int64), 0
    for need in question.opportunity.languages:
        weight = model.languages.essential if need.essential else 1
        held = steps_in(people, rows, question.numberings.languages.find(need.language))
        value += weight * np.maximum(0, 100 - model.languages.step * np.maximum(0, STEPS[need.level] - held))
        total += weight
    return np.where(people.states_languages[rows] > 0, 100 * value // total, question.unstated("languages"))


def _place(question: Question, people: People, rows: Rows) -> Units:
    """As the plain form, from the last answer to the first."""
    asked, allowed, place = question.opportunity, question.allowed, question.knowledge.model.place
    value = np.full(len(rows), question.unstated("place"), dtype=np.int64)
    municipality, region = people.municipality[rows], people.region[rows]
    lives = asked.municipality is not None and "municipality" in allowed
    if lives:
        value[municipality >= 0] = 100 * place.elsewhere
    if asked.region is not None and "region" in allowed:
        near, apart = _regions(asked.region, question.numberings.regions, place)
        value = np.where(region >= 0, near[region], value)
        if "max_distance_km" in allowed:
            value[(region >= 0) & (apart[region] > people.furthest[rows])] = 100 * place.elsewhere
    if lives:
        here = question.numberings.municipalities.find(asked.municipality or "")
        value[municipality == (-2 if here is None else here)] = 100 * place.municipality
    if asked.remote and "remote" in allowed:
        value[people.remote[rows] > 0] = 10_000
    return value


def _regions(region: str, regions: Numbering, place: Place) -> tuple[Units, Units]:
    """By region: what it counts in units, and how far it is from ``region``, -1 for the same and where that is not known.

    One entry more than there are regions, which is what -1 finds.
    """
    texts = list(regions.texts())
    near = [100 * between(each, region, None, place) for each in texts]
    apart = [-1 if each == region or (km := kilometres(each, region)) is None else km for each in texts]
    return np.array([*near, 0], dtype=np.int64), np.array([*apart, -1], dtype=np.int64)
