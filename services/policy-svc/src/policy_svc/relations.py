"""The relations that conditions test, over plain values, with three answers. None of them raises.

Missing or of the wrong type means unknown (``None``): a rule that cannot be evaluated must never open anything.
"""

from collections.abc import Callable, Iterable

Scalar = str | bool | int | float
Value = Scalar | frozenset[object] | None
Relation = Callable[[Value, Value], bool | None]


def members(values: Iterable[object]) -> frozenset[object]:
    """A collection as the relations want it."""
    return frozenset(map(distinct, values))


def equal(left: Value, right: Value) -> bool | None:
    if left is None or right is None or isinstance(left, frozenset) or isinstance(right, frozenset):
        return None
    one, other = distinct(left), distinct(right)
    return one == other if type(one) is type(other) else None


def equal_caseless(left: Value, right: Value) -> bool | None:
    return left.lower() == right.lower() if isinstance(left, str) and isinstance(right, str) else None


def member(left: Value, right: Value) -> bool | None:
    if left is None or isinstance(left, frozenset) or not isinstance(right, frozenset):
        return None
    return distinct(left) in right


def overlap(left: Value, right: Value) -> bool | None:
    return not left.isdisjoint(right) if isinstance(left, frozenset) and isinstance(right, frozenset) else None


def within(left: Value, right: Value) -> bool | None:
    return left <= right if isinstance(left, frozenset) and isinstance(right, frozenset) else None


def anything(left: Value, right: Value) -> bool | None:
    return None if left is None else True


def distinct(value: object) -> object:
    """A scalar as it is compared: numbers and booleans carry their kind, since to Python ``True`` equals 1."""
    return value if isinstance(value, str) else (type(value) is bool, value)
