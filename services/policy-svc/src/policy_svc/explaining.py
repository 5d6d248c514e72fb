"""What is asked of an explanation and what it answers, as JSON: for the API and the command alike. It decides nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from policy_svc.entries import FactsEntry
from policy_svc.explanations import Condition, Considered, Explanation, explain
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation


class Wanted(BaseModel):
    """A call to explain. ``record`` holds the facts of a record (what it leaves out is unknown); without it they stay open.

    ``rulebook`` names the revision that decided, where the call is one of the past.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    attributes: tuple[str, ...] = ()
    record: FactsEntry | None = None
    at: AwareDatetime | None = None
    rulebook: str | None = None


def explanation_of(rulebook: Rulebook, wanted: Wanted) -> Explanation:
    facts = wanted.record.model_dump() if wanted.record else None
    return explain(rulebook, wanted.evaluation, wanted.at or datetime.now(UTC), facts, wanted.attributes)


def plain(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON. Of the conditions of a decision it shows what became of them, not the grant."""
    decision = explanation.decision
    return {
        "rulebook": explanation.revision,
        "decision": decision.permit,
        "reason": decision.reason,
        "decided_by": list(decision.rules),
        "values": dict(explanation.values),
        "rules": _rules(explanation.rules),
        "attributes": {
            each.name: {
                "outcome": each.outcome,
                "reason": each.reason,
                "derived_from": list(each.derived_from),
                "rules": _rules(each.rules),
            }
            for each in explanation.attributes
        },
    }


def _rules(rules: Iterable[Considered]) -> list[dict[str, Any]]:
    return [
        {
            "rule": each.rule,
            "effect": each.effect,
            "applies": each.applies,
            "truth": each.truth,
            "place": each.place,
            "description": each.description,
            "condition": _condition(each.condition),
        }
        for each in rules
    ]


def _condition(condition: Condition) -> dict[str, Any]:
    shown: dict[str, Any] = {"condition": condition.text, "truth": condition.truth}
    if condition.used:
        shown["used"] = dict(condition.used)
    if condition.parts:
        shown["parts"] = [_condition(part) for part in condition.parts]
    return shown
