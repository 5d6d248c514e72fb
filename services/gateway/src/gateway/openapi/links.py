"""What a call's answer is good for next, as links of the OpenAPI document, and the headers that answers carry. Data."""

from collections.abc import Mapping
from typing import Any, Final

Link = tuple[str, Mapping[str, str]]
"""The operation that follows, and its parameters as runtime expressions."""

_PERSON: Final = {"id": "$response.body#/id"}
_CHANGE: Final = {"id": "$response.body#/id", "header.If-Match": "$response.header.ETag"}

LINKS: Final[Mapping[str, tuple[Link, ...]]] = {
    "createPerson": (
        ("readPerson", _PERSON),
        ("amendPerson", _CHANGE),
        ("erasePerson", _PERSON),
        ("listConsents", _PERSON),
        ("recordConsent", _PERSON),
        ("withdrawConsent", _PERSON),
        ("writeNote", _PERSON),
        ("listNotes", _PERSON),
        ("openCase", _PERSON),
        ("referPerson", _PERSON),
        ("listMatches", _PERSON),
        ("listSkillGaps", _PERSON),
        ("listDisclosures", _PERSON),
    ),
    "readPerson": (("amendPerson", _CHANGE),),
    "listPersons": (
        ("listPersons", {"cursor": "$response.body#/next"}),
        ("readPerson", {"id": "$response.body#/people/0/id"}),
    ),
    "searchPersons": (("readPerson", {"id": "$response.body#/people/0/id"}),),
    "followPersons": (("followPersons", {"since": "$response.body#/cursor"}),),
    "listNotes": (("listNotes", {"id": "$request.path.id", "cursor": "$response.body#/next"}),),
    "writeNote": (
        ("listNotes", {"id": "$request.path.id"}),
        ("shareNote", {"id": "$request.path.id", "note": "$response.body#/id"}),
    ),
    "referPerson": (
        ("readReferral", {"referral": "$response.body#/id"}),
        ("answerReferral", {"referral": "$response.body#/id"}),
    ),
    "listDisclosures": (("listDisclosures", {"id": "$request.path.id", "cursor": "$response.body#/next"}),),
    "createOpportunity": (
        ("readOpportunity", _PERSON),
        ("amendOpportunity", _CHANGE),
        ("closeOpportunity", _PERSON),
        ("listCandidates", _PERSON),
    ),
    "readOpportunity": (("amendOpportunity", _CHANGE),),
    "listOpportunities": (
        ("listOpportunities", {"cursor": "$response.body#/next"}),
        ("readOpportunity", {"id": "$response.body#/opportunities/0/id"}),
    ),
}
"""By operation: what follows from an answer of 2xx."""

_TEXT: Final = {"type": "string"}
_ETAG: Final = {"ETag": {"description": "Changes when what you may see here changes, and with nothing else.", "schema": _TEXT}}
_NEXT: Final = {"Link": {"description": 'The page after this one, `rel="next"`; absent at the end.', "schema": _TEXT}}
_MADE: Final = {
    "Location": {"description": "Where it is from now on.", "schema": _TEXT},
    "Idempotency-Replayed": {"description": "`true`: done before with this key.", "schema": {"const": "true"}},
}

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "createPerson": {**_ETAG, **_MADE},
    "readPerson": _ETAG,
    "amendPerson": _ETAG,
    "listPersons": _NEXT,
    "followPersons": {"Preference-Applied": {"description": "`wait`: where you asked for it, and it did.", "schema": _TEXT}},
    "createOpportunity": {**_ETAG, **_MADE},
    "readOpportunity": _ETAG,
    "amendOpportunity": _ETAG,
    "listOpportunities": _NEXT,
}
"""By operation: the headers of an answer of 2xx."""

HEADERS_OF_REFUSALS: Final[Mapping[str, Mapping[str, Any]]] = {
    "401": {"WWW-Authenticate": {"description": "RFC 6750", "required": True, "schema": _TEXT}},
    "429": {"Retry-After": {"description": "seconds", "required": True, "schema": {"type": "integer", "minimum": 1}}},
    "503": {"Retry-After": {"description": "seconds", "required": True, "schema": {"type": "integer", "minimum": 1}}},
}


def complete(operation: dict[str, Any], known: frozenset[str]) -> None:
    """Give the operation's answers their headers, and links to those operations that the document knows."""
    name = operation.get("operationId", "")
    links = {
        f"{name}-{follows}": {"operationId": follows, "parameters": dict(parameters)}
        for follows, parameters in LINKS.get(name, ())
        if follows in known
    }
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response |= {"links": links} if links else {}
            response |= {"headers": dict(HEADERS[name])} if name in HEADERS else {}
