"""How much two records say the same about who somebody is. Pure.

A sum of weights of evidence (Fellegi and Sunter, 1969, "A theory for record linkage", JASA 64): what agrees speaks for one
person, what differs against it, and what one of the two does not say says nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from profile_svc.sounding import parts, sound
from profile_svc.spelling import comparable

How = Literal["same", "similar", "different"]
Values = Mapping[str, Any]

IDENTIFYING: Final = ("given_name", "family_name", "date_of_birth", "national_number")
"""The attributes by which records are held against each other, and no other."""

PROPOSED: Final = 0.5
"""From this score on two records are proposed as one person's."""

_SAME_NAME: Final = 0.95
_SIMILAR_NAME: Final = 0.75
_AS_IT_SOUNDS: Final = 0.9  # what names are worth that are written differently and sound the same

UNKNOWN_DAY: Final = ("01", "01")
"""What is written where nobody knows the day."""

# Bits for and against.
_WEIGHTS: Final[Mapping[str, Mapping[How, float]]] = {
    "given_name": {"same": 4, "similar": 2.5, "different": -6},
    "family_name": {"same": 4, "similar": 3, "different": -4},
    "date_of_birth": {"same": 7, "similar": 2.5, "different": -7},
    "national_number": {"same": 12, "similar": 3, "different": -3},
}
_FIRST_OF_JANUARY: Final = 4.0
_AGAINST: Final = 10.0  # that any two records are one person's is unlikely before anything is known


@dataclass(frozen=True, slots=True)
class Resemblance:
    """``score`` between 0 and 1; ``agreement``: how each attribute that both records have compares."""

    score: float
    agreement: Mapping[str, How]


def resemblance(one: Values, other: Values) -> Resemblance:
    """Of two records as far as their values are given here; the same whichever comes first."""
    agreement = {name: _COMPARED[name](one, other, name) for name in IDENTIFYING if one.get(name) and other.get(name)}
    swapped = _swapped(other)
    if {"given_name", "family_name"} <= swapped.keys() and "different" in _names(agreement):
        turned = {name: _COMPARED[name](one, swapped, name) for name in ("given_name", "family_name") if one.get(name)}
        if "different" not in _names(turned):
            agreement |= dict.fromkeys(turned, "similar")  # given and family name changed places
    bits = sum(_weight(name, how, one) for name, how in agreement.items()) - _AGAINST
    return Resemblance(round(1 / (1 + 2.0**-bits), 3), agreement)


def distance(one: str, other: str) -> int:
    """Letters to put in, leave out, change, or swap with the next: optimal string alignment, as typing errors go."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        above, earlier, row, before = row, before, [i], row
        for j, wanted in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if earlier and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def spellings(name: Any) -> Mapping[str, str]:
    """A name's spellings by script, those that it has."""
    return {script: text for script, text in (name or {}).items() if isinstance(text, str) and text.strip()}


def _weight(name: str, how: How, one: Values) -> float:
    if name == "date_of_birth" and how == "same" and one[name].endswith("-".join(("", *UNKNOWN_DAY))):
        return _FIRST_OF_JANUARY
    return _WEIGHTS[name][how]


def _names(agreement: Mapping[str, How]) -> set[How]:
    return {how for name, how in agreement.items() if name in ("given_name", "family_name")}


def _swapped(values: Values) -> Values:
    pairs = (("given_name", "family_name"), ("family_name", "given_name"))
    return {name: values[other] for name, other in pairs if values.get(other)}


def _compare_names(one: Values, other: Values, name: str) -> How:
    mine, theirs = spellings(one[name]), spellings(other[name])
    pairs = [(mine[script], theirs[script]) for script in mine if script in theirs]
    pairs = pairs or [(text, wanted) for text in mine.values() for wanted in theirs.values()]
    likeness = [_likeness(text, wanted) for text, wanted in pairs]
    return _level(sum(likeness) / len(likeness)) if likeness else "different"


def _level(likeness: float) -> How:
    return "same" if likeness >= _SAME_NAME else "similar" if likeness >= _SIMILAR_NAME else "different"


def _likeness(one: str, other: str) -> float:
    """1 for the same letters, 0 for none of them. One who left parts of a long name out is held to the parts that are there."""
    mine, theirs = parts(one), parts(other)
    if not mine or not theirs:
        return 0.0
    if len(mine) != len(theirs):
        few, many = sorted((mine, theirs), key=len)
        return 0.97 * sum(max(_of_parts(part, wanted) for wanted in many) for part in few) / len(few)
    return max(_of_parts("".join(mine), "".join(theirs)), _mean(map(_of_parts, mine, theirs)))


def _of_parts(one: str, other: str) -> float:
    likeness = 1 - distance(one, other) / max(len(one), len(other))
    return max(likeness, _AS_IT_SOUNDS) if likeness >= 0.5 and sound(one) == sound(other) else likeness


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known)


def _compare_dates(one: Values, other: Values, name: str) -> How:
    mine, theirs = one[name], other[name]
    if mine == theirs:
        return "same"
    (year, month, day), (other_year, *rest) = mine.split("-"), theirs.split("-")
    if year == other_year and ([day, month] == rest or UNKNOWN_DAY in ((month, day), tuple(rest))):
        return "similar"
    return "similar" if distance(mine, theirs) == 1 else "different"


def _compare_numbers(one: Values, other: Values, name: str) -> How:
    mine, theirs = comparable("exact", one[name]), comparable("exact", other[name])
    if mine == theirs:
        return "same"
    return "similar" if distance(mine, theirs) == 1 else "different"


_COMPARED: Final[Mapping[str, Callable[[Values, Values, str], How]]] = {
    "given_name": _compare_names,
    "family_name": _compare_names,
    "date_of_birth": _compare_dates,
    "national_number": _compare_numbers,
}
