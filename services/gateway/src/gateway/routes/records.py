"""Consents and notes of one person."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from gateway import views
from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import check_rows, members
from gateway.replies import Reply, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.routes.selection import bound, open_cursor
from gateway.upstreams import Answer
from stena.contracts.profile import ConsentRecord, NewNote

router = APIRouter(prefix="/v1/persons/{id}", tags=["Consents and notes"])

ConsentPurpose = Annotated[str, Path(pattern="^[a-z0-9-]{1,64}$", description="The purpose that the consent is for.")]

READ_CONSENTS = Question("read", "consent", "person")
RECORD_CONSENT = Question("record", "consent", "person")
WITHDRAW_CONSENT = Question("withdraw", "consent", "person")
READ_NOTES = Question("read", "note", "person")
WRITE_NOTE = Question("create", "note", "person")

_CONSENT: Final = frozenset(views.ConsentView.model_fields)
_NOTE: Final = frozenset(views.NoteView.model_fields)


@router.get("/consents", operation_id="listConsents", summary="A person's consents", response_model=views.ConsentList)
async def list_consents(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """Given, refused and withdrawn ones, for every approved recipient or for one."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", ["persons", permit.person or "", "consents"], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"consents"}, "consents")
        consents = [members(consent, {"purpose", "state"}, "consent", _CONSENT) for consent in answer.body["consents"]]
        return _about(permit, Reply({"consents": consents}))

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


@router.get("/notes", operation_id="listNotes", summary="Session history", response_model=views.NotePage)
async def list_notes(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Notes are seen by the organisation that wrote them, unless they were shared for a purpose."""

    async def fetch(permit: Permit) -> Answer:
        query = [("limit", str(limit))]
        if cursor is not None:
            query.append(("after", str(open_cursor(gateway, cursor, bound(permit, "notes", permit.person)))))
        return await gateway.profile.ask("GET", ["persons", permit.person or "", "notes"], permit.passes[0], query=query)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"notes", "more"}, "notes")
        notes = [_checked_note(permit, note) for note in answer.body["notes"]]
        following = None
        if answer.body["more"]:
            following = gateway.cursors.seal(notes[-1]["id"], bound(permit, "notes", permit.person))
        return _about(permit, Reply({"notes": notes, "next": following}))

    return respond(await pass_through(gateway.wall, Call(states, (READ_NOTES,), person), fetch, redact))


@router.post(
    "/notes",
    operation_id="writeNote",
    summary="Write a note",
    status_code=201,
    response_model=views.NoteView,
    responses={200: {"model": views.NoteView, "description": "Done before with this key: that note."}},
)
async def write_note(person: PersonId, body: NewNote, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """Stored under the person's own key; `Acting-User` stands beside it."""

    async def fetch(permit: Permit) -> Answer:
        path = ["persons", permit.person or "", "notes"]
        return await gateway.profile.ask(
            "POST", path, permit.passes[0], json=body.model_dump(), headers={"Idempotency-Key": key}
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        note = _checked_note(permit, answer.body)
        return _about(permit, Reply(note, answer.status, replayed(answer.repeated)))

    return respond(await pass_through(gateway.wall, Call(states, (WRITE_NOTE,), person), fetch, redact))


def _shown_consent(permit: Permit, answer: Answer) -> Shown[Reply]:
    return _about(permit, Reply(members(answer.body, {"purpose", "state"}, "consent", _CONSENT)))


def _checked_note(permit: Permit, note: dict[str, Any]) -> dict[str, Any]:
    members(note, {"id", "written_by"}, "note", _NOTE)
    check_rows(permit.grant, created_by=note["written_by"])
    return note


def _about(permit: Permit, reply: Reply) -> Shown[Reply]:
    """An answer about the one person of the call that holds none of the catalogue's attributes."""
    return Shown(reply, (Seen(permit.person or ""),))
