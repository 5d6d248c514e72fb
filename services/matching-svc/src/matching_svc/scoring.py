"""How well a person fits an opportunity: a number in 0..1 and its parts. Pure; lawful conditions are gates and never scored.

The score is a weighted geometric mean of its components (``scale``). A component that does not apply passes its weight on to
the others. This is the plain form, for one pair; ``people_measures`` and ``offers_measures`` compute the same over columns.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from matching_svc.features import STEPS, View
from matching_svc.knowledge import Credit, Knowledge
from matching_svc.model import ComponentName, Model
from matching_svc.places import between
from matching_svc.scale import UNIT, scale
from stena.contracts.matching import Assumed, Component, NewOpportunity


@dataclass(frozen=True, slots=True)
class Part:
    """One component before weighing, its value in units. ``uses`` names every attribute that was looked at; ``assumed``,
    whose silence the value stands for."""

    component: ComponentName
    value: int
    uses: tuple[str, ...]
    assumed: Assumed = None


@dataclass(frozen=True, slots=True)
class Score:
    units: int
    parts: tuple[Part, ...]

    @property
    def value(self) -> float:
        return self.units / UNIT


def score(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Score:
    """How well the person behind ``view`` fits. No applicable component at all is a score of 0."""
    parts = tuple(part for measure in _MEASURES if (part := measure(view, opportunity, knowledge)) is not None)
    if not parts:
        return Score(0, ())
    model = knowledge.model
    weights, curve = [model.components[part.component].weight for part in parts], scale(model.floor)
    logarithm = sum(weight * int(curve.logarithms[part.value]) for weight, part in zip(weights, parts, strict=True))
    return Score(int(curve.score(logarithm, sum(weights))), parts)


def components(scored: Score, model: Model) -> tuple[Component, ...]:
    """The score taken apart: each component gets its share of the weighted values.

    Rounded by largest remainder, so that the contributions add up to the score exactly.
    """
    weights, curve = [model.components[part.component].weight for part in scored.parts], scale(model.floor)
    shares = [weight * curve.lifted(part.value) for weight, part in zip(weights, scored.parts, strict=True)]
    contributions, rounded_weights = _apportion(scored.units, shares), _apportion(UNIT, weights)
    return tuple(
        Component(
            component=part.component,
            value=part.value / UNIT,
            weight=weight / UNIT,
            contribution=contribution / UNIT,
            uses=part.uses,
            assumed=part.assumed,
        )
        for part, weight, contribution in zip(scored.parts, rounded_weights, contributions, strict=True)
    )


def _apportion(units: int, shares: list[int]) -> list[int]:
    """Split ``units`` whole units by ``shares`` (largest remainder; ties to the earlier share)."""
    total = sum(shares)
    exact = [units * share / total for share in shares]
    whole = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(shares)), key=lambda at: (whole[at] - exact[at], at))
    for at in by_remainder[: units - sum(whole)]:
        whole[at] += 1
    return whole


def credited(view: View, wanted: tuple[str, ...], knowledge: Knowledge) -> dict[str, Credit]:
    """How much of each wanted skill the person is taken to have, by what the caller may know."""
    return knowledge.credits(wanted, view.features.skills or frozenset(), months_by_occupation(view))


def months_by_occupation(view: View) -> Mapping[str, int]:
    months = Counter[str]()
    for job in view.features.work_history or ():
        months[job.occupation] += job.months
    return months


def _skills(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    if silent(opportunity) and view.allows("skills"):
        return Part("skills", 100 * knowledge.model.skills.unasked, (), "opportunity")
    return _coverage("skills", opportunity.essential_skills, view, knowledge, knowledge.unnamed)


def silent(opportunity: NewOpportunity) -> bool:
    """Whether it is a job that does not say what it asks for; other kinds are often open to everybody."""
    says = opportunity.occupation is not None or opportunity.essential_skills or opportunity.optional_skills
    return opportunity.kind == "job" and not says


def _optional_skills(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    return _coverage("optional-skills", opportunity.optional_skills, view, knowledge, 0)


def _coverage(name: ComponentName, wanted: tuple[str, ...], view: View, knowledge: Knowledge, unnamed: int) -> Part | None:
    """The share of the wanted skills that the person has, a rare skill counting more, a near one in part."""
    if not wanted or not view.allows("skills"):
        return None
    weights = {skill: knowledge.weight(skill) for skill in wanted}
    found = credited(view, tuple(weights), knowledge)
    uses, total = view.allows("skills", "work_history"), sum(weights.values()) + unnamed
    value = 100 * sum(weights[skill] * credit.percent for skill, credit in found.items()) // total
    if view.features.skills is None and value < (unstated := _unstated(name, knowledge)):
        return Part(name, unstated, uses, "person")
    return Part(name, value, uses)


def _unstated(name: ComponentName, knowledge: Knowledge) -> int:
    return 100 * knowledge.model.components[name].unstated


def _experience(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    """The best occupation held: how near it is, times how long it was done in all."""
    if opportunity.occupation is None or not (uses := view.allows("work_history")):
        return None
    if view.features.work_history is None:
        return Part("experience", _unstated("experience", knowledge), uses, "person")
    rules = knowledge.model.experience
    values = (
        100
        * knowledge.nearness(occupation, opportunity.occupation, rules.same_occupation, rules.same_isco)
        * min(done, rules.full_after_months)
        // rules.full_after_months
        for occupation, done in months_by_occupation(view).items()
    )
    return Part("experience", max(values, default=0), uses)


def _wishes(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    if opportunity.occupation is None or not (uses := view.allows("wanted_occupations")):
        return None
    wanted = view.features.wanted_occupations
    if not wanted:
        return Part("wishes", _unstated("wishes", knowledge), uses, "person")
    by_digits = knowledge.model.wishes.same_isco
    return Part("wishes", 100 * max(knowledge.nearness(wish, opportunity.occupation, 100, by_digits) for wish in wanted), uses)


def education(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    if opportunity.education_level is None or not (uses := view.allows("education_level")):
        return None
    held = view.features.education_level
    if held is None:
        return Part("education", _unstated("education", knowledge), uses, "person")
    shortfall = max(0, opportunity.education_level - held)
    return Part("education", 100 * max(0, 100 - knowledge.model.education.step * shortfall), uses)


def languages(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    """Over all languages asked for, what is left after the shortfall in CEFR steps."""
    if not opportunity.languages or not (uses := view.allows("languages")):
        return None
    model, held = knowledge.model, view.features.languages
    if held is None:
        return Part("languages", _unstated("languages", knowledge), uses, "person")
    value = total = 0
    for need in opportunity.languages:
        weight = model.languages.essential if need.essential else 1
        step = max((language.step for language in held if language.language == need.language), default=0)
        value += weight * max(0, 100 - model.languages.step * max(0, STEPS[need.level] - step))
        total += weight
    return Part("languages", 100 * value // total, uses)


def place(view: View, opportunity: NewOpportunity, knowledge: Knowledge) -> Part | None:
    asked = {"remote": opportunity.remote, "municipality": opportunity.municipality, "region": opportunity.region}
    if not (uses := view.allows(*(attribute for attribute, value in asked.items() if value))):
        return None
    if "region" in uses:
        uses += view.allows("max_distance_km")
    near = _near(view, opportunity, knowledge.model)
    return Part("place", _unstated("place", knowledge), uses, "person") if near is None else Part("place", 100 * near, uses)


def _near(view: View, opportunity: NewOpportunity, model: Model) -> int | None:
    """The best that is known of how the person can be where the opportunity is, in percent."""
    person, rules = view.features, model.place
    if opportunity.remote and person.remote:
        return 100
    if opportunity.municipality is not None and person.municipality == opportunity.municipality:
        return rules.municipality
    if opportunity.region is not None and person.region is not None:
        return between(person.region, opportunity.region, person.max_distance_km, rules)
    if opportunity.municipality is not None and person.municipality is not None:
        return rules.elsewhere
    return None


Measure = Callable[[View, NewOpportunity, Knowledge], Part | None]
_MEASURES: Final[tuple[Measure, ...]] = (_skills, _experience, languages, place, education, _wishes, _optional_skills)
