"""Single conditions and the values that they look at, as people and machines read them. Pure text."""

from collections.abc import Mapping
from typing import Final

from policy_svc import relations
from policy_svc.formulas import AboutRecord, Compare, Constant, Formula, Operand, Path, Present
from policy_svc.relations import Relation
from policy_svc.vocabulary import RECORD

_PHRASES: Final[Mapping[Relation, str]] = {
    relations.equal: "is",
    relations.equal_caseless: "is, in small or capital letters,",
    relations.less: "is less than",
    relations.at_most: "is at most",
    relations.contains: "contains",
    relations.starts: "starts with",
    relations.ends: "ends with",
    relations.matches: "matches",
    relations.in_network: "is in the network",
    relations.same_object: "is the object",
    relations.member: "is one of",
    relations.overlap: "has one of",
    relations.within: "is within",
    relations.anything: "is known",
}


def words_of(formula: Formula) -> str:
    """A condition that is made of no others."""
    match formula:
        case Constant(value=value):
            return {True: "always", False: "never"}.get(value, "unknown") if value is not None else "unknown"
        case Present(path=path):
            return f"{_name(path)} is there"
        case Compare(left=left, relation=relation, right=right):
            return _related(_operand(left), relation, _operand(right))
        case AboutRecord(fact=fact, relation=relation, other=other, fact_first=fact_first):
            sides = (_name(Path(RECORD + fact)), _operand(other))
            return _related(sides[0], relation, sides[1]) if fact_first else _related(sides[1], relation, sides[0])
        case _:
            return "a condition"


def shown(value: object) -> object:
    """A value of a question as JSON holds it: collections in order, and what wraps a scalar taken off."""
    if isinstance(value, frozenset):
        return sorted((shown(each) for each in value), key=str)
    if isinstance(value, tuple) and len(value) == 2 and type(value[0]) is bool:  # a number or truth value inside a collection
        return value[1]
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _related(left: str, relation: Relation, right: str) -> str:
    phrase = _PHRASES.get(relation) or getattr(relation, "__name__", "is related to").replace("_", " ")
    return f"{left} {phrase}" if relation is relations.anything else f"{left} {phrase} {right}"


def _operand(side: Operand) -> str:
    if isinstance(side, Path):
        return _name(side)
    value = shown(side.value)
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _name(path: Path) -> str:
    element, _, name = path.name.partition(".")
    return f"{element} $.{name}"
