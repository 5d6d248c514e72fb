"""What every call of the API has in common, as parts of the OpenAPI document. Data and pure functions."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.openapi.links import HEADERS_OF_REFUSALS
from gateway.problems.types import PROBLEM_TYPES

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457). `type` resolves to a page that says what to mend.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Names the kind of problem; it never changes."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What to mend in this request."},
        "instance": {"type": "string", "description": "The request's trace id, for a question to the operator."},
        "errors": {
            "type": "array",
            "description": "Each fault of a malformed request.",
            "items": {
                "type": "object",
                "properties": {
                    "in": {"type": "string", "description": "body, query, path or header"},
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) to the place"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}

TAGS: Final[list[dict[str, Any]]] = [
    {"name": "Access", "description": "Tokens, and what the wall promises to this caller before it asks for anybody."},
    {"name": "People", "description": "People as one purpose lets them be seen."},
    {"name": "Consents and notes", "description": "What a person has agreed to, and what was written down."},
    {"name": "Casework", "description": "Who has a person's case, and how one organisation asks another to take somebody on."},
    {
        "name": "Rights",
        "description": "What people ask for themselves: access, corrections, restrictions, objections, sign-in.",
    },
    {"name": "Disclosures", "description": "Who saw what of a person, when, why and under which rule."},
    {"name": "Ledger", "description": "That the record of disclosures is whole: signed heads, and proofs below them."},
    {"name": "Reviews", "description": "Who broke the glass, of whom and why, and whether it was right."},
    {"name": "Duplicates", "description": "Who may be registered twice, and making such records one."},
    {"name": "Alerts", "description": "What is unusual about who asks: numbers about organisations, never a person."},
    {"name": "Administration", "description": "Who lets whom call, and which rulebook decides. What opens takes two."},
    {"name": "Opportunities", "description": "Jobs, training, language courses, mentoring and public services."},
    {"name": "Audits", "description": "How groups fare in rankings: counts and tests, never a person."},
    {"name": "Matching", "description": "What fits a person, and who fits an opportunity, with reasons."},
]

SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "oauth2": {
        "type": "oauth2",
        "description": "Client credentials (RFC 6749, section 4.4). A token lives ten minutes.",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": {}}},
    },
    "client": {"type": "http", "scheme": "basic", "description": "The client's id and secret, for the token endpoint alone."},
}

_TITLES: Final = {
    "400": "The request is malformed; `errors` point at each fault.",
    "401": "No access token, or one that does not hold.",
    "403": "Refused by the rules, with the reason.",
    "404": "Does not exist or is not visible to this caller: one answer for both.",
    "408": "The body came too slowly.",
    "409": "The state of the resource, or an earlier request with the same key, does not allow it.",
    "410": "The cursor belongs to a past that is no longer kept, or to another rulebook: begin again without it.",
    "412": "`If-Match` names another version than the present one.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not JSON.",
    "428": "`If-Match` is missing.",
    "429": "Your client or organisation asks more than its limits allow; `violated-policies` names the limit.",
    "431": "The headers are more than 32 KiB, or more than 100.",
    "503": "Something that the answer depends on is slow or gone. Nothing was disclosed; try again after `Retry-After`.",
}
_WITH_BODY: Final = frozenset({"post", "put", "patch"})
_BESIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "amendOpportunity": ("409",),
    "listCandidates": ("409",),
    "withdrawConsent": ("409",),
    "listPersons": ("410",),
    "searchPersons": ("410",),
    "followPersons": ("410",),
}
"""By operation: refusals that come from the state of things, and not from the form of the call."""


def is_api(path: str) -> bool:
    """Whether calls of ``path`` carry a token and are refused with problem documents."""
    return path.startswith("/v1/")


def security(path: str) -> list[dict[str, list[str]]]:
    if is_api(path):
        return [{"oauth2": []}]
    return [{"client": []}] if path == "/oauth2/token" else []


def refusals(path: str, method: str, operation: Mapping[str, Any]) -> list[str]:
    """The statuses of refusals that a call can meet."""
    if not is_api(path):
        return ["429"] if path == "/oauth2/token" else []
    headers = {each["name"].lower() for each in operation.get("parameters", ()) if each["in"] == "header"}
    statuses = ["400", "401", "403", "429", "431", "503", *_BESIDES.get(operation.get("operationId", ""), ())]
    if "{" in path:
        statuses.append("404")
    if method in _WITH_BODY and "requestBody" in operation:
        statuses += ["408", "413", "415"]
    if "idempotency-key" in headers:
        statuses.append("409")
    if "if-match" in headers:
        statuses += ["412", "428"]
    return sorted(set(statuses))


def problem_responses() -> dict[str, Any]:
    return {
        status: {
            "description": title,
            "headers": dict(HEADERS_OF_REFUSALS.get(status, {})),
            "content": problem_content({}, status),
        }
        for status, title in _TITLES.items()
    }


def problem_content(response: Mapping[str, Any], status: str | None = None) -> dict[str, Any]:
    """A problem document as content, with the examples that ``response`` has, or else one for ``status``."""
    media: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for given in response.get("content", {}).values():
        media |= {key: given[key] for key in ("example", "examples") if key in given}
    if status is not None:
        media["example"] = _example(status)
    return {"application/problem+json": media}


def _example(status: str) -> dict[str, Any]:
    slug, kind = next((slug, kind) for slug, kind in PROBLEM_TYPES.items() if str(kind.status) == status)
    return {
        "type": f"/problems/{slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.meaning,
        "instance": "urn:trace:4bf92f3577b34da6a3ce929d0e0e4736",
    }


def introduction(public_url: str, revision: str) -> str:
    """The document's description: how to get in, what an answer looks like, what is refused."""
    return f"""\
Every call states the **purpose** that it serves. The wall lets through only the attributes that are strictly necessary
for that purpose, and writes down what it let through before it answers.

## The first call

Your organisation's operator registers a client and hands you its id and secret, once. Get an access token, valid for ten
minutes:

    curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials {public_url}/oauth2/token

See what each purpose would disclose to your organisation, before asking for anybody:

    curl -H "Authorization: Bearer $TOKEN" {public_url}/v1/purposes

Ask for people, for one of these purposes:

    curl -H "Authorization: Bearer $TOKEN" -H "Processing-Purpose: job-ranking" \\
         "{public_url}/v1/persons?filter=languages:has:ukr&limit=10"

## What comes back

An attribute is either among `attributes` (`null` where nothing is stored) or among `withheld`, with the reason.
Ids of people are made for your organisation, and for some purposes for that purpose alone: another organisation gets
others. A list says by `next` and `Link: rel="next"` that there is more.

## How much you may ask

`RateLimit-Policy` says what your limits are and `RateLimit` how much of them is left (draft-ietf-httpapi-ratelimit-headers):
calls in a minute (`minute`), at once (`at-once`), and of your organisation in a day (`day`). Beyond them the answer is a 429
with `Retry-After`.

## What is refused

Refusals are problem documents (RFC 9457); their `type` leads to a page here that says what to mend. Asking for, filtering or
sorting by what is withheld is a 403 that names it. Whether a person does not exist or is not visible, the answer is one 404.
Bodies are JSON of at most 1 MiB and 32 levels, without a member named twice; a header or parameter that decides something
stands in a request once (`filter` may be repeated).

Every `POST` takes an `Idempotency-Key`: the same key and body again is the same answer, not a second record. `PATCH` wants the
`ETag` of what it changes in `If-Match`.

Rulebook in force: `{revision}`.
"""
