"""Folds a table of attributes by organisations so that it fits on a screen: equal rows of a category become one."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Attributes of one category that every organisation treats alike; ``cells`` has one entry for each organisation."""

    category: str
    attributes: tuple[str, ...]
    cells: tuple[str, ...]


def fold(category_of: Mapping[str, str], cells_of: Mapping[str, tuple[str, ...]]) -> list[Row]:
    """One row for each category and pattern of cells, in the order in which they first occur in ``category_of``."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    order = list(dict.fromkeys(category_of.values()))
    for attribute in sorted(category_of, key=lambda name: order.index(category_of[name])):
        groups.setdefault((category_of[attribute], cells_of[attribute]), []).append(attribute)
    return [Row(category, tuple(names), cells) for (category, cells), names in groups.items()]
