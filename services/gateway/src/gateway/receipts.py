"""Consent receipts: ISO/IEC TS 27560:2023 in terms of the Data Privacy Vocabulary 2 (profile ``dpv-27560``). Pure.

INVARIANT: a receipt names nobody. It leaves the house in the hands of the person, who knows who they are; whoever finds it
must not. What a child said is not in it either.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway import legal_bases
from gateway.consent_scopes import attributes_of, purpose_of, recipients_of, scope_of
from stena.contracts.catalogue import Attribute, Catalogue, Recipient

Json = Mapping[str, Any]

_REFERENCES: Final = (
    *("dct:conformsTo", "dct:creator", "dpv:hasLegalBasis", "dpv:hasProcessing", "dpv:hasRecipient", "dpv:hasRight"),
    *("dpv:hasDataController", "dpv:isExercisedAt", "dpv:isIndicatedBy"),
)
_TEXTS: Final = {"title": "dct:title", "description": "dct:description"}

CONTEXT: Final[Json] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    **{term: {"@type": "@id"} for term in _REFERENCES},
    **{name: {"@id": term, "@container": "@language"} for name, term in _TEXTS.items()},
}
RECEIPT: Final = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"
RECORD: Final = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"

_STATUS: Final = {
    "given": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "expired": "dpv:ConsentExpired",
}
_KIND: Final = {"special": "dpv:SpecialCategoryPersonalData", "ordinary": "dpv:PersonalData"}
_SAID_BY: Final = {"person": "dpv:DataSubject", "guardian": "dpv:GuardianOfDataSubject"}
# Withdrawal, access, rectification, erasure, restriction, portability, complaint.
_RIGHTS: Final = tuple(f"eu-gdpr:A{number}" for number in ("7-3", "15", "16", "17", "18", "20", "77"))

_WITHDRAWAL: Final = {
    "en": "At any time, at every organisation that records consents, or with the person's own access; it takes effect within "
    "a second and asks for no reason. What was disclosed before stays lawful (GDPR Art 7(3)).",
    "bg": "По всяко време, при всяка организация, която отбелязва съгласия, или чрез собствения достъп на лицето; действа до "
    "секунда и не иска причина. Разкритото дотогава остава законосъобразно (ОРЗД, чл. 7, пар. 3).",
}
_GOES_ON: Final = {
    "en": "Everything else of this purpose does not depend on this consent and goes on when it is withdrawn.",
    "bg": "Всичко останало по тази цел не зависи от това съгласие и продължава и след оттеглянето му.",
}


def receipt(catalogue: Catalogue, words: Sequence[Json], receipt_id: str, issued: str) -> Json:
    """The receipt for one purpose and recipient; ``words`` are all that was said of it, newest first, and not empty.

    ``issued`` is a moment as RFC 3339 writes it.
    """
    return {
        "@context": CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT,
        "dct:identifier": receipt_id,
        "dct:issued": issued,
        "dpv:hasRecordOfActivity": _record(catalogue, words),
    }


def _record(catalogue: Catalogue, words: Sequence[Json]) -> Json:
    newest = words[0]
    reached = recipients_of(scope_of(catalogue, newest["purpose"]), newest["recipient"])
    return {
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD,
        "dct:identifier": newest["id"],
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject"},
        "dpv:hasNotice": _notice(newest),
        "dpv:hasProcess": [_consented(catalogue, newest, reached), *_going_on(catalogue, newest, reached)],
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": _reference(newest["recorded_by"]),
            "description": _WITHDRAWAL,
        },
        "dpv:hasRight": _RIGHTS,
        "dpv:hasJurisdiction": {"@type": "dpv:Jurisdiction", "dct:identifier": catalogue.country},
        "dpv:hasEntity": _entities(catalogue, [newest["recorded_by"], *(each.organisation for each in reached)]),
        "dpv:hasConsentStatus": [_event(word) for word in words],
    }


def _consented(catalogue: Catalogue, newest: Json, reached: Sequence[Recipient]) -> Json:
    """What rests on the consent."""
    scope = scope_of(catalogue, newest["purpose"])
    opened = attributes_of(catalogue, {*scope.discloses, *scope.writes})
    special = any(each.sensitivity == "special" for each in opened)
    bases = [legal_bases.CONSENT, *([legal_bases.EXPLICIT_CONSENT] if special else [])]
    return {
        **_process(catalogue, newest["purpose"]),
        "dpv:hasLegalBasis": list(map(legal_bases.dpv, bases)),
        "dpv:hasPersonalData": list(map(_personal_data, opened)),
        "dpv:hasProcessing": [*(["dpv:Disclose"] if scope.discloses else []), *(["dpv:Record"] if scope.writes else [])],
        **_whom([each.organisation for each in reached]),
    }


def _going_on(catalogue: Catalogue, newest: Json, reached: Sequence[Recipient]) -> list[Json]:
    """What does not rest on it: one entry for each legal basis, with those who process on it."""
    by_basis: dict[str, list[str]] = {}
    for each in reached:
        by_basis.setdefault(each.legal_basis, []).append(each.organisation)
    return [
        {
            **_process(catalogue, newest["purpose"]),
            "dpv:hasLegalBasis": [legal_bases.dpv(basis)],
            **_whom(organisations),
            "description": {
                language: f"{text} {legal_bases.article(basis)}: {legal_bases.titles(basis).get(language, basis)}."
                for language, text in _GOES_ON.items()
            },
        }
        for basis, organisations in by_basis.items()
    ]


def _process(catalogue: Catalogue, name: str) -> Json:
    purpose = purpose_of(catalogue, name)
    if purpose is None:
        return {"@type": "dpv:Process", "dpv:hasPurpose": {"dct:identifier": name}}
    stored = {"@type": "dpv:StorageDuration", "dpv:hasDuration": purpose.retention}
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": purpose.dpv, "dct:identifier": name, "title": purpose.titles},
        **({"dpv:hasStorageCondition": stored} if purpose.retention else {}),
    }


def _whom(organisations: Sequence[str]) -> Json:
    """Each recipient decides about its own purpose: it is a controller of its own."""
    named = list(map(_reference, dict.fromkeys(organisations)))
    return {"dpv:hasDataController": named, "dpv:hasRecipient": named}


def _personal_data(attribute: Attribute) -> Json:
    kind = _KIND.get(attribute.sensitivity, "dpv:SensitivePersonalData")
    return {"@type": kind, "dct:identifier": attribute.name, "title": attribute.titles}


def _entities(catalogue: Catalogue, organisations: Sequence[str]) -> list[Json]:
    names = {each.id: each.name for each in catalogue.organisations}
    return [
        {"@id": _reference(each), "@type": "dpv:Organisation", "dpv:hasName": names.get(each, each)}
        for each in dict.fromkeys(organisations)
    ]


def _event(word: Json) -> Json:
    """``dct:valid``: until when it holds; absent: until it is withdrawn."""
    return {
        "@type": _STATUS[word["state"]],
        "dpv:isIndicatedAtTime": word["recorded_at"],
        "dpv:isIndicatedBy": _SAID_BY[word["given_by"]],
        "dct:creator": _reference(word["recorded_by"]),
        "dpv:hasNotice": _notice(word),
        **({"dpv:hasIndicationMethod": word["method"]} if word["method"] else {}),
        **({"dct:valid": word["expires_at"]} if word["expires_at"] else {}),
    }


def _notice(word: Json) -> Json:
    said = {"dct:hasVersion": word["text_version"], "dct:language": word["language"]}
    return {"@type": "dpv:ConsentNotice", **{term: value for term, value in said.items() if value}}


def _reference(organisation: str) -> str:
    """Where in the receipt an organisation is described."""
    return f"#{organisation}"
