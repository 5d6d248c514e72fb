"""The semantics of rules once more, as plainly as they can be written: no compiling, no index, no residuals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from policy_svc.abac import compile_rule
from policy_svc.decisions import Decision
from policy_svc.faults import Faults
from policy_svc.plans import make_plans
from policy_svc.rulebook import Rulebook
from policy_svc.rules import Rule
from policy_svc.yaml_files import read
from stena.contracts.access import Evaluation
from stena.contracts.condition import holds

from .generated import Raw

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)

Seen = tuple[bool, set[str]]
"""Whether a record is seen at all, and which attributes of it."""


class Reference:
    """The semantics once more, as plainly as they can be written."""

    def __init__(self, rulebook: Rulebook, generated: Sequence[Raw], asked: Evaluation, facts: Mapping[str, Any]) -> None:
        self.rulebook, self.rules, self.facts = rulebook, generated, facts
        organisation = rulebook.organisations[asked.subject.id]
        purpose = asked.context["purpose"]
        live = [approval for approval in organisation.approvals if approval.first <= NOON.date() <= approval.last]
        owner = None if asked.resource.id == "*" else asked.resource.id
        self.operation = asked.action.name
        self.request: dict[str, dict[str, Any]] = {
            "subject": {
                "id": asked.subject.id,
                "$.organisation": asked.subject.id,
                "$.kind": organisation.organisation.kind,
                "$.person": asked.subject.properties.get("person"),
                "$.purposes": [covered for approval in live for covered in approval.covers],
                "$.regions": [region for approval in live if purpose in approval.covers for region in approval.regions],
                "$.roles": [],
            },
            "resource": {"id": owner, "$.type": "person", "$.owner": owner}
            | {f"$.record.{fact}": value for fact, value in facts.items()},
            "action": {},
            "context": {
                "$.purpose": purpose,
                "$.purpose_and_broader": list({purpose, "welfare"}),
                "$.consent": [purpose, f"{purpose}@{asked.subject.id}"],
                "$.case": asked.context.get("case"),
                "$.justification": asked.context.get("justification"),
            },
        }

    def seen(self) -> Seen:
        seen = self.permits(self.operation)
        return seen, self.open_attributes("disclose") if seen else set()

    def permits(self, action: str, **resource: Any) -> bool:
        self.request["action"] = {"id": action, "$.name": action}
        self.request["resource"] |= {
            f"$.{key}": resource.get(key) for key in ("attribute", "category", "sensitivity", "reveals")
        }
        allows = [self.rule(rule) for rule in self.rules if rule["effect"] == "allow"]
        denies = [self.rule(rule) for rule in self.rules if rule["effect"] == "deny"]
        return True in allows and all(answer is False for answer in denies)

    def open_attributes(self, action: str) -> set[str]:
        allowed: dict[str, bool] = {}
        for attribute in self.rulebook.catalogue.attributes:
            asked = {key: getattr(attribute, key) for key in ("category", "sensitivity", "reveals")} | {
                "attribute": attribute.name
            }
            self.request["action"] = {"id": action, "$.name": action}
            self.request["resource"] |= {f"$.{key}": value for key, value in asked.items()}
            denied = any(self.rule(rule) is not False for rule in self.rules if rule["effect"] == "deny")
            sources = attribute.derived_from
            by_sources = bool(sources) and all(allowed[source] for source in sources)
            allowed[attribute.name] = not denied and (self.permits(action, **asked) or by_sources)
        return {attribute for attribute, open_ in allowed.items() if open_}

    def rule(self, rule: Raw) -> bool | None:
        elements = [self.element(key, rule["rules"].get(key, {})) for key in ("subject", "resource", "action", "context")]
        return kleene(all, [*elements, *(self.target(key, ids) for key, ids in rule.get("targets", {}).items())])

    def target(self, key: str, ids: str | list[str]) -> bool | None:
        asked = self.request[key.removesuffix("_id")]["id"]
        return None if asked is None else asked in ([ids] if isinstance(ids, str) else ids)

    def element(self, key: str, groups: Any) -> bool | None:
        if isinstance(groups, list):
            return kleene(any, [self.element(key, group) for group in groups])
        return kleene(all, [self.condition(self.request[key].get(path), raw) for path, raw in groups.items()])

    def condition(self, value: Any, raw: Raw) -> bool | None:
        op = raw["condition"]
        if op in ("AllOf", "AnyOf"):
            return kleene(all if op == "AllOf" else any, [self.condition(value, part) for part in raw["values"]])
        if op == "Not":
            return opposite(self.condition(value, raw["value"]))
        if op in ("Exists", "NotExists"):
            return bool((value is not None) == (op == "Exists"))
        other = self.request[raw["ace"]].get(raw["path"]) if "ace" in raw else raw.get("values", raw.get("value", ()))
        if value is None or other is None:
            return None
        return plain_condition(op.removesuffix("Attribute"), value, other)


def plain_condition(op: str, value: Any, other: Any) -> bool:
    if op in ("NotEquals", "IsNotIn", "IsNotEmpty", "NotContains"):
        return not plain_condition(op.replace("Not", ""), value, other)
    if op == "AnyIn":
        return bool(set(value) & set(other))
    if op == "AllIn":
        return set(value) <= set(other)
    if op in ("IsIn", "Contains"):
        return bool(value in other if op == "IsIn" else other in value)
    if op in ("StartsWith", "EndsWith"):
        return bool(value.startswith(other) if op == "StartsWith" else value.endswith(other))
    return op == "Any" or bool(not value if op == "IsEmpty" else value == other)


def kleene(law: Any, answers: list[bool | None]) -> bool | None:
    decisive: bool = law is any
    return decisive if decisive in answers else None if None in answers else not decisive


def opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def rules_of(generated: Sequence[Raw]) -> tuple[Rule, ...]:
    """The same rules, compiled."""
    faults = Faults()
    raw = read("rules/generated.yaml", json.dumps(generated), faults)
    rules = tuple(rule for part in raw if (rule := compile_rule(part, part.place, faults)))
    faults.raise_if_any()
    return rules


def with_rules(rulebook: Rulebook, rules: tuple[Rule, ...]) -> Rulebook:
    """The same rulebook with these rules instead of its own."""
    plans = make_plans(rules, rulebook.broader, rulebook.catalogue.attributes, rulebook.organisations.values())
    return replace(rulebook, rules=rules, plans=plans)


def visible(decision: Decision, facts: Any) -> Seen:
    """What a record shows under a decision, its residuals evaluated in Python."""
    seen = decision.permit and holds(decision.rows, facts)
    return seen, {attribute for attribute, way in decision.disclose.items() if seen and holds(way.when, facts)}
