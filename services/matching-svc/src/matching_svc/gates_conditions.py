"""An opportunity's own conditions on people. Pure; those on what matching knows are judged here, and no other ones.

INVARIANT: a condition on anything else is unknown here and stays so: it is asked at the source, and matching never learns it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from matching_svc.features import View
from matching_svc.gates_work import covering
from stena.contracts.matching import Condition, Gate, NewOpportunity

RULE: Final = "opportunity.eligibility"


@dataclass(frozen=True, slots=True)
class Ordinary:
    """How an attribute that matching knows may be asked for; ``words`` say which values it ``takes``."""

    operators: frozenset[str]
    takes: Callable[[Condition], bool]
    words: str


_NUTS: Final = re.compile("[A-Z]{2}[0-9A-Z]{0,3}")

ORDINARY: Final[Mapping[str, Ordinary]] = {
    "of_working_age": Ordinary(frozenset({"eq"}), lambda asked: asked.value is True, "true alone"),
    "right_to_work": Ordinary(frozenset({"eq"}), lambda asked: asked.value == "yes", "yes alone"),
    "region": Ordinary(frozenset({"eq", "in"}), lambda asked: _are_regions(asked), "NUTS codes, one for eq and a list for in"),
    "education_level": Ordinary(
        frozenset({"eq", "le", "ge"}),
        lambda asked: type(asked.value) is int and 0 <= asked.value <= 8,
        "a level of ISCED 2011, 0 to 8",
    ),
}
"""What matching knows and a condition may speak of."""


def _are_regions(asked: Condition) -> bool:
    if asked.operator == "eq":
        return isinstance(asked.value, str) and _NUTS.fullmatch(asked.value) is not None
    return isinstance(asked.value, tuple) and bool(asked.value) and all(map(_NUTS.fullmatch, asked.value))


def conditions(view: View, opportunity: NewOpportunity, start: date) -> Iterator[Gate]:
    """One gate for each condition, in their order."""
    for condition in opportunity.eligibility:
        if condition.attribute in ORDINARY:
            yield _ordinary(view, condition, start)
        else:
            yield _gate(condition, "unknown", "asked-at-the-source", start)


def faults(opportunity: NewOpportunity) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the conditions themselves, by where it stands.

    INVARIANT: no condition on what matching does not know stands without an approval.
    """
    for at, condition in enumerate(opportunity.eligibility):
        ordinary = ORDINARY.get(condition.attribute)
        if ordinary is None:
            if condition.approval is None:
                yield ("eligibility", at, "approval"), f"A condition on {condition.attribute} needs an approval by two persons."
            continue
        if condition.approval is not None:
            yield ("eligibility", at, "approval"), f"A condition on {condition.attribute} needs no approval."
        if condition.operator not in ordinary.operators:
            yield ("eligibility", at, "operator"), f"For {condition.attribute} one of {', '.join(sorted(ordinary.operators))}."
        elif not ordinary.takes(condition):
            yield ("eligibility", at, "value"), f"For {condition.attribute} {ordinary.words}."


def _ordinary(view: View, condition: Condition, start: date) -> Gate:
    uses, value = view.allows(condition.attribute), _value(view, condition.attribute, start)
    if value is None:
        return _gate(condition, "unknown", "check-condition", start, uses)
    if _holds(condition, value):
        return _gate(condition, "met", "condition-met", start, uses)
    return _gate(condition, "not-met", "condition-not-met", start, uses)


def _value(view: View, attribute: str, start: date) -> Any:
    """What is known on the first day; of the right to work only a plain yes or no."""
    if attribute != "right_to_work":
        return getattr(view.features, attribute)
    right = covering(start, view.features.right_to_work or ())
    return right.answer if right is not None and right.answer in ("yes", "no") else None


def _holds(condition: Condition, value: Any) -> bool:
    wanted = condition.value
    match condition.operator:
        case "le":
            return bool(value <= wanted)
        case "ge":
            return bool(value >= wanted)
        case _ if condition.attribute == "region":  # NUTS codes nest
            return str(value).startswith(wanted if isinstance(wanted, tuple) else str(wanted))
        case _:
            return bool(value == wanted)


def _gate(condition: Condition, outcome: Any, code: str, on: date, uses: tuple[str, ...] = ()) -> Gate:
    about = {"attribute": condition.attribute, "operator": condition.operator, "value": in_words(condition.value)}
    if condition.approval is not None:
        about["approval"] = condition.approval
    return Gate(gate="eligibility", outcome=outcome, code=code, parameters=about, rule=RULE, on=on, uses=uses)


def in_words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else str(value)
