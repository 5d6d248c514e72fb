"""The values that rules compare and the relations that conditions test, with three answers. None of them raises.

Missing or of the wrong type means unknown (``None``): a rule that cannot be evaluated must never open anything.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from math import isfinite
from typing import Any, Final, TypeGuard

Scalar = str | bool | int | float
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Composite:
    """An object, or a list of more than scalars: it is there, an object equals its like, and no more can be said of it."""

    parts: object


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression of RE2, which takes linear time whatever the text; ``compiled`` is shared by all threads."""

    text: str
    compiled: Any = field(compare=False, repr=False)


Value = Scalar | frozenset[object] | Composite | Pattern | Network | None
Relation = Callable[[Value, Value], bool | None]

DEEPEST: Final = 32
"""What is nested deeper equals nothing that a rulebook can hold."""


def value_of(raw: object) -> Value:
    """A value of JSON as the relations want it: a list of scalars is a set, and what is no finite number is missing."""
    if isinstance(raw, float) and not isfinite(raw):
        return None
    if raw is None or isinstance(raw, str | bool | int | float):
        return raw
    if isinstance(raw, list | tuple) and all(isinstance(part, str | bool | int | float) for part in raw):
        return members(raw)
    return Composite(_parts(raw, DEEPEST))


def _parts(raw: object, depth: int) -> object:
    if isinstance(raw, dict):
        return frozenset((key, _parts(part, depth - 1)) for key, part in raw.items()) if depth else object()
    if isinstance(raw, list | tuple):
        return tuple(_parts(part, depth - 1) for part in raw) if depth else object()
    return distinct(raw)


def members(values: Iterable[object]) -> frozenset[object]:
    """A collection as the relations want it."""
    return frozenset(map(distinct, values))


def distinct(value: object) -> object:
    """A scalar as it is compared: numbers and booleans carry their kind, since to Python ``True`` equals 1."""
    return value if isinstance(value, str) else (type(value) is bool, value)


def equal(left: Value, right: Value) -> bool | None:
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if not isinstance(left, bool | int | float) or not isinstance(right, bool | int | float):
        return None
    return left == right if isinstance(left, bool) is isinstance(right, bool) else None


def equal_caseless(left: Value, right: Value) -> bool | None:
    return left.lower() == right.lower() if isinstance(left, str) and isinstance(right, str) else None


def less(left: Value, right: Value) -> bool | None:
    return left < right if _is_number(left) and _is_number(right) else None


def at_most(left: Value, right: Value) -> bool | None:
    return left <= right if _is_number(left) and _is_number(right) else None


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def contains(left: Value, right: Value) -> bool | None:
    return right in left if isinstance(left, str) and isinstance(right, str) else None


def contains_caseless(left: Value, right: Value) -> bool | None:
    return right.lower() in left.lower() if isinstance(left, str) and isinstance(right, str) else None


def starts(left: Value, right: Value) -> bool | None:
    return left.startswith(right) if isinstance(left, str) and isinstance(right, str) else None


def starts_caseless(left: Value, right: Value) -> bool | None:
    return left.lower().startswith(right.lower()) if isinstance(left, str) and isinstance(right, str) else None


def ends(left: Value, right: Value) -> bool | None:
    return left.endswith(right) if isinstance(left, str) and isinstance(right, str) else None


def ends_caseless(left: Value, right: Value) -> bool | None:
    return left.lower().endswith(right.lower()) if isinstance(left, str) and isinstance(right, str) else None


def matches(left: Value, right: Value) -> bool | None:
    """Whether the pattern is found anywhere in the text. A text that UTF-8 cannot hold (half a surrogate) is unknown."""
    if not isinstance(left, str) or not isinstance(right, Pattern):
        return None
    try:
        return right.compiled.search(left) is not None
    except UnicodeEncodeError:
        return None


def in_network(left: Value, right: Value) -> bool | None:
    """Whether the text is an address in the network. An IPv4 address in IPv6's clothes is still that IPv4 address."""
    if not isinstance(left, str) or not isinstance(right, Network):
        return None
    try:
        address = ip_address(left)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) and isinstance(right, IPv4Network) else None
    return (mapped or address) in right


def same_object(left: Value, right: Value) -> bool | None:
    return left.parts == right.parts if _is_object(left) and _is_object(right) else None


def _is_object(value: Value) -> TypeGuard[Composite]:
    return isinstance(value, Composite) and isinstance(value.parts, frozenset)


def member(left: Value, right: Value) -> bool | None:
    if not isinstance(left, str | bool | int | float) or not isinstance(right, frozenset):
        return None
    one = distinct(left)
    if one in right:
        return True
    return False if not right or any(_alike(one, other) for other in right) else None


def _alike(one: object, other: object) -> bool:
    """Whether two members are values of one kind. Between kinds there is nothing to compare."""
    return (one[0] is other[0]) if isinstance(one, tuple) and isinstance(other, tuple) else type(one) is type(other)


def overlap(left: Value, right: Value) -> bool | None:
    return not left.isdisjoint(right) if isinstance(left, frozenset) and isinstance(right, frozenset) else None


def within(left: Value, right: Value) -> bool | None:
    return left <= right if isinstance(left, frozenset) and isinstance(right, frozenset) else None


def anything(left: Value, right: Value) -> bool | None:
    return None if left is None else True
