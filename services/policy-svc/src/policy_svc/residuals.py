"""Building residual conditions so that they stay small: constants folded, nests flattened, doubles and the implied dropped.

INVARIANT: what is built is true for exactly the facts for which the unsimplified condition is true. Whether it is false
or unknown for the others makes no difference: an enforcement point lets through only what is true. Negation stands at
the leaves alone, so every other node is one that must *become true*.
"""

from collections.abc import Iterable

from stena.contracts.condition import AllOf, AnyOf, Condition, IsIn, Not, Overlaps, Residual, Within

Leaf = Overlaps | Within | IsIn


def all_of(parts: Iterable[Residual]) -> Residual:
    """True where every part is true."""
    conditions: list[Condition] = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            conditions.extend(part.of if isinstance(part, AllOf) else (part,))
    if len(conditions) < 2:
        return conditions[0] if conditions else True
    kept = _distinct(conditions)
    if any(isinstance(condition, Not) and condition.of in kept for condition in kept):
        return False
    kept = [condition for condition in kept if not _weaker_than_another(condition, kept)]
    return AllOf(of=tuple(kept)) if len(kept) > 1 else kept[0]


def any_of(parts: Iterable[Residual]) -> Residual:
    """True where one part is true."""
    conditions: list[Condition] = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            conditions.extend(part.of if isinstance(part, AnyOf) else (part,))
    if len(conditions) < 2:
        return conditions[0] if conditions else False
    kept = _distinct(conditions)
    kept = [condition for condition in kept if not _stronger_than_another(condition, kept)]
    return AnyOf(of=tuple(kept)) if len(kept) > 1 else kept[0]


def leaf(condition: Leaf) -> Residual:
    """True where the leaf is true: one without values never is, whatever the fact."""
    return False if not isinstance(condition, Within) and not condition.values else condition


def opposite_leaf(condition: Leaf) -> Residual:
    """True where the leaf is false. Of a leaf without values that is wherever the fact is known at all."""
    return Not(of=condition)


def _distinct(conditions: list[Condition]) -> list[Condition]:
    kept: list[Condition] = []
    for condition in conditions:
        if condition not in kept:
            kept.append(condition)
    return kept


def _weaker_than_another(condition: Condition, others: list[Condition]) -> bool:
    """``a or b`` says nothing beside ``a``."""
    return isinstance(condition, AnyOf) and any(part in others for part in condition.of)


def _stronger_than_another(condition: Condition, others: list[Condition]) -> bool:
    """``a and b`` adds nothing to ``a``."""
    return isinstance(condition, AllOf) and any(part in others for part in condition.of)
