"""Every kind of problem that an answer can name: what it means and what to mend. Data; a test keeps it complete."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.audit import ABOUT_AUDITS
from gateway.problems.consent import ABOUT_CONSENT
from gateway.problems.duplicate import ABOUT_DUPLICATES
from gateway.problems.identity import ABOUT_IDENTITY
from gateway.problems.inside import BEHIND
from gateway.problems.matching import ABOUT_MATCHING
from gateway.problems.problem_type import ProblemType
from gateway.problems.rights import ABOUT_RIGHTS

_MALFORMED: Final[Mapping[str, ProblemType]] = {
    "malformed-request": ProblemType(
        400,
        "Malformed request",
        "The request does not have the form that the API asks for.",
        "Look at `errors`: each names a place and what is wrong there. The form of every call stands in the documentation.",
    ),
    "malformed-json": ProblemType(
        400,
        "Malformed request",
        "The body is not JSON that every reader reads in the same way: bad syntax, a member named twice, more than 32 levels, "
        "the character U+0000, NaN or an infinity, or an integer of more than 16 digits.",
        "Mend the place that `errors` points at. An ordinary JSON library writes what is wanted here.",
    ),
    "duplicate-header": ProblemType(
        400,
        "Malformed request",
        "A header that decides something stands in the request twice.",
        "Send it once. If your client sends it once, look at the proxies between.",
    ),
    "duplicate-parameter": ProblemType(
        400,
        "Malformed request",
        "A parameter of the query or form is repeated. Only `filter` may be.",
        "Send it once; `fields` takes several names with commas between them.",
    ),
    "unknown-parameter": ProblemType(
        400,
        "Malformed request",
        "The query holds a parameter that the call does not have. Nothing was done: it may have been meant.",
        "Look at `errors` for its name, and at the call in the documentation. Names are taken by the letter.",
    ),
    "header-refused": ProblemType(
        400,
        "Malformed request",
        "The request carries a header that asks for another call than the one it makes, or says what only the wall may say.",
        "Leave the header out and make the call that you mean.",
    ),
    "purpose-missing": ProblemType(
        400,
        "Malformed request",
        "The call does not say which purpose it serves.",
        "Send `Processing-Purpose` with one of the purposes that `GET /v1/purposes` lists.",
    ),
    "selection-twice": ProblemType(
        400,
        "Malformed request",
        "The people of an allocation are chosen twice, by their ids and by filters.",
        "Choose by one of them.",
    ),
    "selection-too-wide": ProblemType(
        400,
        "Malformed request",
        "More people are chosen than can be placed at once.",
        "Choose fewer, by narrower filters, and place them one after another.",
    ),
    "cursor-invalid": ProblemType(
        400,
        "Malformed request",
        "The cursor was not made for this caller, purpose and query.",
        "Begin again without a cursor, and follow `next` with the same query.",
    ),
    "unknown-attribute": ProblemType(
        400,
        "Malformed request",
        "The call names an attribute that the rulebook does not have.",
        "Look at `GET /v1/attributes`: it lists every attribute with the type of its values.",
    ),
    "not-filterable": ProblemType(
        400,
        "Malformed request",
        "Nobody may filter or sort by this attribute, because it is stored encrypted or is free text.",
        "Use one of the attributes that the answer lists; `GET /v1/attributes` says which operators each has. Whose number, "
        "address or name you know is found by `POST /v1/persons/lookup`.",
    ),
    "no-lookup": ProblemType(
        400,
        "Malformed request",
        "Nobody is looked up by this attribute.",
        "Use one of the attributes in `possible`: those that have a `lookup` and that your purpose discloses.",
    ),
    "lookup-too-wide": ProblemType(
        400,
        "Malformed request",
        "What was said is true of more than ten people whom you may see. None of them was shown.",
        "Say one thing more that is known of the person, or use `POST /v1/persons/search`.",
    ),
}

_IDENTITY: Final[Mapping[str, ProblemType]] = {
    "unauthenticated": ProblemType(
        401, "Not authenticated", "The call carries no access token.", "Get one at `POST /oauth2/token` and send it as Bearer."
    ),
    "token-invalid": ProblemType(
        401,
        "Not authenticated",
        "The access token has expired, was not made here, or belongs to a client that was revoked.",
        "Get a new one at `POST /oauth2/token`. If that fails too, ask the operator for a new client.",
    ),
    "grant-refused": ProblemType(
        401,
        "Not authenticated",
        "A service behind the gateway was called without a grant for exactly this call.",
        "Call the gateway. Services behind it answer to nobody else.",
    ),
}

_REFUSALS: Final[Mapping[str, ProblemType]] = {
    "second-person-needed": ProblemType(
        403,
        "Refused",
        "What lets somebody see more takes two people, and who proposed it is not the second.",
        "Let another acting user confirm it: by a client of their own, or by a token that says who they are. A condition on a "
        "protected attribute can be approved by the privacy office too.",
    ),
    "refused": ProblemType(
        403,
        "Refused",
        "The rules do not allow this call for this purpose.",
        "See at `GET /v1/purposes` what each purpose allows your organisation to do.",
    ),
    "attribute-not-disclosed": ProblemType(
        403,
        "Refused",
        "The call asks for, filters or sorts by an attribute that this purpose does not disclose.",
        "Leave the attribute out. `GET /v1/purposes` says what the purpose discloses, and on which condition.",
    ),
    "attribute-not-writable": ProblemType(
        403,
        "Refused",
        "The call sets an attribute that this purpose may not write.",
        "Leave the attribute out, or write it for a purpose that may.",
    ),
    "justification-expired": ProblemType(
        403,
        "Refused",
        "What was said to break the glass for this person was good for a limited time, which is over.",
        "If the person has to be seen still, say why in words of now in `Access-Justification`: that opens another access.",
    ),
    "outside-approval": ProblemType(
        403,
        "Refused",
        "The record would be one that your organisation's approval does not reach, for instance in another region.",
        "Look at `regions` of the purpose in `GET /v1/purposes`.",
    ),
    "not-your-step": ProblemType(
        403,
        "Refused",
        "The referral, case or restriction is there, and this step of it is somebody else's to take.",
        "The recipient accepts, rejects and finishes a referral, the sender revokes it. A case is closed by whoever has it, "
        "or gave it, and is referred on by nobody who was given it. A restriction is ended by the person, or by whoever "
        "recorded it.",
    ),
    "kind-not-allowed": ProblemType(
        403,
        "Refused",
        "This purpose does not match people with opportunities of this kind.",
        "Ask for a kind that the purpose names in `GET /v1/purposes`.",
    ),
}

_STATE: Final[Mapping[str, ProblemType]] = {
    "not-found": ProblemType(
        404,
        "Not found",
        "What was asked for does not exist or is not visible to this caller for this purpose. Which of the two is never told.",
        "Check the id. An id belongs to one organisation, and for some purposes to one purpose; "
        "nobody else's id leads anywhere.",
    ),
    "method-not-allowed": ProblemType(
        405, "Method Not Allowed", "The address has no such method.", "The header `Allow` lists the methods that it has."
    ),
    "not-acceptable": ProblemType(
        406,
        "Not acceptable",
        "`Accept` leaves no format in which the call can answer.",
        "Name one of the media types that the call has in the documentation, or leave the header out.",
    ),
    "http-error": ProblemType(
        400, "Malformed request", "The request breaks a rule of HTTP itself.", "The `title` says which; mend the client."
    ),
    "request-timeout": ProblemType(
        408, "Request timeout", "The body did not arrive within ten seconds.", "Send it again over a better connection."
    ),
    "conflict": ProblemType(
        409, "Conflict", "The present state of the resource does not allow the change.", "Read it anew and decide again."
    ),
    "idempotency-key-reused": ProblemType(
        409,
        "Conflict",
        "The same `Idempotency-Key` came before with another body.",
        "Use a new key for each new record, and the same key only to repeat the very same request.",
    ),
    "not-in-this-state": ProblemType(
        409,
        "Conflict",
        "The referral stands where this step does not lead on from: `state` says where.",
        "Read the referral anew and decide again. What has ended stays so: send a new one.",
    ),
    "already-reviewed": ProblemType(
        409, "Conflict", "The emergency access has its review, which never changes.", "Read it at `GET /v1/reviews?state=done`."
    ),
    "opportunity-closed": ProblemType(
        409, "Conflict", "The opportunity is closed and changes no more.", "Offer a new one if the place is to be filled again."
    ),
    "gone": ProblemType(410, "Gone", "The cursor belongs to a past that is no longer kept.", "Begin again without a cursor."),
    "cursor-expired": ProblemType(
        410, "Gone", "The page before ended with somebody who is not in the list any more.", "Begin again without a cursor."
    ),
    "rulebook-changed": ProblemType(
        410,
        "Gone",
        "The rulebook has changed since the cursor was made, so that what you may see may have changed for everybody.",
        "Begin again without a cursor and replace what you hold by what comes.",
    ),
    "precondition-failed": ProblemType(
        412,
        "Precondition failed",
        "The resource has changed since you read it.",
        "Read it anew, make the change again, and send the new `ETag` in `If-Match`.",
    ),
    "content-too-large": ProblemType(
        413, "Content too large", "The body is larger than 1 MiB.", "Send less, or in several calls."
    ),
    "head-too-large": ProblemType(
        431,
        "Request header fields too large",
        "The headers of the request are more than 32 KiB, or more than 100.",
        "Send less.",
    ),
    "too-many-requests": ProblemType(
        429,
        "Too many requests",
        "Your client or your organisation asks more than its limits allow. `violated-policies` names the limit, and "
        "`RateLimit` on every answer says how much of it is left. Nothing was looked at, decided or written down.",
        "Try again after the seconds in `Retry-After`. If the limit is too low for what you do, ask the operator.",
    ),
    "unsupported-media-type": ProblemType(
        415,
        "Unsupported media type",
        "The body is not JSON in UTF-8, does not say so in `Content-Type`, or is compressed.",
        "Send `Content-Type: application/json` (`application/merge-patch+json` for a PATCH), uncompressed.",
    ),
    "precondition-required": ProblemType(
        428,
        "Precondition required",
        "A change must say which version it changes.",
        "Read the resource and send its `ETag` in `If-Match`.",
    ),
}

_OURS: Final[Mapping[str, ProblemType]] = {
    "internal-error": ProblemType(
        500,
        "Internal error",
        "Something went wrong here, or the wall held back what must not come out. Nothing was disclosed.",
        "Tell the operator the trace in `instance`.",
    ),
    "unavailable": ProblemType(
        503,
        "Temporarily unavailable",
        "Something that the answer depends on is slow or gone: without a decision and a record there is no answer.",
        "Try again after the seconds in `Retry-After`; with an `Idempotency-Key`, nothing is done twice.",
    ),
    "busy": ProblemType(
        503,
        "Temporarily unavailable",
        "More calls come in, from everybody together, than can be answered in time. Nothing was looked at.",
        "Try again after the seconds in `Retry-After`, and make fewer calls at once.",
    ),
}

PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    **_MALFORMED,
    **_IDENTITY,
    **_REFUSALS,
    **_STATE,
    **ABOUT_IDENTITY,
    **ABOUT_CONSENT,
    **ABOUT_RIGHTS,
    **ABOUT_AUDITS,
    **ABOUT_DUPLICATES,
    **ABOUT_MATCHING,
    **BEHIND,
    **_OURS,
}
