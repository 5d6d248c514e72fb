"""What a rulebook says that cannot be meant: rules that never apply, and proxies that nobody has answered for. Pure.

A fault here refuses the rulebook. It is asked of the whole, after every file has been read; ``chapters`` and ``abac`` have
checked the parts.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from policy_svc.approvals import Approved
from policy_svc.cells import forbidden, turning_days
from policy_svc.decisions import standing
from policy_svc.faults import Faults
from policy_svc.formulas import FALSE, Formula, Values
from policy_svc.plans import NO_ATTRIBUTE, values_of
from policy_svc.relations import members
from policy_svc.rulebook import Rulebook
from policy_svc.rules import Rule, needed
from policy_svc.vocabulary import ACTIONS, DISCLOSE, DISCLOSING, OPERATIONS, WRITE
from policy_svc.ways import NEVER, all_of, false_ways, true_ways

_MEND = "Remove it, or mend what keeps it from applying"


def check_rules(rulebook: Rulebook, faults: Faults) -> None:
    """Every rule applies to something that can be asked, and no allow rule is overridden wherever it applies."""
    house = _House(rulebook)
    for rule in rulebook.rules:
        if rule.effect == "deny":
            _check_deny(rule, house, faults)
        else:
            _check_allow(rule, house, faults)


class _Call(NamedTuple):
    """One question that can be asked, whoever asks: ``name`` is the resource's type, or of an attribute its name."""

    purpose: str
    action: str
    name: str
    known: Values


def _check_deny(rule: Rule, house: "_House", faults: Faults) -> None:
    # A deny rule is a precaution: it may speak of a purpose and of organisations that nobody is approved for yet.
    if all(rule.formula.given(call.known) == FALSE for call in house.calls(rule, house.purposes_of(rule))):
        faults.add(rule.place, "it can never apply: no call meets all of its conditions", _MEND, rule.uid)


def _check_allow(rule: Rule, house: "_House", faults: Faults) -> None:
    purposes = [name for name in house.purposes_of(rule) if house.standings.get(name)]
    if not purposes:
        names = ", ".join(sorted(house.purposes_of(rule))) or "its purpose"
        what = f"it can never apply: nobody is approved for {names}"
        faults.add(rule.place, what, "Approve an organisation, or remove the rule", rule.uid)
        return
    overridden: tuple[str, ...] = ()
    for call, who in house.applications(rule, purposes):
        allowed = true_ways(rule.formula.given(call.known).given(who))
        if allowed == NEVER:
            continue
        if all_of([allowed, *(false_ways(deny.given(who)) for deny in house.denies(call, who))]) != NEVER:
            return
        overridden = overridden or tuple(house.overriding(call, who))
    what = "it can never apply: no approved organisation and no call meets all of its conditions"
    if overridden:
        what = f"it can never apply: wherever it would, {' or '.join(overridden)} denies"
    faults.add(rule.place, what, _MEND, rule.uid)


class _House:
    """The rulebook with the indexes that the checks go through."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    @cached_property
    def standings(self) -> Mapping[str, list[Values]]:
        """Purpose to what the rulebook says of each organisation that may claim it, for every stretch of days."""
        found: dict[str, list[Values]] = {}
        for approved in self.rulebook.organisations.values():
            for purpose, values in _standings(approved):
                if not forbidden(self.rulebook, purpose):
                    found.setdefault(purpose, []).append(values)
        return found

    def purposes_of(self, rule: Rule) -> list[str]:
        exact = needed(rule.formula, "context.purpose")
        wide = needed(rule.formula, "context.purpose_and_broader")
        return [
            name
            for name, broader in self.rulebook.broader.items()
            if (exact is None or name in exact) and (wide is None or broader & wide)
        ]

    def calls(self, rule: Rule, purposes: Iterable[str]) -> Iterator[_Call]:
        """Every question that the rule could be about, by what it names."""
        named = needed(rule.formula, "action.name")
        for purpose in purposes:
            about: Values = {"context.purpose": purpose, "context.purpose_and_broader": members(self.rulebook.broader[purpose])}
            for action in sorted(ACTIONS if named is None else ACTIONS & named):
                for name, known in self._resources(rule, action, purpose):
                    yield _Call(purpose, action, name, {**about, **known, "action.name": action, "action.id": action})

    def applications(self, rule: Rule, purposes: Iterable[str]) -> Iterator[tuple[_Call, Values]]:
        for call in self.calls(rule, purposes):
            for who in self.standings[call.purpose]:
                yield call, who

    def denies(self, call: _Call, who: Values) -> Iterable[Formula]:
        """What is left of the deny rules that speak of a call by the organisation."""
        share = self.rulebook.plans.of(call.purpose, str(who["subject.organisation"]))
        if call.action not in (DISCLOSE, WRITE):
            return [deny.formula for deny in share.operations[call.name, call.action].denies]
        plan = share.disclose if call.action == DISCLOSE else share.write
        return next((recipe.denies for recipe, names in plan.recipes if call.name in names), ())

    def overriding(self, call: _Call, who: Values) -> Iterator[str]:
        """The rules that deny the call whatever the record; if only several together do, all that speak of it."""
        left = {
            rule.uid: formula
            for rule in self._denying.get(call.purpose, ())
            if (formula := rule.formula.given(call.known).given(who)) != FALSE
        }
        alone = [uid for uid, formula in left.items() if false_ways(formula) == NEVER]
        yield from (f"the rule {uid}" for uid in alone or left)

    @cached_property
    def _denying(self) -> Mapping[str, list[Rule]]:
        """Purpose to the deny rules that may speak of it."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rulebook.rules:
            for purpose in self.purposes_of(rule) if rule.effect == "deny" else ():
                found.setdefault(purpose, []).append(rule)
        return found

    def _resources(self, rule: Rule, action: str, purpose: str) -> Iterator[tuple[str, Values]]:
        if action in (DISCLOSE, WRITE):
            if self._shows_people(purpose):
                yield from self._attributes(rule, action)
            return
        for kind, names in OPERATIONS.items():
            if action in names:
                yield kind, {**NO_ATTRIBUTE, "resource.type": kind}

    def _attributes(self, rule: Rule, action: str) -> Iterator[tuple[str, Values]]:
        names, categories = needed(rule.formula, "resource.attribute"), needed(rule.formula, "resource.category")
        for attribute in self.rulebook.catalogue.attributes:
            named = (names is None or attribute.name in names) and (categories is None or attribute.category in categories)
            if named and (action == DISCLOSE or not attribute.derived_from):
                yield attribute.name, values_of(attribute)

    def _shows_people(self, purpose: str) -> bool:
        plans = self.rulebook.plans.operations
        return any(plans[kind, name, purpose].allows for kind, name in DISCLOSING)


def _standings(approved: Approved) -> Iterator[tuple[str, Values]]:
    for day in turning_days([approved]):
        for purpose in sorted(approved.purposes(day)):
            live = [approval for approval in approved.covering(purpose) if approval.live(day)]
            yield purpose, standing(approved, live, purpose, day)
