"""What one consent covers, and what goes on without it, as the rulebook in force has it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway import legal_bases
from gateway.languages import preferred
from stena.contracts.catalogue import Attribute, Catalogue, ConsentScope, Purpose, Recipient

Json = Mapping[str, Any]

NOTHING = ConsentScope()


def purpose_of(catalogue: Catalogue, purpose: str) -> Purpose | None:
    """``None`` for one that a rulebook of the past had."""
    return next((each for each in catalogue.purposes if each.id == purpose), None)


def scope_of(catalogue: Catalogue, purpose: str) -> ConsentScope:
    return catalogue.consents.get(purpose, NOTHING)


def attributes_of(catalogue: Catalogue, names: Iterable[str]) -> list[Attribute]:
    wanted = set(names)
    return [attribute for attribute in catalogue.attributes if attribute.name in wanted]


def recipients_of(scope: ConsentScope, recipient: str | None) -> tuple[Recipient, ...]:
    """Whom a consent reaches: one, or all that are approved."""
    return tuple(each for each in scope.recipients if recipient in (None, each.organisation))


def with_scope(consent: Json, catalogue: Catalogue, accept_language: str | None) -> Json:
    """A consent as it is answered: what it opens by name, and which basis everything else of the purpose rests on."""
    scope = scope_of(catalogue, consent["purpose"])
    purpose = purpose_of(catalogue, consent["purpose"])
    return {
        **consent,
        "purpose_title": preferred(accept_language, purpose.titles) if purpose else consent["purpose"],
        "covers": {
            "discloses": [_titled(each, accept_language) for each in attributes_of(catalogue, scope.discloses)],
            "writes": [_titled(each, accept_language) for each in attributes_of(catalogue, scope.writes)],
        },
        "goes_on_without": [_ground(each, accept_language) for each in recipients_of(scope, consent["recipient"])],
    }


def _titled(attribute: Attribute, accept_language: str | None) -> Json:
    return {"attribute": attribute.name, "title": preferred(accept_language, attribute.titles)}


def _ground(recipient: Recipient, accept_language: str | None) -> Json:
    return {
        "organisation": recipient.organisation,
        "legal_basis": recipient.legal_basis,
        "article": legal_bases.article(recipient.legal_basis),
        "title": preferred(accept_language, legal_bases.titles(recipient.legal_basis)),
    }
