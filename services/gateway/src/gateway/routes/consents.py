"""What a person agreed to: read, recorded, withdrawn, and handed out as a receipt."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.consent_scopes import with_scope
from gateway.firewall import NotVisible, pass_through
from gateway.parts import Gateway, Parts
from gateway.receipts import receipt
from gateway.redaction import members
from gateway.replies import Json, Reply, about_one, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.upstreams import Answer
from gateway.views.consent import ConsentHistory, ConsentList, ConsentView
from gateway.views.receipt_schema import ConsentReceipt
from stena.contracts.catalogue import Catalogue
from stena.contracts.consents import Consent, ConsentRecord, GivenBy

router = APIRouter(prefix="/v1/persons/{id}/consents", tags=["Consents and notes"])

ConsentPurpose = Annotated[str, Path(pattern="^[a-z0-9-]{1,64}$", description="The purpose that the consent is for.")]
To = Annotated[str | None, Query(max_length=64, description="Absent: the consent for every approved recipient.")]

READ = Question("read", "consent", "person")
RECORD = Question("record", "consent", "person")
WITHDRAW = Question("withdraw", "consent", "person")

_CONSENT: Final = frozenset(Consent.model_fields)

Told = tuple[Answer, Catalogue]
"""What profile-svc answered, and the rulebook that says what it means."""


@router.get("", operation_id="listConsents", summary="A person's consents", response_model=ConsentList)
async def list_consents(
    person: PersonId, states: CallerStates, gateway: Gateway, accept_language: AcceptLanguage = None
) -> Response:
    """How each stands now, for every approved recipient or for one, and what it covers."""

    async def fetch(permit: Permit) -> Told:
        return await _ask(gateway, permit, "GET", [])

    def redact(permit: Permit, told: Told) -> Shown[Reply]:
        consents = [with_scope(each, told[1], accept_language) for each in _checked(told[0])]
        return about_one(permit, Reply({"consents": consents}))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.get(
    "/{purpose}", operation_id="readConsentHistory", summary="What was said for a purpose", response_model=ConsentHistory
)
async def read_history(
    person: PersonId,
    purpose: ConsentPurpose,
    states: CallerStates,
    gateway: Gateway,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Everything that was ever recorded for it, by whom and how; the newest for each recipient as it stands now."""

    async def fetch(permit: Permit) -> Told:
        return await _ask(gateway, permit, "GET", [purpose])

    def redact(permit: Permit, told: Told) -> Shown[Reply]:
        consents = [with_scope(each, told[1], accept_language) for each in _checked(told[0])]
        return about_one(permit, Reply({"consents": consents, "truncated": told[0].body["more"]}))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.get(
    "/{purpose}/receipt",
    operation_id="readConsentReceipt",
    summary="The receipt of a consent",
    response_model=ConsentReceipt,
    response_model_exclude_none=True,
)
async def read_receipt(
    person: PersonId, purpose: ConsentPurpose, states: CallerStates, gateway: Gateway, recipient: To = None
) -> Response:
    """For the person to keep: ISO/IEC TS 27560 with terms of the Data Privacy Vocabulary. It does not say who they are."""

    async def fetch(permit: Permit) -> Told:
        return await _ask(gateway, permit, "GET", [purpose])

    def redact(permit: Permit, told: Told) -> Shown[Reply]:
        words = [each for each in _checked(told[0]) if each["recipient"] == recipient]
        if not words:
            raise NotVisible
        content = receipt(told[1], words, str(uuid.uuid4()), datetime.now(UTC).isoformat(timespec="seconds"))
        return about_one(permit, Reply(content))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.put("/{purpose}", operation_id="recordConsent", summary="Record what a person agreed to", response_model=ConsentView)
async def record_consent(
    person: PersonId,
    purpose: ConsentPurpose,
    body: ConsentRecord,
    states: CallerStates,
    gateway: Gateway,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Replaces what was recorded for the same purpose and recipient; takes effect everywhere within a second.

    Refused where nothing of the purpose rests on consent: `consent-not-a-basis`. For a minor the guardian decides, and
    the child is heard.
    """

    async def fetch(permit: Permit) -> Told:
        return await _ask(gateway, permit, "PUT", [purpose], json=body.model_dump(mode="json"))

    redact = _one(accept_language)
    return respond(await pass_through(gateway.wall, Call(states, (RECORD,), person), fetch, redact))


@router.delete("/{purpose}", operation_id="withdrawConsent", summary="Record a withdrawal", response_model=ConsentView)
async def withdraw_consent(
    person: PersonId,
    purpose: ConsentPurpose,
    states: CallerStates,
    gateway: Gateway,
    recipient: Annotated[str | None, Query(max_length=64, description="Absent: for every recipient.")] = None,
    given_by: Annotated[GivenBy, Query(description="Who withdraws it.")] = "person",
    accept_language: AcceptLanguage = None,
) -> Response:
    """Takes effect everywhere within a second. What was disclosed before stays in the ledger."""

    async def fetch(permit: Permit) -> Told:
        query = [("given_by", given_by), *([("recipient", recipient)] if recipient is not None else [])]
        return await _ask(gateway, permit, "DELETE", [purpose], query=query)

    redact = _one(accept_language)
    return respond(await pass_through(gateway.wall, Call(states, (WITHDRAW,), person), fetch, redact))


async def _ask(gateway: Parts, permit: Permit, method: str, path: list[str], **sent: Any) -> Told:
    whole = ["persons", permit.person or "", "consents", *path]
    answer = await gateway.profile.ask(method, whole, permit.passes[0], **sent)
    return answer, await gateway.rulebook.catalogue(permit.rulebook)


def _checked(answer: Answer) -> list[Json]:
    members(answer.body, {"consents", "more"}, "consents")
    return [members(each, _CONSENT, "consent") for each in answer.body["consents"]]


def _one(accept_language: str | None) -> Callable[[Permit, Told], Shown[Reply]]:
    def redact(permit: Permit, told: Told) -> Shown[Reply]:
        consent = members(told[0].body, _CONSENT, "consent")
        return about_one(permit, Reply(with_scope(consent, told[1], accept_language)))

    return redact
