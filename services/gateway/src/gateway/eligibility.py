"""What the source's answers make of ranked people: a no is not shown, a yes is a gate that is met. Pure.

INVARIANT: unknown changes nothing, so whoever did not agree is shown as if nobody had asked.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gateway.redaction import Surplus, View, members

Pair = Mapping[str, Any]


def answers_of(body: Any, asked: Collection[str]) -> Mapping[str, str]:
    """The answers, if they are nothing but answers about those who were asked about; else ``Surplus``."""
    answers: Mapping[str, str] = members(body, {"answers"}, "eligibility")["answers"]
    if answers.keys() != set(asked) or not set(answers.values()) <= {"yes", "no", "unknown"}:
        raise Surplus("more than an answer")
    return answers


def shortlisted(
    found: Sequence[tuple[View, Pair]], answers: Mapping[str, str], approvals: Collection[str]
) -> list[tuple[View, Pair]]:
    """Those who are not kept out, in their order. ``approvals`` are those whose conditions were asked about."""
    kept = [(view, pair, answers.get(view["id"], "unknown")) for view, pair in found]
    return [(view, _met(pair, approvals) if answer == "yes" else pair) for view, pair, answer in kept if answer != "no"]


def _met(pair: Pair, approvals: Collection[str]) -> Pair:
    gates = [
        {**gate, "outcome": "met", "code": "condition-met"} if gate["parameters"].get("approval") in approvals else gate
        for gate in pair["explanation"]["gates"]
    ]
    eligible = "yes" if all(gate["outcome"] == "met" for gate in gates) else "to-be-verified"
    return {**pair, "eligible": eligible, "explanation": {**pair["explanation"], "gates": gates}}
