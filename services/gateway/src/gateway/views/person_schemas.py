"""JSON Schemas of the API that follow from the rulebook: people, attributes, purposes. Pure; it decides nothing."""

from collections.abc import Iterable
from typing import Any, get_args

from stena.contracts.access import Withheld
from stena.contracts.catalogue import Attribute, Catalogue

Schema = dict[str, Any]

_REASONS = {
    "not-necessary": "the purpose does not need it",
    "consent-missing": "the person has not consented to it for this purpose",
    "not-assigned": "the organisation has no open case for the person",
}


def components(catalogue: Catalogue) -> dict[str, Schema]:
    """The component schemas by name: each of ``rulebook_types`` and, as ``attributes.<name>``, one for each attribute."""
    stored = [attribute for attribute in catalogue.attributes if not attribute.derived_from]
    return {
        "PersonAttributes": _people(
            catalogue.attributes, "Every disclosed attribute; `null` where nothing is stored.", nullable=True
        ),
        "NewPersonAttributes": _people(
            stored, "What is known of a new person. Derived attributes are computed.", nullable=False
        ),
        "AmendedAttributes": _people(
            stored, "JSON Merge Patch: what is named is replaced, `null` removes it, the rest stays.", nullable=True
        ),
        "WithheldAttributes": _withheld(),
        "WithheldReason": _reasons(),
        "AttributeName": _names(catalogue),
        "PurposeId": _purposes(catalogue),
        "OrganisationId": _organisations(catalogue),
        **{_component(attribute): _value(attribute) for attribute in catalogue.attributes},
    }


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _component(attribute: Attribute) -> str:
    return f"attributes.{attribute.name}"


def _people(attributes: Iterable[Attribute], description: str, *, nullable: bool) -> Schema:
    properties = {}
    for attribute in attributes:
        value = reference(_component(attribute))
        properties[attribute.name] = {"anyOf": [value, {"type": "null"}]} if nullable else value
    return {"type": "object", "description": description, "properties": properties, "additionalProperties": False}


def _value(attribute: Attribute) -> Schema:
    """One attribute's schema as the rulebook has it, with what people and machines want to know beside it."""
    own = {key: value for key, value in attribute.json_schema.items() if key not in ("$schema", "$id")}
    described: Schema = {
        "title": attribute.titles["en"],
        "description": attribute.description,
        "examples": list(attribute.examples),
        "x-titles": attribute.titles,
        "x-category": attribute.category,
        "x-sensitivity": attribute.sensitivity,
    }
    if attribute.reveals:
        described["x-reveals"] = list(attribute.reveals)
    if attribute.derived_from:
        described |= {"readOnly": True, "x-derived-from": list(attribute.derived_from)}
    if attribute.filters:
        described["x-filters"] = list(attribute.filters)
    return {**_relocated(own, f"#/components/schemas/{_component(attribute)}"), **described}


def _relocated(schema: Any, root: str) -> Any:
    """``schema`` with its references to itself (``#/$defs/…``) right for the place where it now stands."""
    if isinstance(schema, list):
        return [_relocated(part, root) for part in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {key: _relocated(value, root) for key, value in schema.items()}
    target = moved.get("$ref")
    if isinstance(target, str) and target.startswith("#"):
        moved["$ref"] = root + target[1:]
    return moved


def _withheld() -> Schema:
    return {
        "type": "object",
        "description": "Every attribute that is not disclosed, and why. It follows from the rules alone and never tells "
        "whether a value is stored.",
        "propertyNames": reference("AttributeName"),
        "additionalProperties": reference("WithheldReason"),
    }


def _reasons() -> Schema:
    names = get_args(Withheld)
    meanings = "; ".join(f"`{name}`: {_REASONS[name]}" for name in names)
    return {"type": "string", "enum": list(names), "description": f"Why an attribute is withheld. {meanings}."}


def _names(catalogue: Catalogue) -> Schema:
    names = [attribute.name for attribute in catalogue.attributes]
    return {"type": "string", "enum": names, "description": "An attribute of the rulebook's catalogue."}


def _purposes(catalogue: Catalogue) -> Schema:
    purposes = {purpose.id: purpose for purpose in catalogue.purposes}
    lines = "\n".join(f"- `{purpose.id}`: {purpose.titles['en']}" for purpose in purposes.values())
    description = f"Why data is processed. An organisation may name the purposes that it is approved for:\n\n{lines}"
    return {"type": "string", "enum": list(purposes), "description": description}


def _organisations(catalogue: Catalogue) -> Schema:
    names = [organisation.id for organisation in catalogue.organisations]
    return {"type": "string", "enum": names, "description": "An organisation of the rulebook."}
