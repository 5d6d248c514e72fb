"""What a filter means, said once more: whom a list narrowed by it has to hold."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from stena.contracts.profile import Operator

from .expected import ATTRIBUTES

OPERATORS: Final[tuple[str, ...]] = get_args(Operator)

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def comparable(name: str, value: Any) -> Any:
    """Something in ``value`` that a filter can be asked with: of a list a member, of an object one of its texts."""
    if isinstance(value, list):
        return comparable(name, value[0])
    if isinstance(value, dict):
        return value[ATTRIBUTES[name].filter_key or next(iter(value))]
    return value


def matching(name: str, asked: str, value: Any, has: Any) -> bool:
    """Whether somebody of whom ``has`` is stored is one of those for whom the filter holds."""
    if has is None:
        return False
    if asked == "has":
        key = ATTRIBUTES[name].filter_key
        return isinstance(has, list) and value in [member if key is None else member[key] for member in has]
    if asked in ("eq", "in"):
        return bool(has == value)
    if asked == "ne":
        return bool(has != value)
    return type(has) is type(value) and _ORDER[asked](has, value)
