"""Filters as they stand in an address, ``attribute:operator:value``, read into what the attribute's JSON Schema says. Pure."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import orjson

from stena.contracts.catalogue import Attribute
from stena.contracts.profile import Filter, Operator

OPERATORS: Final = frozenset(get_args(Operator))
_JSON_TYPES: Final[Mapping[type, frozenset[str]]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
}


class FilterInvalid(Exception):
    """The text is no filter; the message says what to mend and quotes nothing but the text itself."""


def read(text: str, attributes: Mapping[str, Attribute]) -> Filter:
    """The filter in ``text``. An attribute that the catalogue does not have is left to the source, which refuses it."""
    name, _, rest = text.partition(":")
    operator, colon, value = rest.partition(":")
    if not name or not colon or operator not in OPERATORS:
        raise FilterInvalid(f"Write attribute:operator:value, with one of the operators {', '.join(sorted(OPERATORS))}.")
    attribute = attributes.get(name)
    kinds = _kinds(attribute, operator) if attribute else frozenset({"string"})
    typed = [_typed(part, kinds) for part in value.split(",")] if operator == "in" else _typed(value, kinds)
    return Filter.model_validate({"attribute": name, "operator": operator, "value": typed})


def _kinds(attribute: Attribute, operator: str) -> frozenset[str]:
    """The JSON types of what ``operator`` compares: the value itself, or for ``has`` a member of the list."""
    schema: Mapping[str, Any] = attribute.json_schema
    if operator == "has":
        schema = schema.get("items", {})
        if attribute.filter_key:
            schema = schema.get("properties", {}).get(attribute.filter_key, {})
    kind = schema.get("type", "string")
    return frozenset([kind] if isinstance(kind, str) else kind)


def _typed(text: str, kinds: frozenset[str]) -> Any:
    if "string" in kinds:
        return text
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if _JSON_TYPES.get(type(value), frozenset()).isdisjoint(kinds):
        raise FilterInvalid(f"The value must be JSON of type {' or '.join(sorted(kinds - {'null'}))}.")
    return value
