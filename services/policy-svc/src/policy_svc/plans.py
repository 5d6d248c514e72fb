"""What is left of the rules for each question that can be asked, worked out once when the rulebook is loaded.

Resource type, action, purpose and attribute are finitely many, so all that rules say about them is folded away here, and a
decision looks only at what can still apply. A plan is an index: it must give what evaluating every rule would give.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy_svc.formulas import FALSE, Constant, Formula, Values
from policy_svc.rules import Rule, needed
from policy_svc.vocabulary import ACTIONS, DISCLOSE, OPERATIONS, WRITE
from stena.contracts.catalogue import Attribute


@dataclass(frozen=True, slots=True)
class Remainder:
    """A rule that may apply to a question, and what of it is still to be evaluated."""

    rule: Rule
    formula: Formula


@dataclass(frozen=True, slots=True)
class Plan:
    """Permit ⇔ some of ``allows`` is true and every one of ``denies`` is false."""

    allows: tuple[Remainder, ...] = ()
    denies: tuple[Remainder, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How attributes with the same rules are decided. ``sources`` are the places, among the recipes of the plan, of what the
    attributes are derived from: where all of those are disclosed, so is what they give away."""

    allows: tuple[Formula, ...]
    denies: tuple[Formula, ...]
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributePlan:
    """Recipes with the attributes that follow them, sources first; ``never`` is what no rule can open for this purpose."""

    recipes: tuple[tuple[Recipe, tuple[str, ...]], ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plans:
    operations: Mapping[tuple[str, str, str], Plan]
    """By resource type, operation and purpose."""
    disclose: Mapping[str, AttributePlan]
    """By purpose."""
    write: Mapping[str, AttributePlan]


def make_plans(rules: Iterable[Rule], broader: Mapping[str, frozenset[str]], attributes: Iterable[Attribute]) -> Plans:
    """``broader`` maps every purpose to itself and what is broader; ``attributes`` name stored ones before derived ones."""
    buckets = _Buckets(rules, broader)
    catalogue = sorted(attributes, key=lambda attribute: bool(attribute.derived_from))
    return Plans(
        operations={
            (kind, action, purpose): buckets.plan(action, purpose, {**NO_ATTRIBUTE, "resource.type": kind})
            for kind, actions in OPERATIONS.items()
            for action in actions
            for purpose in broader
        },
        disclose={purpose: _attribute_plan(buckets, DISCLOSE, purpose, catalogue) for purpose in broader},
        write={purpose: _attribute_plan(buckets, WRITE, purpose, catalogue) for purpose in broader},
    )


NO_ATTRIBUTE: Values = dict.fromkeys(("resource.attribute", "resource.category", "resource.sensitivity", "resource.reveals"))
"""What a question about an operation says of attributes."""


class _Buckets:
    """The rules by action and purpose, as far as they name them."""

    def __init__(self, rules: Iterable[Rule], broader: Mapping[str, frozenset[str]]) -> None:
        self._broader = broader
        self._rules: defaultdict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in rules:
            actions = needed(rule.formula, "action.name")
            for purpose in self._purposes(rule):
                for action in ACTIONS if actions is None else actions & ACTIONS:
                    self._rules[action, purpose].append(rule)

    def _purposes(self, rule: Rule) -> Iterable[str]:
        exact = needed(rule.formula, "context.purpose")
        if exact is not None:
            return exact & self._broader.keys()
        wide = needed(rule.formula, "context.purpose_and_broader")
        return [purpose for purpose, broader in self._broader.items() if wide is None or broader & wide]

    def plan(self, action: str, purpose: str, known: Values) -> Plan:
        whole: Values = {
            **known,
            "action.name": action,
            "action.id": action,
            "context.purpose": purpose,
            "context.purpose_and_broader": frozenset[object](self._broader[purpose]),
        }
        allows, denies = [], []
        for rule in self._rules.get((action, purpose), ()):
            formula = rule.formula.given(whole)
            if rule.effect == "deny" and formula != FALSE:
                denies.append(Remainder(rule, formula))
            # An allow rule that is unknown for good can never become true; a deny rule that is so always applies.
            if rule.effect == "allow" and formula not in (FALSE, Constant(None)):
                allows.append(Remainder(rule, formula))
        return Plan(tuple(allows), tuple(denies))


def _attribute_plan(buckets: _Buckets, action: str, purpose: str, catalogue: Iterable[Attribute]) -> AttributePlan:
    followers: dict[Recipe, list[str]] = {}
    recipe_of: dict[str, Recipe] = {}
    never: list[str] = []
    for attribute in catalogue:
        plan = buckets.plan(action, purpose, values_of(attribute))
        order = list(followers)
        sources = [recipe_of.get(source) for source in attribute.derived_from]
        recipe = Recipe(
            allows=tuple(remainder.formula for remainder in plan.allows),
            denies=tuple(remainder.formula for remainder in plan.denies),
            sources=tuple(order.index(source) for source in sources if source is not None) if all(sources) else (),
        )
        # Nobody writes what is computed from something else.
        if not (recipe.allows or recipe.sources) or (action == WRITE and attribute.derived_from):
            never.append(attribute.name)
            continue
        recipe_of[attribute.name] = recipe
        followers.setdefault(recipe, []).append(attribute.name)
    return AttributePlan(tuple((recipe, tuple(names)) for recipe, names in followers.items()), tuple(never))


def values_of(attribute: Attribute) -> Values:
    """What a question about an attribute says of its resource."""
    return {
        "resource.type": "person",
        "resource.attribute": attribute.name,
        "resource.category": attribute.category,
        "resource.sensitivity": attribute.sensitivity,
        "resource.reveals": frozenset(attribute.reveals),
    }
