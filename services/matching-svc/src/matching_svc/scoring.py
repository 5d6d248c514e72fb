"""How well a person fits an opportunity: a number in 0..1 and its parts. Pure; lawful conditions are gates and never scored.

The score is a weighted geometric mean of its components, each lifted to at least the model's floor. A component that does
not apply passes its weight on to the others.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from matching_svc.concepts import Concepts
from matching_svc.features import STEPS, View
from matching_svc.model import ComponentName, Model
from stena.contracts.matching import Component, NewOpportunity

UNIT: Final = 10_000
"""Scores, weights and contributions are rounded to one ten-thousandth; order follows the rounded score."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component before weighing. ``uses`` names every attribute that was looked at."""

    component: ComponentName
    value: float
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    value: float
    parts: tuple[Part, ...]


def score(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Score:
    """How well the person behind ``view`` fits. No applicable component at all is a score of 0."""
    parts = tuple(part for measure in _MEASURES if (part := measure(view, opportunity, model, concepts)) is not None)
    total = sum(model.components[part.component].weight for part in parts)
    logarithm = sum(model.components[part.component].weight / total * math.log(_lifted(part, model)) for part in parts)
    return Score(round(math.exp(logarithm) * UNIT) / UNIT if parts else 0.0, parts)


def components(scored: Score, model: Model) -> tuple[Component, ...]:
    """The score taken apart: each component gets its share of the weighted values.

    Rounded by largest remainder, so that the contributions add up to the score exactly.
    """
    weights = [model.components[part.component].weight for part in scored.parts]
    total = sum(weights)
    shares = [weight * _lifted(part, model) for weight, part in zip(weights, scored.parts, strict=True)]
    contributions = _apportion(round(scored.value * UNIT), shares)
    rounded_weights = _apportion(UNIT, [weight / total for weight in weights])
    return tuple(
        Component(
            component=part.component,
            value=round(part.value * UNIT) / UNIT,
            weight=weight / UNIT,
            contribution=contribution / UNIT,
            uses=part.uses,
        )
        for part, weight, contribution in zip(scored.parts, rounded_weights, contributions, strict=True)
    )


def _lifted(part: Part, model: Model) -> float:
    return model.floor + (1 - model.floor) * part.value


def _apportion(units: int, shares: list[float]) -> list[int]:
    """Split ``units`` whole units by ``shares`` (largest remainder; ties to the earlier share)."""
    total = sum(shares)
    exact = [units * share / total for share in shares]
    whole = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(shares)), key=lambda at: (whole[at] - exact[at], at))
    for at in by_remainder[: units - sum(whole)]:
        whole[at] += 1
    return whole


def _skills(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    return _coverage("skills", opportunity.essential_skills, view, model, concepts)


def _optional_skills(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    return _coverage("optional-skills", opportunity.optional_skills, view, model, concepts)


def _coverage(name: ComponentName, wanted: Iterable[str], view: View, model: Model, concepts: Concepts) -> Part | None:
    """The share of the wanted skills that the person has, a rare skill counting more (inverse document frequency)."""
    rarity = {skill: concepts.rarity(skill) for skill in wanted}
    if not rarity or not (uses := view.allows("skills")):
        return None
    held = view.features.skills
    if held is None:
        return Part(name, model.components[name].unstated, uses)
    return Part(name, sum(weight for skill, weight in rarity.items() if skill in held) / sum(rarity.values()), uses)


def _experience(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    """The best occupation held: how near it is, times how long it was done in all."""
    if opportunity.occupation is None or not (uses := view.allows("work_history")):
        return None
    held = view.features.work_history
    if held is None:
        return Part("experience", model.components["experience"].unstated, uses)
    rules, months = model.experience, Counter[str]()
    for job in held:
        months[job.occupation] += job.months
    values = (
        _nearness(occupation, opportunity.occupation, rules.same_occupation, rules.same_isco, concepts)
        * min(1.0, done / rules.full_after_months)
        for occupation, done in months.items()
    )
    return Part("experience", max(values, default=0.0), uses)


def _wishes(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    if opportunity.occupation is None or not (uses := view.allows("wanted_occupations")):
        return None
    wanted = view.features.wanted_occupations
    if not wanted:
        return Part("wishes", model.components["wishes"].unstated, uses)
    values = (_nearness(wish, opportunity.occupation, 1.0, model.wishes.same_isco, concepts) for wish in wanted)
    return Part("wishes", max(values), uses)


def _nearness(one: str, other: str, same: float, same_isco: tuple[float, ...], concepts: Concepts) -> float:
    """How much of one occupation counts for another: the same concept, or the ISCO-08 groups that both are in."""
    if one == other:
        return same
    codes = concepts.isco(one), concepts.isco(other)
    return 0.0 if codes[0] is None or codes[1] is None else same_isco[_common_prefix(codes[0], codes[1])]


def _education(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    if opportunity.education_level is None or not (uses := view.allows("education_level")):
        return None
    held = view.features.education_level
    if held is None:
        return Part("education", model.components["education"].unstated, uses)
    shortfall = max(0, opportunity.education_level - held)
    return Part("education", max(0.0, 1 - model.education.step * shortfall), uses)


def _languages(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    """Over all languages asked for, what is left after the shortfall in CEFR steps."""
    if not opportunity.languages or not (uses := view.allows("languages")):
        return None
    if view.features.languages is None:
        return Part("languages", model.components["languages"].unstated, uses)
    held = {language.language: language.step for language in view.features.languages}
    value = total = 0.0
    for need in opportunity.languages:
        weight = model.languages.essential if need.essential else 1
        shortfall = max(0, STEPS[need.level] - held.get(need.language, 0))
        value += weight * max(0.0, 1 - model.languages.step * shortfall)
        total += weight
    return Part("languages", value / total, uses)


def _place(view: View, opportunity: NewOpportunity, model: Model, concepts: Concepts) -> Part | None:
    asked = {"remote": opportunity.remote, "municipality": opportunity.municipality, "region": opportunity.region}
    if not (uses := view.allows(*(attribute for attribute, value in asked.items() if value))):
        return None
    return Part("place", _near(view, opportunity, model), uses)


def _near(view: View, opportunity: NewOpportunity, model: Model) -> float:
    """The best that is known of how the person can be where the opportunity is."""
    person, place = view.features, model.place
    if opportunity.remote and person.remote:
        return 1.0
    if opportunity.municipality is not None and person.municipality == opportunity.municipality:
        return place.municipality
    if opportunity.region is not None and person.region is not None:
        return place.region[min(5, _common_prefix(person.region, opportunity.region))]
    if opportunity.municipality is not None and person.municipality is not None:
        return place.elsewhere
    return model.components["place"].unstated


def _common_prefix(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


_Measure = Callable[[View, NewOpportunity, Model, Concepts], Part | None]
_MEASURES: Final[tuple[_Measure, ...]] = (_skills, _experience, _languages, _place, _education, _wishes, _optional_skills)
