"""The headers with which a caller says why it calls and on whose behalf, read and bounded."""

import re
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Header, Request

from gateway.calls import Stated
from gateway.rulebook_types import PurposeId
from stena.problems import BadRequest

_PURPOSE: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,63}")
_PERSON_ASKING: Final = 200
_JUSTIFICATION: Final = 2_000
_WAIT: Final = re.compile(r"(?:^|,)[ \t]*wait[ \t]*=[ \t]*\"?(\d{1,9})\"?[ \t]*(?=[,;]|$)", re.IGNORECASE)
LONGEST_WAIT: Final = 10
_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TEXT: Final = re.compile(r"([ !-$&-~]|%[0-9A-Fa-f]{2})*")
_ENCODED: Final = {"pattern": f"^{_TEXT.pattern}$"}
"""For the documentation: what is wrong with a text is said in words of our own."""


_STATING: Final = ("Processing-Purpose", "Case-Reference", "Acting-User", "Access-Justification")

ProcessingPurpose = Annotated[
    PurposeId | None,
    Header(
        alias="Processing-Purpose",
        description="The purpose that this call serves: one of `GET /v1/purposes`.",
        examples=["job-ranking"],
    ),
]
CaseReference = Annotated[
    str | None,
    Header(
        alias="Case-Reference",
        description="The case that the call belongs to, for the ledger. Percent-encoded UTF-8; 200 characters.",
        json_schema_extra=_ENCODED,
    ),
]
ActingUser = Annotated[
    str | None,
    Header(
        alias="Acting-User",
        description="Who acts in your organisation, for the ledger. Percent-encoded UTF-8; 200 characters.",
        json_schema_extra=_ENCODED,
    ),
]
AccessJustification = Annotated[
    str | None,
    Header(
        alias="Access-Justification",
        description="Why, where the purpose wants it said. Percent-encoded UTF-8; 2,000 characters.",
        json_schema_extra=_ENCODED,
    ),
]


async def stated(
    request: Request,
    processing_purpose: ProcessingPurpose = None,
    case_reference: CaseReference = None,
    acting_user: ActingUser = None,
    access_justification: AccessJustification = None,
) -> Stated:
    """What the caller says of the call, decoded and bounded; without a purpose nothing goes on."""
    if not processing_purpose:
        raise BadRequest(
            "Say which purpose this call serves, in the header Processing-Purpose. GET /v1/purposes lists yours.",
            slug="purpose-missing",
        )
    return Stated(
        authorization=request.headers.get("authorization"),
        purpose=_by_the_letter(processing_purpose),
        case=_text("Case-Reference", case_reference, _PERSON_ASKING),
        acting_user=_text("Acting-User", acting_user, _PERSON_ASKING),
        justification=_text("Access-Justification", access_justification, _JUSTIFICATION),
    )


async def stated_in(request: Request) -> Stated:
    """The same from the headers themselves."""
    said = [request.headers.get(name) for name in _STATING]
    return await stated(request, *said)


async def wait(
    prefer: Annotated[
        str | None,
        Header(
            alias="Prefer",
            description=f"`wait=` so many seconds (RFC 7240), {LONGEST_WAIT} at most: where nothing has changed the answer "
            "comes when something has, or after that time. `Preference-Applied` says that it waited.",
            examples=["wait=5"],
        ),
    ] = None,
) -> int:
    """The seconds for which the caller would wait. Whatever else it prefers, or says in another form, counts for nothing."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), LONGEST_WAIT) if found else 0


async def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="1 to 128 visible ASCII characters: the same key and body again gives the same answer, once done, for "
            "seven days at least.",
            json_schema_extra={"pattern": "^[!-~]{1,128}$"},
        ),
    ] = None,
) -> str | None:
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise _malformed("Idempotency-Key", "1 to 128 visible ASCII characters")
    return idempotency_key


def _by_the_letter(purpose: str) -> str:
    """A purpose is written as the rulebook writes it: nothing is decoded, so that whoever looks on reads the same."""
    if not _PURPOSE.fullmatch(purpose):
        raise _malformed("Processing-Purpose", "at most 64 ASCII characters, as GET /v1/purposes lists it")
    return purpose


def _text(name: str, value: str | None, longest: int) -> str | None:
    """A header's text: percent-encoded UTF-8, without control characters, at most ``longest`` characters."""
    if not value:
        return None
    try:
        decoded = unquote_to_bytes(value).decode()
    except UnicodeError:
        decoded = None
    if decoded is None or not _TEXT.fullmatch(value):
        raise _malformed(name, "UTF-8, percent-encoded where it is not ASCII")
    if _CONTROL.search(decoded):
        raise _malformed(name, "free of control characters")
    if len(decoded) > longest:
        raise _malformed(name, f"at most {longest} characters")
    return decoded


def _malformed(name: str, wanted: str) -> BadRequest:
    return BadRequest(
        "A header is malformed.", errors=[{"in": "header", "pointer": f"/{name}", "detail": f"It must be {wanted}."}]
    )


CallerStates = Annotated[Stated, Depends(stated)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Wait = Annotated[int, Depends(wait)]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="The `ETag` of the version that the change is made to; `*`: of any."),
]
