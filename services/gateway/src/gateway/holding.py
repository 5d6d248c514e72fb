"""What the rulebook and a record say of who holds what: values with their sources, and who may process them. Pure."""

from typing import Any

from gateway.languages import preferred
from gateway.replies import Json
from stena.contracts.catalogue import Catalogue


def record(catalogue: Catalogue, item: Json) -> Json:
    """The record as the person reads it: each value with who said it."""
    person = item["person"]
    categories = {attribute.name: attribute.category for attribute in catalogue.attributes}
    held = {
        name: _value(value, categories[name], person["provenance"].get(name)) for name, value in person["attributes"].items()
    }
    kept = {"assigned": list(item["assigned"]), "restricted": item["restricted"]}
    return {"attributes": held, "registered_by": item["created_by"], **kept}


def _value(value: Any, category: str, said: Json | None) -> Json:
    told = said or {}
    return {
        "value": value,
        "category": category,
        "said_by": told.get("by"),
        "verified": told.get("verified"),
        "since": told.get("at"),
    }


def sources(catalogue: Catalogue, item: Json) -> list[Json]:
    """Who said or checked what of the record (GDPR Art 15(1)(g))."""
    said: dict[str, list[str]] = {item["created_by"]: []}
    for name, entry in item["person"]["provenance"].items():
        if entry.get("by") is not None:
            said.setdefault(entry["by"], []).append(name)
    names = {organisation.id: organisation.name for organisation in catalogue.organisations}
    return [
        {"organisation": by, "organisation_name": names.get(by, by), "attributes": attributes}
        for by, attributes in said.items()
    ]


def may_process(catalogue: Catalogue, accept_language: str | None) -> list[Json]:
    """Who may process people's data, why, on which basis and how long it is kept (GDPR Art 15(1)(a), (c), (d))."""
    names = {organisation.id: organisation.name for organisation in catalogue.organisations}
    return [
        {
            "organisation": each.organisation,
            "organisation_name": names.get(each.organisation, each.organisation),
            "purpose": purpose.id,
            "purpose_title": preferred(accept_language, purpose.titles),
            "why": preferred(accept_language, purpose.why or purpose.titles),
            "legal_basis": each.legal_basis,
            "from": each.valid_from,
            "until": each.valid_until,
            "retention": purpose.retention,
        }
        for purpose in catalogue.purposes
        for each in catalogue.recipients.get(purpose.id, ())
    ]
