"""Examples for the OpenAPI document, made from the examples that stand in its schemas. Pure.

What a schema says by ``examples`` is taken; the rest is put together from its parts.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from stena.contracts.catalogue import Attribute, Catalogue

Schema = Mapping[str, Any]

SHOWN: Final = (
    "education_level",
    "languages",
    "skills",
    "availability",
    "municipality",
    "of_working_age",
    "adult",
    "right_to_work",
)
"""The attributes that the example of a person discloses, as far as the rulebook has them."""

_BY_FORMAT: Final = {
    "date": "2026-03-01",
    "date-time": "2026-03-01T09:30:00Z",
    "uuid": "0199d7a4-0000-7000-8000-000000000000",
    "uri": "https://example.org/",
}
_BY_TYPE: Final[dict[str, Callable[[Schema], Any]]] = {
    "string": lambda schema: _BY_FORMAT.get(schema.get("format", ""), "text"[: schema.get("maxLength", 4)]),
    "integer": lambda schema: schema.get("minimum", 1),
    "number": lambda schema: schema.get("minimum", 0.5),
    "boolean": lambda schema: True,
    "null": lambda schema: None,
}


def of_people(catalogue: Catalogue) -> dict[str, Any]:
    """Examples of the schemas of ``person_schemas`` that hold people: one and the same invented person in all of them."""
    shown = {attribute.name: attribute for attribute in catalogue.attributes if attribute.name in SHOWN}
    stored = {name: attribute.examples[0] for name, attribute in shown.items() if not attribute.derived_from}
    return {
        "PersonAttributes": {name: attribute.examples[0] for name, attribute in shown.items()},
        "NewPersonAttributes": stored | _names(catalogue.attributes),
        "AmendedAttributes": dict(list(stored.items())[:1]),
        "WithheldAttributes": {
            attribute.name: "not-necessary" for attribute in catalogue.attributes if attribute.name not in shown
        },
    }


def of_schema(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """A value that fits ``schema``; ``schemas`` are the components that it may refer to."""
    if "$ref" in schema:
        return of_schema(schemas[str(schema["$ref"]).rpartition("/")[2]], schemas)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return of_schema(schema[key][0], schemas)
    return _of_type(schema, schemas)


def _of_type(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    kind = schema.get("type", "object")
    if kind == "object":
        properties: Mapping[str, Schema] = schema.get("properties", {})
        return {name: of_schema(part, schemas) for name, part in properties.items()}
    if kind == "array":
        return [of_schema(schema["items"], schemas)] if "items" in schema else []
    return _BY_TYPE[kind](schema)


def _names(attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    return {
        attribute.name: attribute.examples[0] for attribute in attributes if attribute.name in ("given_name", "family_name")
    }
