"""With whom one note is shared."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from profile_svc import sharing
from profile_svc.routes.calls import Called, answer, known_id
from stena.contracts.casework import NewShare

router = APIRouter(prefix="/persons/{person_id}/notes/{note_id}/shares")


@router.get("")
async def read_shares(call: Called, person_id: str, note_id: str) -> Response:
    grant = await call.grant("read", "note", person_id)
    shares = await sharing.read(call.vault, grant, known_id(person_id), known_id(note_id))
    return answer({"shares": [share.model_dump() for share in shares]})


@router.post("")
async def share_note(
    call: Called,
    person_id: str,
    note_id: str,
    share: NewShare,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    grant = await call.grant("share", "note", person_id)
    attributes = await call.attributes(grant)
    note = known_id(person_id), known_id(note_id)
    made = await sharing.share(call.vault, grant, attributes, *note, share, idempotency_key)
    return answer(made.view, 201 if made.new else 200)


@router.delete("/{share_id}")
async def end_share(call: Called, person_id: str, note_id: str, share_id: str) -> Response:
    grant = await call.grant("unshare", "note", person_id)
    await sharing.end(call.vault, grant, known_id(person_id), known_id(note_id), known_id(share_id))
    return Response(status_code=204)
