"""Relations to a record fact as leaves of a condition, which profile-svc and matching-svc turn into SQL.

What is not in the table cannot become SQL, and a rule that asks for it is refused when the rulebook is loaded.
"""

from collections.abc import Callable, Mapping

from policy_svc.relations import Relation, Value, anything, distinct, equal, member, overlap, within
from policy_svc.residuals import Leaf
from stena.contracts.condition import IsIn, Overlaps, Within

Leaves = Callable[[str, Value], tuple[Leaf, ...] | None]
"""Fact and the other operand's value to leaves that must all be true; ``None`` is unknown: the other operand is mistyped."""


def _texts(value: Value) -> tuple[str, ...] | None:
    return tuple(sorted(str(text) for text in value)) if isinstance(value, frozenset) else None


def _overlaps(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    texts = _texts(value)
    return None if texts is None else (Overlaps(fact=fact, values=texts),)


def _within(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    texts = _texts(value)
    return None if texts is None else (Within(fact=fact, values=texts),)


def _contains_each(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    texts = _texts(value)
    return None if texts is None else tuple(Overlaps(fact=fact, values=(text,)) for text in texts)


def _contains(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    return (Overlaps(fact=fact, values=(value,)),) if isinstance(value, str) else None


def _is(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    return (IsIn(fact=fact, values=(value,)),) if isinstance(value, str | bool) else None


def _is_in(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    texts = _texts(value)
    return None if texts is None else (IsIn(fact=fact, values=texts),)


def _is_in_booleans(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    if not isinstance(value, frozenset):
        return None
    return (IsIn(fact=fact, values=tuple(answer for answer in (False, True) if distinct(answer) in value)),)


def _known(fact: str, value: Value) -> tuple[Leaf, ...] | None:
    return ()


LEAVES: Mapping[tuple[str, Relation, bool], Leaves] = {
    ("set", overlap, True): _overlaps,
    ("set", overlap, False): _overlaps,
    ("set", within, True): _within,
    ("set", within, False): _contains_each,
    ("set", member, False): _contains,
    ("set", anything, True): _known,
    ("text", equal, True): _is,
    ("text", equal, False): _is,
    ("text", member, True): _is_in,
    ("text", anything, True): _known,
    ("bool", member, True): _is_in_booleans,
    ("bool", anything, True): _known,
}
"""Kind of fact, relation, and whether the fact is its left side, to the leaves that say the same."""
