"""Notes about a person: read, written."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import check_rows, members
from gateway.replies import Reply, about_one, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.upstreams import Answer
from gateway.views import casework as views
from stena.contracts.casework import NewNote, NoteRelease

router = APIRouter(prefix="/v1/persons/{id}", tags=["Consents and notes"])

NoteId = Annotated[UUID, Path(alias="note", examples=[views.ITEM_ID])]

READ_NOTES = Question("read", "note", "person")
WRITE_NOTE = Question("create", "note", "person")
RELEASE_NOTE = Question("release", "note", "person")

_NOTE: Final = frozenset(views.NoteView.model_fields)
_RELEASE: Final = frozenset(views.NoteReleaseView.model_fields)


@router.get("/notes", operation_id="listNotes", summary="Session history", response_model=views.NotePage)
async def list_notes(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    limit: Limit = 50,
    cursor: Cursor = None,
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
        return about_one(permit, Reply({"notes": notes, "next": following}))

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
        return about_one(permit, Reply(note, answer.status, replayed(answer.repeated)))

    return respond(await pass_through(gateway.wall, Call(states, (WRITE_NOTE,), person), fetch, redact))


@router.put(
    "/notes/{note}/release",
    operation_id="releaseNote",
    summary="Let the person read a note",
    response_model=views.NoteReleaseView,
)
async def release_note(
    person: PersonId,
    note: NoteId,
    body: NoteRelease,
    states: CallerStates,
    gateway: Gateway,
) -> Response:
    """By the organisation that wrote it, which alone can know who else is in it (GDPR Art 15(4)). The words in `masked` are
    made unreadable, and besides them what looks like somebody else's name, number or address. `withheld` takes a
    release back."""

    async def fetch(permit: Permit) -> Answer:
        where = ["persons", permit.person or "", "notes", str(note), "release"]
        return await gateway.profile.ask("PUT", where, permit.passes[0], json=body.model_dump())

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(members(answer.body, _RELEASE, "release")))

    return respond(await pass_through(gateway.wall, Call(states, (RELEASE_NOTE,), person), fetch, redact))


def _checked_note(permit: Permit, note: dict[str, Any]) -> dict[str, Any]:
    """Another organisation's note is here by a share alone, and has to say until when."""
    members(note, _NOTE, "note")
    shared = [] if note["shared_until"] is None else [permit.grant.purpose]
    check_rows(permit.grant, created_by=note["written_by"], shared=shared)
    return note
