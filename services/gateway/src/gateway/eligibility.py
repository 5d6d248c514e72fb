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


def asked_by(match: Pair) -> list[Mapping[str, Any]]:
    """The conditions of the opportunity of a match that only the source can tell."""
    return [each for each in match["opportunity"].get("eligibility", ()) if each["approval"] is not None]


def meaning(condition: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a condition asks, whoever approved it."""
    return condition["attribute"], condition["operator"], str(condition["value"])


def open_to(matches: Sequence[Pair], answers: Mapping[tuple[str, str, str], str]) -> list[Pair]:
    """The matches of one person that no answer keeps out, in their order. ``answers`` are by what conditions mean."""
    kept = []
    for match in matches:
        said = {each["approval"]: answers.get(meaning(each), "unknown") for each in asked_by(match)}
        if "no" not in said.values():
            agreed = {approval for approval, answer in said.items() if answer == "yes"}
            kept.append(_met(match, agreed) if agreed else match)
    return kept


def _met(pair: Pair, approvals: Collection[str]) -> Pair:
    gates = [
        {**gate, "outcome": "met", "code": "condition-met"} if gate["parameters"].get("approval") in approvals else gate
        for gate in pair["explanation"]["gates"]
    ]
    eligible = "yes" if all(gate["outcome"] == "met" for gate in gates) else "to-be-verified"
    return {**pair, "eligible": eligible, "explanation": {**pair["explanation"], "gates": gates}}
