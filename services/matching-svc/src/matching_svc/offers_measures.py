"""The score of many opportunities for one person at once, over columns. Pure; the same numbers as ``scoring`` gives.

What each skill counts for this person is worked out once, for all skills that anybody wants; then only the lists of those
opportunities are walked that want a skill which counts. INVARIANT: reads nothing of the person outside the view.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import View
from matching_svc.knowledge import Knowledge
from matching_svc.model import ComponentName
from matching_svc.numbering import Lists, Numberings
from matching_svc.offers_columns import ESSENTIAL, Offers
from matching_svc.people_measures import occupation_table, region_table
from matching_svc.scale import UNIT, scale
from matching_svc.scoring import months_by_occupation

Units = NDArray[np.int64]
Applies = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What does not change from person to person: ``columns`` is by number of a skill its place in the vocabulary, or -1."""

    columns: Units
    weights: Units
    essential_total: Units
    optional_total: Units


def prepared(offers: Offers, knowledge: Knowledge, numberings: Numberings) -> Prepared:
    texts = list(numberings.skills.texts())
    found = [knowledge.vocabulary.skill(uri) for uri in texts]
    weights = np.array([knowledge.weight(uri) for uri in texts], dtype=np.int64)
    return Prepared(
        np.array([-1 if column is None else column for column in found], dtype=np.int64),
        weights,
        _totals(offers.essential, weights),
        _totals(offers.optional, weights),
    )


def _totals(lists: Lists, weights: Units) -> Units:
    sums = np.concatenate([[0], np.cumsum(weights[lists.numbers])]).astype(np.int64)
    totals: Units = sums[lists.starts[1:]] - sums[lists.starts[:-1]]
    return totals


def scores(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings, ready: Prepared) -> Units:
    """Of every opportunity, in units."""
    parts = [
        *_skills(offers, view, knowledge, numberings, ready),
        *_experience(offers, view, knowledge, numberings),
        *_languages(offers, view, knowledge, numberings),
        *_place(offers, view, knowledge, numberings),
        *_education(offers, view, knowledge),
        *_wishes(offers, view, knowledge, numberings),
    ]
    curve = scale(knowledge.model.floor)
    logarithms, weights = np.zeros(len(offers), dtype=np.int64), np.zeros(len(offers), dtype=np.int64)
    for name, applies, value in parts:
        weight = knowledge.model.components[name].weight
        logarithms += np.where(applies, weight * curve.logarithms[value], 0)
        weights += weight * applies
    return np.where(weights > 0, curve.score(logarithms, np.maximum(weights, 1)), 0)


Part = tuple[ComponentName, Applies, Any]


def _skills(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings, ready: Prepared) -> list[Part]:
    if not view.allows("skills"):
        return []
    credit = credits_by_number(view, knowledge, numberings, ready)
    found: list[Part] = []
    names: tuple[tuple[ComponentName, Lists, Units], ...] = (
        ("skills", offers.essential_rows, ready.essential_total),
        ("optional-skills", offers.optional_rows, ready.optional_total),
    )
    for name, lists, total in names:
        sums = np.zeros(len(offers), dtype=np.int64)
        for number in np.flatnonzero(credit).tolist():
            sums[lists.at(number)] += credit[number] * ready.weights[number]
        value = 100 * sums // np.maximum(total, 1)
        if view.features.skills is None:
            value = np.maximum(value, 100 * knowledge.model.components[name].unstated)
        found.append((name, total > 0, value))
    return found


def credits_by_number(view: View, knowledge: Knowledge, numberings: Numberings, ready: Prepared) -> Units:
    """What the person is taken to have of every skill that anybody wants, in percent."""
    vocabulary, near, rules = knowledge.vocabulary, knowledge.near, knowledge.model.nearness
    held = view.features.skills or frozenset[str]()
    credit = np.zeros(vocabulary.skills, dtype=np.int64)
    for column in (found for uri in held if (found := vocabulary.skill(uri)) is not None):
        places = slice(near.indptr[column], near.indptr[column + 1])
        credit[near.indices[places]] = np.maximum(credit[near.indices[places]], near.data[places])
    for uri, months in months_by_occupation(view).items():
        if (row := vocabulary.occupation(uri)) is not None:
            needs = vocabulary.essential.indices[vocabulary.essential.indptr[row] : vocabulary.essential.indptr[row + 1]]
            percent = rules.occupation * min(months, rules.full_after_months) // rules.full_after_months
            credit[needs] = np.maximum(credit[needs], percent)
    by_number = np.where(ready.columns >= 0, credit[ready.columns], 0)
    mine = [number for number in numberings.skills.found(held) if number < len(by_number)]
    by_number[mine] = 100
    return by_number


def _experience(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings) -> list[Part]:
    if not view.allows("work_history"):
        return []
    rules, applies = knowledge.model.experience, offers.occupation >= 0
    if view.features.work_history is None:
        return [("experience", applies, 100 * knowledge.model.components["experience"].unstated)]
    best = np.zeros(len(numberings.occupations) + 1, dtype=np.int64)
    for uri, months in months_by_occupation(view).items():
        near = occupation_table(uri, knowledge, numberings, rules.same_occupation, rules.same_isco)
        value = 100 * near * min(months, rules.full_after_months) // rules.full_after_months
        best[: len(near)] = np.maximum(best[: len(near)], value)
    return [("experience", applies, best[offers.occupation])]


def _wishes(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings) -> list[Part]:
    if not view.allows("wanted_occupations"):
        return []
    applies = offers.occupation >= 0
    if not view.features.wanted_occupations:
        return [("wishes", applies, 100 * knowledge.model.components["wishes"].unstated)]
    best = np.zeros(len(numberings.occupations) + 1, dtype=np.int64)
    for uri in view.features.wanted_occupations:
        near = 100 * occupation_table(uri, knowledge, numberings, 100, knowledge.model.wishes.same_isco)
        best[: len(near)] = np.maximum(best[: len(near)], near)
    return [("wishes", applies, best[offers.occupation])]


def _languages(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings) -> list[Part]:
    if not view.allows("languages"):
        return []
    rules, applies = knowledge.model.languages, np.diff(offers.needs.starts) > 0
    if view.features.languages is None:
        return [("languages", applies, 100 * knowledge.model.components["languages"].unstated)]
    held = np.zeros(len(numberings.languages), dtype=np.int64)
    for language in view.features.languages:
        if (number := numberings.languages.find(language.language)) is not None:
            held[number] = max(held[number], language.step)
    assert offers.needs.beside is not None
    weights = np.where(offers.needs.beside > ESSENTIAL, rules.essential, 1)
    shortfall = np.maximum(0, offers.needs.beside % ESSENTIAL - held[offers.needs.numbers])
    sums = np.concatenate([[0], np.cumsum(weights * np.maximum(0, 100 - rules.step * shortfall))]).astype(np.int64)
    totals = np.concatenate([[0], np.cumsum(weights)]).astype(np.int64)
    begin, end = offers.needs.starts[:-1], offers.needs.starts[1:]
    return [("languages", applies, 100 * (sums[end] - sums[begin]) // np.maximum(1, totals[end] - totals[begin]))]


def _education(offers: Offers, view: View, knowledge: Knowledge) -> list[Part]:
    if not view.allows("education_level"):
        return []
    applies, held = offers.education >= 0, view.features.education_level
    if held is None:
        return [("education", applies, 100 * knowledge.model.components["education"].unstated)]
    shortfall = np.maximum(0, offers.education.astype(np.int64) - held)
    return [("education", applies, 100 * np.maximum(0, 100 - knowledge.model.education.step * shortfall))]


def _place(offers: Offers, view: View, knowledge: Knowledge, numberings: Numberings) -> list[Part]:
    """As the plain form, from the last answer to the first. A municipality without a name is asked for by nobody."""
    person, place = view.features, knowledge.model.place
    empty = numberings.municipalities.find("")
    remote, names = (offers.remote > 0) & bool(view.allows("remote")), offers.municipality >= 0
    named = names & (offers.municipality != (-2 if empty is None else empty))
    regions = (offers.region >= 0) & bool(view.allows("region"))
    applies = remote | regions | (named & bool(view.allows("municipality")))
    value = np.full(len(offers), 100 * knowledge.model.components["place"].unstated, dtype=np.int64)
    if person.municipality is not None:
        value[names] = 100 * place.elsewhere
    if person.region is not None:
        value = np.where(regions, region_table(person.region, numberings.regions, place.region)[offers.region], value)
    if person.municipality is not None and (here := numberings.municipalities.find(person.municipality)) is not None:
        value[offers.municipality == here] = 100 * place.municipality
    if person.remote:
        value[remote] = UNIT
    return [("place", applies, value)]
