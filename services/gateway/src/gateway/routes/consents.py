"""What a person agreed to: read, recorded, withdrawn."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from gateway import views
from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import members
from gateway.replies import Reply, about_one, respond
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.upstreams import Answer
from stena.contracts.profile import ConsentRecord

router = APIRouter(prefix="/v1/persons/{id}", tags=["Consents and notes"])

ConsentPurpose = Annotated[str, Path(pattern="^[a-z0-9-]{1,64}$", description="The purpose that the consent is for.")]

READ_CONSENTS = Question("read", "consent", "person")
RECORD_CONSENT = Question("record", "consent", "person")
WITHDRAW_CONSENT = Question("withdraw", "consent", "person")

_CONSENT: Final = frozenset(views.ConsentView.model_fields)


@router.get("/consents", operation_id="listConsents", summary="A person's consents", response_model=views.ConsentList)
async def list_consents(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """Given, refused and withdrawn ones, for every approved recipient or for one."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", ["persons", permit.person or "", "consents"], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"consents"}, "consents")
        consents = [members(consent, {"purpose", "state"}, "consent", _CONSENT) for consent in answer.body["consents"]]
        return about_one(permit, Reply({"consents": consents}))

    return respond(await pass_through(gateway.wall, Call(states, (READ_CONSENTS,), person), fetch, redact))


@router.put(
    "/consents/{purpose}",
    operation_id="recordConsent",
    summary="Record what a person agreed to",
    response_model=views.ConsentView,
)
async def record_consent(
    person: PersonId, purpose: ConsentPurpose, body: ConsentRecord, states: CallerStates, gateway: Gateway
) -> Response:
    """Replaces what was recorded for the same purpose and recipient; takes effect everywhere within a second."""

    async def fetch(permit: Permit) -> Answer:
        path = ["persons", permit.person or "", "consents", purpose]
        return await gateway.profile.ask("PUT", path, permit.passes[0], json=body.model_dump(mode="json"))

    return respond(await pass_through(gateway.wall, Call(states, (RECORD_CONSENT,), person), fetch, _shown_consent))


@router.delete(
    "/consents/{purpose}", operation_id="withdrawConsent", summary="Record a withdrawal", response_model=views.ConsentView
)
async def withdraw_consent(
    person: PersonId,
    purpose: ConsentPurpose,
    states: CallerStates,
    gateway: Gateway,
    recipient: Annotated[str | None, Query(max_length=64, description="Absent: the consent for every recipient.")] = None,
) -> Response:
    """Takes effect everywhere within a second. What was disclosed before stays in the ledger."""

    async def fetch(permit: Permit) -> Answer:
        path = ["persons", permit.person or "", "consents", purpose]
        query = [] if recipient is None else [("recipient", recipient)]
        return await gateway.profile.ask("DELETE", path, permit.passes[0], query=query)

    return respond(await pass_through(gateway.wall, Call(states, (WITHDRAW_CONSENT,), person), fetch, _shown_consent))


def _shown_consent(permit: Permit, answer: Answer) -> Shown[Reply]:
    return about_one(permit, Reply(members(answer.body, {"purpose", "state"}, "consent", _CONSENT)))
