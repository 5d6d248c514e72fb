"""Which filters and sorts a grant allows. Pure; decided before any query runs.

INVARIANT: nobody filters or sorts by what they may not see. What is disclosed under a condition may be used where the
condition is part of the query, so that only those people are looked at of whom it is true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.disclosure import is_disclosed, require_disclosed
from stena.contracts.access import Grant
from stena.contracts.catalogue import Attribute
from stena.contracts.condition import Residual
from stena.contracts.profile import Filter, Query

MOST_VALUES: Final = 100  # in one `in`


class NotFilterable(Exception):
    """The attribute cannot be filtered or sorted by so; ``possible`` says by what the caller can, and how."""

    def __init__(self, attribute: Attribute, possible: dict[str, list[str]]) -> None:
        self.name, self.possible = attribute.name, possible
        instead = " Somebody whose value you know is found by POST /v1/persons/lookup." if attribute.lookup else ""
        super().__init__(f"People cannot be filtered or sorted by {attribute.name} in this way.{instead}")


@dataclass(frozen=True, slots=True)
class Sort:
    attribute: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A query that was found allowed. ``conditions`` have to be true of everybody whom it looks at."""

    filters: tuple[Filter, ...]
    sort: Sort | None
    conditions: tuple[Residual, ...]


def narrow(query: Query, grant: Grant, attributes: Attributes) -> Narrowing:
    """Check ``query`` against what the grant discloses and the catalogue can filter.

    Raises ``UnknownAttributes``, ``NotDisclosed``, ``NotFilterable``, ``InvalidValues``.
    """
    sort = _sort(query.sort)
    used = [filter_.attribute for filter_ in query.filters] + ([sort.attribute] if sort else [])
    attributes.require_known(used)
    require_disclosed(grant, used)
    for position, filter_ in enumerate(query.filters):
        _require_filterable(filter_, position, grant, attributes)
    if sort and sort.attribute not in _sortable(grant, attributes):
        raise NotFilterable(attributes.by_name[sort.attribute], _sortable(grant, attributes))
    conditions = (grant.disclose[name].when for name in used)
    return Narrowing(query.filters, sort, tuple(dict.fromkeys(when for when in conditions if when is not True)))


def _sort(text: str | None) -> Sort | None:
    return None if text is None else Sort(text.removeprefix("-"), text.startswith("-"))


def _require_filterable(filter_: Filter, position: int, grant: Grant, attributes: Attributes) -> None:
    attribute = attributes.by_name[filter_.attribute]
    if filter_.operator not in attribute.filters or not _is_plain(attribute.name, attributes):
        raise NotFilterable(attribute, _filterable(grant, attributes))
    values = _values(filter_)
    if not values or len(values) > MOST_VALUES or not all(attributes.is_comparable(attribute.name, value) for value in values):
        raise InvalidValues([Fault(("filters", position, "value"), f"is not what {attribute.name} can be compared with")])


def _values(filter_: Filter) -> Sequence[Any]:
    if filter_.operator != "in":
        return [filter_.value]
    return filter_.value if isinstance(filter_.value, list | tuple) else ()


def _is_plain(name: str, attributes: Attributes) -> bool:
    """Encrypted values and those that are computed for each answer are not in any column that could be compared."""
    return not attributes.is_sealed(name) and not attributes.is_computed_on_read(name)


def _filterable(grant: Grant, attributes: Attributes) -> dict[str, list[str]]:
    return {
        name: list(attribute.filters)
        for name, attribute in attributes.by_name.items()
        if attribute.filters and is_disclosed(grant, name) and _is_plain(name, attributes)
    }


def _sortable(grant: Grant, attributes: Attributes) -> dict[str, list[str]]:
    return {
        name: ["sort"]
        for name, attribute in attributes.by_name.items()
        if attribute.sortable and is_disclosed(grant, name) and _is_plain(name, attributes)
    }
