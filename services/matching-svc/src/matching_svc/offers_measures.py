"""The score of many opportunities for one person at once, over columns. Pure; the same numbers as ``scoring`` gives.

What each skill counts for this person is worked out once, for all skills that anybody wants; then only the lists of those
opportunities are walked that want a skill which counts. What few fields decide is asked of the plain form, once for all
opportunities that agree in them. INVARIANT: reads nothing of the person outside the view.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import View
from matching_svc.knowledge import Knowledge
from matching_svc.model import ComponentName
from matching_svc.numbering import Lists, Numberings
from matching_svc.offers_columns import Alike, Offers
from matching_svc.people_measures import occupation_table
from matching_svc.scale import UNIT, scale
from matching_svc.scoring import Measure, Score, education, languages, months_by_occupation, place, score

Units = NDArray[np.int64]
Logarithms = NDArray[np.int32]
Scores = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Wants:
    """One list of wanted skills of every opportunity: ``rows`` by skill; ``none`` are the rows that want nothing, total 1."""

    component: ComponentName
    rows: Lists
    totals: Units
    none: Units


@dataclass(frozen=True, slots=True)
class Prepared:
    """What does not change from person to person: ``columns`` is by number of a skill its place in the vocabulary, or -1."""

    columns: Units
    weights: Units
    essential: Wants
    optional: Wants


def prepared(offers: Offers, knowledge: Knowledge, numberings: Numberings) -> Prepared:
    texts = list(numberings.skills.texts())
    found = [knowledge.vocabulary.skill(uri) for uri in texts]
    weights = np.array([knowledge.weight(uri) for uri in texts], dtype=np.int64)
    return Prepared(
        np.array([-1 if column is None else column for column in found], dtype=np.int64),
        weights,
        _wants("skills", offers.essential, offers.essential_rows, weights, knowledge.unnamed),
        _wants("optional-skills", offers.optional, offers.optional_rows, weights, 0),
    )


def _wants(component: ComponentName, lists: Lists, rows: Lists, weights: Units, unnamed: int) -> Wants:
    sums = np.concatenate([[0], np.cumsum(weights[lists.numbers])]).astype(np.int64)
    totals = sums[lists.starts[1:]] - sums[lists.starts[:-1]]
    return Wants(component, rows, np.where(totals > 0, totals + unnamed, 1), np.flatnonzero(totals == 0))


def scores(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings, ready: Prepared) -> Scores:
    """Of every opportunity, in units."""
    shapes = [_weight(score(view, sample, knowledge), knowledge) for sample in offers.shape.samples]
    logarithms = _of_occupation(view, knowledge, numberings)[offers.occupation]
    for alike, measure in ((offers.languages, languages), (offers.place, place), (offers.education, education)):
        logarithms += _asked_once(alike, measure, view, knowledge)[alike.which]
    if view.allows("skills"):
        logarithms += _skills(offers, view, knowledge, numberings, ready)
    curve, weights = scale(knowledge.model.floor), np.array(shapes, dtype=np.int32)
    units: Scores = curve.score(logarithms, np.maximum(weights, 1)[offers.shape.which])
    if not weights.all():
        units[(weights == 0)[offers.shape.which]] = 0
    return units


def _weight(scored: Score, knowledge: Knowledge) -> int:
    return sum(knowledge.model.components[part.component].weight for part in scored.parts)


def _asked_once(alike: Alike, measure: Measure, view: View, knowledge: Knowledge) -> Logarithms:
    """A component that few fields decide: from the plain form, for one opportunity of all that agree in these."""
    found = [measure(view, sample, knowledge) for sample in alike.samples]
    weighed = (0 if part is None else _weighed(part.component, knowledge)[part.value] for part in found)
    return np.fromiter(weighed, dtype=np.int32, count=len(found))


def _weighed(name: ComponentName, knowledge: Knowledge) -> Logarithms:
    """By value of a component: what it adds to the logarithm of the score. Of the best, nothing: as if it did not apply."""
    return _tables(knowledge.model.components[name].weight, knowledge.model.floor)


@cache
def _tables(weight: int, floor: int) -> Logarithms:
    return (weight * scale(floor).logarithms).astype(np.int32)


def _skills(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings, ready: Prepared) -> Logarithms:
    gives = credits_by_number(view, knowledge, numberings, ready) * ready.weights
    essential = _coverage(ready.essential, gives, view, knowledge)
    essential[offers.silent] = 100 * knowledge.model.skills.unasked
    found = _weighed("skills", knowledge)[essential]
    found += _weighed("optional-skills", knowledge)[_coverage(ready.optional, gives, view, knowledge)]
    return found


def _coverage(wants: Wants, gives: Units, view: View, knowledge: Knowledge) -> NDArray[np.int32]:
    """The value of the component, the best where nothing is wanted. ``gives``: by skill, what the person has of its weight."""
    known = np.flatnonzero(gives[: len(wants.rows.starts) - 1])
    which, places = wants.rows.rows(known)
    sums = np.bincount(wants.rows.numbers[places], weights=gives[known][which], minlength=len(wants.totals))
    # Whole numbers below 2^31 divided as fractions of 53 bits: what is cut off is never a whole number rounded down.
    value = (100 * sums / wants.totals).astype(np.int32)
    if view.features.skills is None:
        value = np.maximum(value, 100 * knowledge.model.components[wants.component].unstated)
    value[wants.none] = UNIT
    return value


def credits_by_number(view: View, knowledge: Knowledge, numberings: Numberings, ready: Prepared) -> Units:
    """What the person is taken to have of every skill that anybody wants, in percent."""
    credit, held = credits_by_column(view, knowledge), view.features.skills or frozenset()
    by_number = np.where(ready.columns >= 0, credit[ready.columns], 0)
    mine = [number for number in numberings.skills.found(held) if number < len(by_number)]
    by_number[mine] = 100
    return by_number


def credits_by_column(view: View, knowledge: Knowledge) -> Units:
    """What held skills and occupations say of every skill of the vocabulary that is not held itself, in percent."""
    vocabulary, near, rules = knowledge.vocabulary, knowledge.near, knowledge.model.nearness
    credit = np.zeros(vocabulary.skills, dtype=np.int64)
    for uri in view.features.skills or frozenset[str]():
        if (column := vocabulary.skill(uri)) is not None:
            places = slice(near.indptr[column], near.indptr[column + 1])
            credit[near.indices[places]] = np.maximum(credit[near.indices[places]], near.data[places])
    for uri, months in months_by_occupation(view).items():
        if (row := vocabulary.occupation(uri)) is not None:
            needs = vocabulary.essential.indices[vocabulary.essential.indptr[row] : vocabulary.essential.indptr[row + 1]]
            credit[needs] = np.maximum(credit[needs], rules.implied(months))
    return credit


def _of_occupation(view: View, knowledge: Knowledge, numberings: Numberings) -> Logarithms:
    """What experience and wishes add, by occupation; one entry more than there are, which is what -1 finds."""
    found = np.zeros(len(numberings.occupations) + 1, dtype=np.int32)
    if view.allows("work_history"):
        found += _weighed("experience", knowledge)[_experience(view, knowledge, numberings)]
    if view.allows("wanted_occupations"):
        found += _weighed("wishes", knowledge)[_wishes(view, knowledge, numberings)]
    found[-1] = 0
    return found


def _experience(view: View, knowledge: Knowledge, numberings: Numberings) -> Units:
    rules, best = knowledge.model.experience, np.zeros(len(numberings.occupations) + 1, dtype=np.int64)
    if view.features.work_history is None:
        best[:] = 100 * knowledge.model.components["experience"].unstated
    for uri, months in months_by_occupation(view).items():
        near = occupation_table(uri, knowledge, numberings, rules.same_occupation, rules.same_isco)
        value = 100 * near * min(months, rules.full_after_months) // rules.full_after_months
        best[: len(near)] = np.maximum(best[: len(near)], value)
    return best


def _wishes(view: View, knowledge: Knowledge, numberings: Numberings) -> Units:
    best = np.zeros(len(numberings.occupations) + 1, dtype=np.int64)
    if not view.features.wanted_occupations:
        best[:] = 100 * knowledge.model.components["wishes"].unstated
    for uri in view.features.wanted_occupations or ():
        near = 100 * occupation_table(uri, knowledge, numberings, 100, knowledge.model.wishes.same_isco)
        best[: len(near)] = np.maximum(best[: len(near)], near)
    return best
