"""py-abac's conditions as relations: what each tests, whether it must hold, and what it wants on either side.

It decides nothing. A condition that is not in these tables is refused when a rulebook is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policy_svc import relations
from policy_svc.relations import Relation
from policy_svc.vocabulary import Kind

WITH_VALUE: Final[Mapping[str, tuple[Relation, bool]]] = {
    "Equals": (relations.equal, True),
    "NotEquals": (relations.equal, False),
    "Contains": (relations.contains, True),
    "NotContains": (relations.contains, False),
    "StartsWith": (relations.starts, True),
    "EndsWith": (relations.ends, True),
    "RegexMatch": (relations.matches, True),
    "CIDR": (relations.in_network, True),
    "Eq": (relations.equal, True),
    "Neq": (relations.equal, False),
    "Lt": (relations.less, True),
    "Gte": (relations.less, False),
    "Lte": (relations.at_most, True),
    "Gt": (relations.at_most, False),
    "EqualsObject": (relations.same_object, True),
    "IsIn": (relations.member, True),
    "IsNotIn": (relations.member, False),
    "AnyIn": (relations.overlap, True),
    "AllIn": (relations.within, True),
    "IsEmpty": (relations.within, True),
    "IsNotEmpty": (relations.within, False),
    "Any": (relations.anything, True),
}
"""Condition to the relation of its path to its value, and whether it holds or must not hold."""

WITH_ATTRIBUTE: Final[Mapping[str, tuple[Relation, bool]]] = {
    "EqualsAttribute": (relations.equal, True),
    "NotEqualsAttribute": (relations.equal, False),
    "AnyInAttribute": (relations.overlap, True),
    "AllInAttribute": (relations.within, True),
    "IsInAttribute": (relations.member, True),
    "IsNotInAttribute": (relations.member, False),
}
"""Condition to the relation of its path to another path."""

CASELESS: Final[Mapping[Relation, Relation]] = {
    relations.equal: relations.equal_caseless,
    relations.contains: relations.contains_caseless,
    relations.starts: relations.starts_caseless,
    relations.ends: relations.ends_caseless,
}
"""The same relation where ``case_insensitive`` is asked for."""

LOGIC: Final = frozenset({"Not", "AllOf", "AnyOf"})
PRESENCE: Final = frozenset({"Exists", "NotExists"})
SUPPORTED: Final = frozenset(WITH_VALUE) | frozenset(WITH_ATTRIBUTE) | LOGIC | PRESENCE

NAMING: Final = frozenset({"Equals", "NotEquals", "IsIn", "IsNotIn", "AnyIn", "AllIn"})
"""Conditions whose texts are whole names, which have to be known ones."""

NUMERIC: Final = frozenset({"Eq", "Neq", "Lt", "Lte", "Gt", "Gte"})
WITHOUT_VALUE: Final = frozenset({"IsEmpty", "IsNotEmpty", "Any"})

INSTEAD: Final[Mapping[str, str]] = {
    "AllNotIn": "Write Not of AllIn or of AnyIn, whichever is meant: py-abac swaps this one with AnyNotIn",
    "AnyNotIn": "Write Not of AnyIn or of AllIn, whichever is meant: py-abac swaps this one with AllNotIn",
    "AllNotInAttribute": "Write Not of AllInAttribute or of AnyInAttribute, whichever is meant: py-abac swaps the two",
    "AnyNotInAttribute": "Write Not of AnyInAttribute or of AllInAttribute, whichever is meant: py-abac swaps the two",
}
"""Conditions of py-abac that do not do what they are documented to do, to what says it without doubt."""


@dataclass(frozen=True, slots=True)
class Want:
    """What a relation wants on one of its sides: in words, and as kinds of paths. Paths of kind ``any`` always may."""

    words: str
    kinds: frozenset[Kind] = frozenset()


_ONE: Final = Want("one value", frozenset({"text", "bool"}))
_TEXT: Final = Want("text", frozenset({"text"}))
_NUMBER: Final = Want("a number")
_OBJECT: Final = Want("an object")
_SEVERAL: Final = Want("several values", frozenset({"set"}))

SIDES: Final[Mapping[Relation, tuple[Want, Want]]] = {
    relations.equal: (_ONE, _ONE),
    relations.less: (_NUMBER, _NUMBER),
    relations.at_most: (_NUMBER, _NUMBER),
    relations.same_object: (_OBJECT, _OBJECT),
    relations.member: (_ONE, _SEVERAL),
    relations.overlap: (_SEVERAL, _SEVERAL),
    relations.within: (_SEVERAL, _SEVERAL),
    **dict.fromkeys((relations.contains, relations.starts, relations.ends, *CASELESS.values()), (_TEXT, _TEXT)),
    **dict.fromkeys((relations.matches, relations.in_network), (_TEXT, _TEXT)),
}
"""What each relation wants on its left and on its right."""

HELD: Final[Mapping[Kind, str]] = {"text": "one value", "bool": "true or false", "set": "several values"}
"""What a path holds, in words."""

COMPARED: Final[Mapping[Kind, tuple[tuple[type, ...], str, str]]] = {
    "text": ((str,), "text", "Write text; put numbers in quotes"),
    "set": ((str,), "text", "Write text; put numbers in quotes"),
    "bool": ((bool,), "true or false", "Write IsIn with values: [true] or [false]"),
    "any": ((str, bool, int, float), "a single value", "Write text, a number, true or false"),
}
"""Kind of a path to what a rule may compare it or its members with, that in words, and the mend where a rule does otherwise."""
