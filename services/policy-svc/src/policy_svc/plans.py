"""What is left of the rules for each question that can be asked, worked out once when the rulebook is loaded.

Resource type, action, purpose, attribute and organisation are finitely many, so all that rules say about them is folded away
here, and a decision looks only at what can still apply. A plan is an index: it must give what evaluating every rule would give.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policy_svc.approvals import Approved
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

    def given(self, known: Values) -> "Plan":
        """What is left of it with some more values known for good."""
        return Plan(
            tuple(Remainder(allow.rule, left) for allow in self.allows if may_allow(left := allow.formula.given(known))),
            tuple(Remainder(deny.rule, left) for deny in self.denies if (left := deny.formula.given(known)) != FALSE),
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """How attributes with the same rules are decided. ``sources`` are the places, among the recipes of the plan, of what the
    attributes are derived from: where all of those are disclosed, so is what they give away."""

    allows: tuple[Formula, ...]
    denies: tuple[Formula, ...]
    sources: tuple[int, ...] = ()

    def given(self, known: Values, places: Sequence[int | None]) -> "Recipe | None":
        """What is left of it, its sources counted by their new ``places``; ``None`` if it can no longer open anything."""
        sources = [places[source] for source in self.sources]
        whole = tuple(source for source in sources if source is not None)
        allows = tuple(left for allow in self.allows if may_allow(left := allow.given(known)))
        if not allows and (not whole or len(whole) < len(sources)):
            return None
        denies = tuple(left for deny in self.denies if (left := deny.given(known)) != FALSE)
        return Recipe(allows, denies, whole if len(whole) == len(sources) else ())


@dataclass(frozen=True, slots=True)
class AttributePlan:
    """Recipes with the attributes that follow them, sources first; ``never`` is what no rule can open for this purpose."""

    recipes: tuple[tuple[Recipe, tuple[str, ...]], ...] = ()
    never: tuple[str, ...] = ()

    def given(self, known: Values) -> "AttributePlan":
        """What is left of it with some more values known for good."""
        followers: dict[Recipe, list[str]] = {}
        places: list[int | None] = []
        never = list(self.never)
        for recipe, names in self.recipes:
            left = recipe.given(known, places)
            if left is None:
                never.extend(names)
            else:
                followers.setdefault(left, []).extend(names)
            places.append(None if left is None else list(followers).index(left))
        return AttributePlan(tuple((recipe, tuple(names)) for recipe, names in followers.items()), tuple(never))


@dataclass(frozen=True, slots=True)
class Share:
    """All that can apply when one organisation asks for one purpose."""

    operations: Mapping[tuple[str, str], Plan]
    """By resource type and operation."""
    disclose: AttributePlan
    write: AttributePlan

    def given(self, known: Values) -> "Share":
        operations = {call: plan.given(known) for call, plan in self.operations.items()}
        return Share(operations, self.disclose.given(known), self.write.given(known))


@dataclass(frozen=True, slots=True)
class Plans:
    """What can apply to anybody, and in ``shares``, by purpose and organisation, what of it can apply to those approved."""

    operations: Mapping[tuple[str, str, str], Plan]
    """By resource type, operation and purpose."""
    disclose: Mapping[str, AttributePlan]
    """By purpose."""
    write: Mapping[str, AttributePlan]
    shares: Mapping[tuple[str, str], Share]

    def of(self, purpose: str, organisation: str) -> Share:
        return self.shares.get((purpose, organisation)) or self._whole(purpose)

    def _whole(self, purpose: str) -> Share:
        operations = {call: self.operations[*call, purpose] for call in _CALLS}
        return Share(operations, self.disclose[purpose], self.write[purpose])


_CALLS: Final = tuple((kind, action) for kind, actions in OPERATIONS.items() for action in actions)


def may_allow(formula: Formula) -> bool:
    """An allow rule that is unknown for good can never become true; a deny rule that is so always applies."""
    return formula not in (FALSE, Constant(None))


def make_plans(
    rules: Iterable[Rule],
    broader: Mapping[str, frozenset[str]],
    attributes: Iterable[Attribute],
    organisations: Iterable[Approved] = (),
) -> Plans:
    """``broader`` maps every purpose to itself and what is broader."""
    buckets = _Buckets(rules, broader)
    catalogue = sorted(attributes, key=lambda attribute: bool(attribute.derived_from))
    whole = Plans(
        operations={
            (kind, action, purpose): buckets.plan(action, purpose, {**NO_ATTRIBUTE, "resource.type": kind})
            for kind, action in _CALLS
            for purpose in broader
        },
        disclose={purpose: _attribute_plan(buckets, DISCLOSE, purpose, catalogue) for purpose in broader},
        write={purpose: _attribute_plan(buckets, WRITE, purpose, catalogue) for purpose in broader},
        shares={},
    )
    return replace(whole, shares=_shares(whole, buckets, organisations))


def _shares(whole: Plans, buckets: "_Buckets", organisations: Iterable[Approved]) -> dict[tuple[str, str], Share]:
    """Organisations of a kind have the same share, as long as no rule for the purpose is about one of them alone."""
    shares: dict[tuple[str, str], Share] = {}
    by_kind: dict[tuple[str, str], Share] = {}
    for approved in organisations:
        name, kind = approved.organisation.id, approved.organisation.kind
        for purpose in {purpose for approval in approved.approvals for purpose in approval.covers}:
            share = by_kind.get((purpose, kind))
            if share is None:
                share = by_kind[purpose, kind] = whole.of(purpose, name).given({"subject.kind": kind})
            alone = purpose in buckets.naming_organisations
            shares[purpose, name] = share.given({"subject.organisation": name, "subject.id": name}) if alone else share
    return shares


NO_ATTRIBUTE: Values = dict.fromkeys(("resource.attribute", "resource.category", "resource.sensitivity", "resource.reveals"))
"""What a question about an operation says of attributes."""


_ABOUT: Final = ("resource.type", "resource.attribute", "resource.category", "resource.sensitivity")


class _Buckets:
    """The rules by action and purpose, as far as they name them."""

    def __init__(self, rules: Iterable[Rule], broader: Mapping[str, frozenset[str]]) -> None:
        self._broader = broader
        self._rules: defaultdict[tuple[str, str], list[tuple[Rule, Mapping[str, frozenset[str]]]]] = defaultdict(list)
        self.naming_organisations: set[str] = set()
        for rule in rules:
            actions = needed(rule.formula, "action.name")
            about = {path: texts for path in _ABOUT if (texts := needed(rule.formula, path)) is not None}
            alone = any(needed(rule.formula, path) is not None for path in ("subject.organisation", "subject.id"))
            for purpose in self._purposes(rule):
                if alone:
                    self.naming_organisations.add(purpose)
                for action in ACTIONS if actions is None else actions & ACTIONS:
                    self._rules[action, purpose].append((rule, about))

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
        for rule, about in self._rules.get((action, purpose), ()):
            # Only what is there and another is surely false: of what is missing the rule's formula knows better.
            if any(isinstance(held := whole[path], str) and held not in texts for path, texts in about.items()):
                continue
            formula = rule.formula.given(whole)
            if rule.effect == "deny" and formula != FALSE:
                denies.append(Remainder(rule, formula))
            if rule.effect == "allow" and may_allow(formula):
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
