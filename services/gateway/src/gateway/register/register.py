"""The register of processing activities (GDPR Art 30), made from the rulebook: what it says is what the wall enforces. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway import legal_bases
from gateway.languages import preferred
from gateway.register.words import MEASURES, PEOPLE, SAFEGUARDS
from stena.contracts.catalogue import Attribute, Catalogue, Organisation, Promise, Promises, Purpose

Json = Mapping[str, Any]
LAW: Final = "GDPR Art 30(1)"


def made(catalogue: Catalogue, promised: Sequence[Promises], accept_language: str | None) -> Json:
    """The register as JSON, in the language that is liked best. A purpose for which nobody is approved today is no activity."""
    by_purpose: dict[str, list[tuple[Organisation, Promise]]] = {}
    for each in promised:
        for promise in each.promises:
            by_purpose.setdefault(promise.purpose.id, []).append((each.organisation, promise))
    activities = [
        _activity(catalogue, purpose, by_purpose[purpose.id], accept_language)
        for purpose in catalogue.purposes
        if purpose.id in by_purpose and not purpose.forbidden
    ]
    return {
        "law": LAW,
        "rulebook": catalogue.revision,
        "country": catalogue.country,
        "people": preferred(accept_language, PEOPLE),
        "transfers": [],
        "measures": [preferred(accept_language, each) for each in MEASURES],
        "activities": activities,
    }


def _activity(
    catalogue: Catalogue, purpose: Purpose, promised: Sequence[tuple[Organisation, Promise]], accept_language: str | None
) -> Json:
    disclosed: dict[str, bool] = {}
    for _, promise in promised:
        for name, each in promise.disclose.items():
            disclosed[name] = disclosed.get(name, True) and each.when is True
    consent = catalogue.consents.get(purpose.id)
    return {
        "purpose": purpose.id,
        "title": preferred(accept_language, purpose.titles),
        "description": purpose.description,
        "dpv": purpose.dpv,
        "legal_bases": [_basis(basis, accept_language) for basis in purpose.legal_bases],
        "data": _data(catalogue, disclosed, accept_language),
        "on_consent": sorted({*consent.discloses, *consent.writes}) if consent else [],
        "recipients": [_recipient(organisation, promise) for organisation, promise in promised],
        "retention": purpose.retention,
        "accepts": purpose.accepts,
        "safeguards": [preferred(accept_language, SAFEGUARDS[each]) for each in _safeguards(purpose)],
    }


def _basis(basis: str, accept_language: str | None) -> Json:
    title = preferred(accept_language, legal_bases.titles(basis))
    return {"id": basis, "article": legal_bases.article(basis), "title": title}


def _data(catalogue: Catalogue, disclosed: Mapping[str, bool], accept_language: str | None) -> list[Json]:
    """By category. ``always``: to every recipient, of everybody in reach; else under a condition on the person's record."""
    by_category: dict[str, list[Json]] = {}
    for attribute in catalogue.attributes:
        if attribute.name in disclosed:
            shown = _attribute(attribute, disclosed[attribute.name], accept_language)
            by_category.setdefault(attribute.category, []).append(shown)
    return [
        {
            "category": category,
            "title": preferred(accept_language, catalogue.categories.get(category) or {"en": category}),
            "attributes": attributes,
        }
        for category, attributes in by_category.items()
    ]


def _attribute(attribute: Attribute, always: bool, accept_language: str | None) -> Json:
    title = preferred(accept_language, attribute.titles)
    return {"attribute": attribute.name, "title": title, "sensitivity": attribute.sensitivity, "always": always}


def _recipient(organisation: Organisation, promise: Promise) -> Json:
    return {
        "organisation": organisation.id,
        "name": organisation.name,
        "kind": organisation.kind,
        "legal_basis": promise.legal_basis,
        "regions": promise.regions,
        "operations": promise.operations,
        "valid_from": promise.valid_from,
        "valid_until": promise.valid_until,
    }


def _safeguards(purpose: Purpose) -> Iterable[str]:
    if purpose.ids == "purpose":
        yield "ids of this purpose"
    if purpose.emergency is not None:
        yield "reviewed emergency"
    if purpose.kinds:
        yield "ranking without protected attributes"
