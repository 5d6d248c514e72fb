"""Notes about one person."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from profile_svc import noting, releasing
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.casework import NewNote, NoteRelease

router = APIRouter()


@router.get("/persons/{person_id}/notes")
async def read_notes(
    call: Called, person_id: str, limit: Annotated[int, Query(ge=1, le=200)] = 50, after: str | None = None
) -> Response:
    grant = await call.grant("read", "note", person_id)
    last = None if after is None else known_id(after)
    notes, more = await noting.read(call.vault, grant, known_id(person_id), last, limit)
    return answer({"notes": notes, "more": more})


@router.post("/persons/{person_id}/notes")
async def write_note(
    call: Called,
    person_id: str,
    note: NewNote,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("create", "note", person_id)
    made = await noting.write(call.vault, grant, known_id(person_id), note, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.put("/persons/{person_id}/notes/{note_id}/release")
async def release_note(call: Called, person_id: str, note_id: str, said: NoteRelease) -> Response:
    grant = await call.grant("release", "note", person_id)
    return answer(await releasing.release(call.vault, grant, known_id(person_id), known_id(note_id), said))
