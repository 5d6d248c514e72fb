"""A rulebook of plain rules over plain entities: no purposes, no people, no grants. Decides the same way, and purely.

    permit  ⇔  some allow rule is true  and  no deny rule is true or unknown

INVARIANT: deny overrides, nothing applicable is a deny, and whatever is unknown opens nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy_svc.decisions import Decision
from policy_svc.entities import Entities
from policy_svc.formulas import FALSE, Constant, Question, paths
from policy_svc.plans import Plan, Remainder
from policy_svc.relations import Value, value_of
from policy_svc.rules import Rule, needed
from stena.contracts.access import Evaluation, Reason


@dataclass(frozen=True, slots=True)
class PlainRulebook:
    """``plans`` are by action: an action that no allow rule names is never permitted. ``paths`` are what rules look at."""

    revision: str
    files: Mapping[str, str]
    entities: Entities
    rules: tuple[Rule, ...]
    plans: Mapping[str, Plan]
    paths: frozenset[str]


def plans_of(rules: tuple[Rule, ...]) -> dict[str, Plan]:
    """What is left of the rules for each action that an allow rule names, in the order of the names."""
    allowing = [actions_of(rule) or frozenset() for rule in rules if rule.effect == "allow"]
    return {action: _plan(action, rules) for action in sorted(frozenset[str]().union(*allowing))}


def actions_of(rule: Rule) -> frozenset[str] | None:
    """The actions that a rule is for; ``None`` if it names none."""
    named = [texts for path in ("action.name", "action.id") if (texts := needed(rule.formula, path)) is not None]
    return frozenset.intersection(*named) if named else None


def decide_plain(rulebook: PlainRulebook, evaluation: Evaluation) -> Decision:
    """The decision for one question. An entity that is missing where its type is listed may do nothing, and nothing to it."""
    plan = rulebook.plans.get(evaluation.action.name, Plan())
    if not rulebook.entities.know(evaluation):
        return Decision(False, Reason.NOT_NECESSARY)
    question = Question(_values(rulebook, evaluation))
    allowing = tuple(each.rule.uid for each in plan.allows if each.formula.true_when(question) is True)
    denying = tuple(each.rule.uid for each in plan.denies if each.formula.false_when(question) is not True)
    if not allowing:
        return Decision(False, Reason.NOT_NECESSARY)
    if denying:
        return Decision(False, Reason.DENIED_BY_RULE, denying)
    return Decision(True, None, allowing, rows=True)


def _plan(action: str, rules: tuple[Rule, ...]) -> Plan:
    known: dict[str, Value] = {"action.name": action, "action.id": action}
    remainders = [Remainder(rule, rule.formula.given(known)) for rule in rules]
    return Plan(
        tuple(each for each in remainders if each.rule.effect == "allow" and each.formula not in (FALSE, Constant(None))),
        tuple(each for each in remainders if each.rule.effect == "deny" and each.formula != FALSE),
    )


def _values(rulebook: PlainRulebook, evaluation: Evaluation) -> dict[str, Value]:
    action = evaluation.action
    elements: dict[str, Mapping[str, Any]] = {
        "subject": rulebook.entities.subjects.properties(evaluation.subject),
        "resource": rulebook.entities.resources.properties(evaluation.resource),
        "action": {**action.properties, "name": action.name, "id": action.name},
        "context": evaluation.context,
    }
    return {path: value_of(_at(elements, path.split("."))) for path in rulebook.paths}


def _at(value: Any, names: list[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def referred(rules: tuple[Rule, ...]) -> frozenset[str]:
    """Every path that some rule looks at."""
    return frozenset[str]().union(*(paths(rule.formula) for rule in rules))
