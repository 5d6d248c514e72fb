"""Rules after compilation: immutable formulas of Kleene's three-valued logic over the values of one question.

A formula never answers "true" or "false" but *when* it is true and *when* it is false: decided already, or a condition
on the record facts that the question leaves open. A missing or mistyped value makes a comparison unknown, which is
neither. Evaluating writes no state, so any number of threads may share a formula.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from policy_svc import residuals
from policy_svc.record_facts import LEAVES
from policy_svc.relations import Relation, Value
from policy_svc.vocabulary import PATHS, RECORD
from stena.contracts.condition import IsIn, Overlaps, Residual

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Question:
    """The values of one question by path; the facts in ``open`` are left to whoever holds the record."""

    values: Values
    open: frozenset[str] = frozenset()


class Formula(Protocol):
    """``true_when`` and ``false_when`` give the condition under which the formula is so; where neither holds it is unknown.

    ``given`` is the same formula with some values known for good: what they decide is folded away.
    """

    def true_when(self, question: Question) -> Residual: ...
    def false_when(self, question: Question) -> Residual: ...
    def given(self, known: Values) -> "Formula": ...


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool | None

    def true_when(self, question: Question) -> Residual:
        return self.value is True

    def false_when(self, question: Question) -> Residual:
        return self.value is False

    def given(self, known: Values) -> Formula:
        return self


TRUE, FALSE = Constant(True), Constant(False)


@dataclass(frozen=True, slots=True)
class Every:
    """True if all parts are, false if one is, else unknown."""

    parts: tuple[Formula, ...]

    def true_when(self, question: Question) -> Residual:
        return residuals.all_of(part.true_when(question) for part in self.parts)

    def false_when(self, question: Question) -> Residual:
        return residuals.any_of(part.false_when(question) for part in self.parts)

    def given(self, known: Values) -> Formula:
        parts = tuple(part for part in (part.given(known) for part in self.parts) if part != TRUE)
        if FALSE in parts:
            return FALSE
        return Every(parts) if len(parts) > 1 else parts[0] if parts else TRUE


@dataclass(frozen=True, slots=True)
class Some:
    """True if one part is, false if all are, else unknown."""

    parts: tuple[Formula, ...]

    def true_when(self, question: Question) -> Residual:
        return residuals.any_of(part.true_when(question) for part in self.parts)

    def false_when(self, question: Question) -> Residual:
        return residuals.all_of(part.false_when(question) for part in self.parts)

    def given(self, known: Values) -> Formula:
        parts = tuple(part for part in (part.given(known) for part in self.parts) if part != FALSE)
        if TRUE in parts:
            return TRUE
        return Some(parts) if len(parts) > 1 else parts[0] if parts else FALSE


@dataclass(frozen=True, slots=True)
class Opposite:
    """True where the part is false and the other way round; unknown stays unknown."""

    part: Formula

    def true_when(self, question: Question) -> Residual:
        return self.part.false_when(question)

    def false_when(self, question: Question) -> Residual:
        return self.part.true_when(question)

    def given(self, known: Values) -> Formula:
        part = self.part.given(known)
        if isinstance(part, Constant):
            return Constant(None if part.value is None else not part.value)
        return Opposite(part)


@dataclass(frozen=True, slots=True)
class Path:
    """An operand that the question holds, as ``element.name``."""

    name: str

    def read(self, values: Values) -> Value:
        return values.get(self.name)

    def given(self, known: Values) -> "Operand":
        return Literal(known[self.name]) if self.name in known else self


@dataclass(frozen=True, slots=True)
class Literal:
    """An operand that the rule holds: a scalar, or a collection made by ``relations.members``."""

    value: Value

    def read(self, values: Values) -> Value:
        return self.value

    def given(self, known: Values) -> "Operand":
        return self


Operand = Path | Literal


@dataclass(frozen=True, slots=True)
class Compare:
    """A relation between two values of the question or the rule; unknown unless both are there and of the right type."""

    left: Operand
    relation: Relation
    right: Operand

    def true_when(self, question: Question) -> Residual:
        return self.relation(self.left.read(question.values), self.right.read(question.values)) is True

    def false_when(self, question: Question) -> Residual:
        return self.relation(self.left.read(question.values), self.right.read(question.values)) is False

    def given(self, known: Values) -> Formula:
        left, right = self.left.given(known), self.right.given(known)
        if isinstance(left, Literal) and isinstance(right, Literal):
            return Constant(self.relation(left.value, right.value))
        return Compare(left, self.relation, right)


@dataclass(frozen=True, slots=True)
class Present:
    """Whether the question holds a value at all: the one comparison that is never unknown."""

    path: Path

    def true_when(self, question: Question) -> Residual:
        return self.path.read(question.values) is not None

    def false_when(self, question: Question) -> Residual:
        return self.path.read(question.values) is None

    def given(self, known: Values) -> Formula:
        return Constant(known[self.path.name] is not None) if self.path.name in known else self


@dataclass(frozen=True, slots=True)
class AboutRecord:
    """A relation between a record fact and another operand; left open, it becomes a condition.

    ``fact_first`` says on which side of the relation the fact stands.
    """

    fact: str
    relation: Relation
    other: Operand
    fact_first: bool

    def true_when(self, question: Question) -> Residual:
        if self.fact not in question.open:
            return self._outcome(question) is True
        leaves = self._leaves(question)
        if leaves is None:
            return False
        # Without leaves nothing is asked of the fact but that it is known.
        return residuals.all_of(map(residuals.leaf, leaves)) if leaves else residuals.opposite_leaf(self._never())

    def false_when(self, question: Question) -> Residual:
        if self.fact not in question.open:
            return self._outcome(question) is False
        leaves = self._leaves(question)
        return residuals.any_of(map(residuals.opposite_leaf, leaves)) if leaves is not None else False

    def given(self, known: Values) -> Formula:
        return AboutRecord(self.fact, self.relation, self.other.given(known), self.fact_first)

    def _outcome(self, question: Question) -> bool | None:
        fact, other = question.values.get(RECORD + self.fact), self.other.read(question.values)
        return self.relation(fact, other) if self.fact_first else self.relation(other, fact)

    def _leaves(self, question: Question) -> tuple[residuals.Leaf, ...] | None:
        """The relation as leaves that must all be true; ``None``: unknown, since the other operand is missing."""
        other = self.other.read(question.values)
        if other is None:
            return None
        return LEAVES[PATHS[RECORD + self.fact], self.relation, self.fact_first](self.fact, other)

    def _never(self) -> residuals.Leaf:
        if PATHS[RECORD + self.fact] == "set":
            return Overlaps(fact=self.fact, values=())
        return IsIn(fact=self.fact, values=())


def paths(formula: Formula) -> frozenset[str]:
    """Every path that the formula's value depends on."""
    match formula:
        case Every(parts=parts) | Some(parts=parts):
            return frozenset().union(*map(paths, parts))
        case Opposite(part=part):
            return paths(part)
        case Present(path=path):
            return frozenset({path.name})
        case Compare(left=left, right=right):
            return frozenset(side.name for side in (left, right) if isinstance(side, Path))
        case AboutRecord(fact=fact, other=other):
            return frozenset({RECORD + fact} | ({other.name} if isinstance(other, Path) else set()))
        case _:
            return frozenset()
