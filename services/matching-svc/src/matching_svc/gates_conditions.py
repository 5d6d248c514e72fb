"""An opportunity's own conditions on people. Pure; those on what matching knows are judged here, and no other ones.

INVARIANT: a condition on anything else is unknown here and stays so: it is asked at the source, and matching never learns it.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from matching_svc.features import View
from matching_svc.gates_work import covering
from stena.contracts.matching import Condition, Gate, NewOpportunity

RULE: Final = "opportunity.eligibility"

ORDINARY: Final[Mapping[str, tuple[type, frozenset[str]]]] = {
    "of_working_age": (bool, frozenset({"eq"})),
    "right_to_work": (str, frozenset({"eq"})),
    "region": (str, frozenset({"eq", "in"})),
    "education_level": (int, frozenset({"eq", "le", "ge"})),
}
"""What matching knows and a condition may speak of: the type of its value, and how it may be compared."""


def conditions(view: View, opportunity: NewOpportunity, start: date) -> Iterator[Gate]:
    """One gate for each condition, in their order."""
    for condition in opportunity.eligibility:
        if condition.attribute in ORDINARY:
            yield _ordinary(view, condition, start)
        else:
            yield _gate(condition, "unknown", "asked-at-the-source", start)


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
    return Gate(gate="eligibility", outcome=outcome, code=code, parameters=about, rule=RULE, on=on, uses=uses)


def in_words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else str(value)
