"""Which vehicles a driving licence entitles to besides its own category: Directive 2006/126/EC, Article 6. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

# Article 6(2), and 6(1)(a): C1, C, D1 and D are given only to those who may drive B already. E categories want their own
# category first (6(1)(b)). T is not of the directive and entitles to nothing else here.
# What an included category includes is found by itself.
_INCLUDES: Final[Mapping[str, tuple[str, ...]]] = {
    "A1": ("AM",),
    "A2": ("A1", "AM"),
    "A": ("A2", "A1", "AM"),
    "B1": ("AM",),
    "B": ("B1", "AM"),
    "BE": ("B",),
    "C1": ("B",),
    "C1E": ("C1", "BE"),
    "C": ("C1",),
    "CE": ("C", "C1E"),
    "D1": ("B",),
    "D1E": ("D1", "BE"),
    "D": ("D1",),
    "DE": ("D", "D1E"),
}


def entitled(held: Iterable[str]) -> frozenset[str]:
    """``held`` with every category that it includes. CE is valid for DE as long as D is held (Article 6(2)(b))."""
    found: set[str] = set()
    ahead = list(held)
    while ahead:
        category = ahead.pop()
        if category not in found:
            found.add(category)
            ahead.extend(_INCLUDES.get(category, ()))
    return frozenset(found | entitled({"DE"}) if {"CE", "D"} <= found and "DE" not in found else found)
