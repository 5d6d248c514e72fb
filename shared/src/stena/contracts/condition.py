"""Residual conditions: what policy-svc leaves open about a record, and how to decide it with the record's facts.

A condition is a small tree over *record facts*. It is evaluated with Kleene's three values: true, false and
unknown (``None``). Whoever enforces a condition lets through only what is *true*; ``stena.database.sql_condition``
compiles the same tree to SQL, where NULL plays the part of unknown.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

type_of_fact: Final[Mapping[str, Literal["set", "bool", "text"]]] = {
    "region_path": "set",  # NUTS ancestors of the place of residence, widest first: BG, BG4, BG41, BG411
    "assigned": "set",  # organisations with an open case or an accepted referral
    "consents": "set",  # live consents: "purpose" or "purpose@organisation"
    "objections": "set",  # objections (GDPR Art 21) that stop processing: "purpose" or "purpose@organisation"
    "restricted": "bool",  # GDPR Art 18, or a protected address
    "minor": "bool",  # under 18, re-evaluated daily
    "created_by": "text",  # organisation that registered the person, wrote the note, has the case, owns the opportunity
    "shared": "set",  # of a note alone: its live shares, "purpose" or "purpose@organisation"
}
"""The record facts, and the kind of value each holds. Rules reach them as ``$.record.<fact>`` of the resource."""

facts_of_notes_alone: Final = frozenset({"shared"})
facts_of_people: Final = frozenset(type_of_fact) - facts_of_notes_alone
"""The facts that are columns of a person; what is about a person has them too."""

FactValue = bool | str
Facts = Mapping[str, bool | str | frozenset[str] | tuple[str, ...] | list[str] | None]


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AllOf(Node):
    """True if every part is true; false if one is false; else unknown."""

    op: Literal["all"] = "all"
    of: tuple["Condition", ...]


class AnyOf(Node):
    """True if one part is true; false if every part is false; else unknown."""

    op: Literal["any"] = "any"
    of: tuple["Condition", ...]


class Not(Node):
    """The opposite; unknown stays unknown."""

    op: Literal["not"] = "not"
    of: "Condition"


class Overlaps(Node):
    """A set fact and ``values`` have a member in common."""

    op: Literal["overlaps"] = "overlaps"
    fact: str
    values: tuple[str, ...]


class Within(Node):
    """Every member of a set fact is among ``values``."""

    op: Literal["within"] = "within"
    fact: str
    values: tuple[str, ...]


class IsIn(Node):
    """A scalar fact is one of ``values``."""

    op: Literal["is_in"] = "is_in"
    fact: str
    values: tuple[FactValue, ...]


Condition = Annotated[AllOf | AnyOf | Not | Overlaps | Within | IsIn, Field(discriminator="op")]
Residual = bool | Condition
"""A condition after partial evaluation: decided already, or still open."""

for _node in (AllOf, AnyOf, Not):
    _node.model_rebuild()


def evaluate(condition: Residual, facts: Facts) -> bool | None:
    """Decide ``condition`` with ``facts``; ``None`` is unknown. A missing or mistyped fact is unknown; nothing raises."""
    match condition:
        case bool():
            return condition
        case AllOf(of=parts):
            return _kleene(parts, facts, decisive=False)
        case AnyOf(of=parts):
            return _kleene(parts, facts, decisive=True)
        case Not(of=part):
            value = evaluate(part, facts)
            return None if value is None else not value
        case Overlaps(fact=fact, values=values):
            members = _members(facts.get(fact))
            return None if members is None else not members.isdisjoint(values)
        case Within(fact=fact, values=values):
            members = _members(facts.get(fact))
            return None if members is None else members <= set(values)
        case IsIn(fact=fact, values=values):
            value_ = facts.get(fact)
            if not isinstance(value_, bool | str):
                return None
            # A boolean is not the number 1, and is never equal to text.
            return any(type(value_) is type(wanted) and value_ == wanted for wanted in values)


def holds(condition: Residual, facts: Facts) -> bool:
    """Whether ``condition`` is true: unknown is as good as false to an enforcement point."""
    return evaluate(condition, facts) is True


def facts_used(condition: Residual) -> frozenset[str]:
    """The names of the record facts that ``condition`` speaks of."""
    match condition:
        case bool():
            return frozenset()
        case AllOf(of=parts) | AnyOf(of=parts):
            return frozenset().union(*(facts_used(part) for part in parts))
        case Not(of=part):
            return facts_used(part)
        case _:
            return frozenset({condition.fact})


def _kleene(parts: tuple[Condition, ...], facts: Facts, *, decisive: bool) -> bool | None:
    unknown = False
    for part in parts:
        value = evaluate(part, facts)
        if value is decisive:
            return decisive
        unknown = unknown or value is None
    return None if unknown else not decisive


def _members(value: object) -> frozenset[str] | None:
    if isinstance(value, list | tuple | frozenset | set) and all(isinstance(member, str) for member in value):
        return frozenset(value)
    return None
