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
    kept: list[Condition] = []
    for part in parts:
        if part is False:
            return False
        for condition in part.of if isinstance(part, AllOf) else () if part is True else (part,):
            if _contradicts(condition, kept):
                return False
            if condition not in kept:
                kept.append(condition)
    if len(kept) > 1:
        kept = [condition for condition in kept if not _weaker_than_another(condition, kept)]
    if len(kept) < 2:
        return kept[0] if kept else True
    return AllOf(of=tuple(kept))


def any_of(parts: Iterable[Residual]) -> Residual:
    """True where one part is true."""
    kept: list[Condition] = []
    for part in parts:
        if part is True:
            return True
        for condition in part.of if isinstance(part, AnyOf) else () if part is False else (part,):
            if condition not in kept:
                kept.append(condition)
    if len(kept) > 1:
        kept = [condition for condition in kept if not _stronger_than_another(condition, kept)]
    if len(kept) < 2:
        return kept[0] if kept else False
    return AnyOf(of=tuple(kept))


def leaf(condition: Leaf) -> Residual:
    """True where the leaf is true: one without values never is, whatever the fact."""
    return False if not isinstance(condition, Within) and not condition.values else condition


def opposite_leaf(condition: Leaf) -> Residual:
    """True where the leaf is false. Of a leaf without values that is wherever the fact is known at all."""
    return Not(of=condition)


def _contradicts(condition: Condition, others: list[Condition]) -> bool:
    """One of them is true only where the other is false."""
    if isinstance(condition, Not):
        return condition.of in others
    return any(isinstance(other, Not) and other.of == condition for other in others)


def _weaker_than_another(condition: Condition, others: list[Condition]) -> bool:
    """``a or b`` says nothing beside ``a``."""
    return isinstance(condition, AnyOf) and any(part in others for part in condition.of)


def _stronger_than_another(condition: Condition, others: list[Condition]) -> bool:
    """``a and b`` adds nothing to ``a``."""
    return isinstance(condition, AllOf) and any(part in others for part in condition.of)
