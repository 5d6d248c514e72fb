"""Sharing notes: for a purpose, with one organisation or all that are approved, until a moment."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.edge.addressing import require_reader
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.redaction import members
from gateway.replies import Reply, about_one, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.notes import NoteId
from gateway.routes.people import PersonId
from gateway.upstreams import Answer
from gateway.views import casework as views

router = APIRouter(prefix="/v1/persons/{id}/notes/{note}/shares", tags=["Consents and notes"])

ShareId = Annotated[UUID, Path(alias="share", examples=[views.ITEM_ID])]

READ_SHARES = Question("read", "note", "person")
SHARE_NOTE = Question("share", "note", "person")
END_SHARE = Question("unshare", "note", "person")

_SHARE: Final = frozenset(views.ShareView.model_fields)


@router.get("", operation_id="listShares", summary="With whom a note is shared", response_model=views.ShareList)
async def list_shares(person: PersonId, note: NoteId, states: CallerStates, gateway: Gateway) -> Response:
    """Of a note that your organisation wrote; those that have ended too."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", _path(permit, note), permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"shares"}, "shares")
        shares = [members(share, _SHARE, "share") for share in answer.body["shares"]]
        return about_one(permit, Reply({"shares": shares}))

    return respond(await pass_through(gateway.wall, Call(states, (READ_SHARES,), person), fetch, redact))


@router.post(
    "",
    operation_id="shareNote",
    summary="Share a note",
    status_code=201,
    response_model=views.ShareView,
    responses={200: {"model": views.ShareView, "description": "Done before with this key: that share."}},
)
async def share_note(
    person: PersonId, note: NoteId, body: views.NewShareBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """Only the organisation that wrote a note shares it. Who reads it by the share cannot share it on."""

    async def fetch(permit: Permit) -> Answer:
        if body.recipient is not None:
            await require_reader(gateway, body.recipient, body.purpose)
        json, headers = body.model_dump(mode="json"), {"Idempotency-Key": key}
        return await gateway.profile.ask("POST", _path(permit, note), permit.passes[0], json=json, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(members(answer.body, _SHARE, "share"), answer.status, replayed(answer.repeated)))

    return respond(await pass_through(gateway.wall, Call(states, (SHARE_NOTE,), person), fetch, redact))


@router.delete("/{share}", operation_id="endShare", summary="End a share", status_code=204, response_class=Response)
async def end_share(person: PersonId, note: NoteId, share: ShareId, states: CallerStates, gateway: Gateway) -> Response:
    """At once. What was read before stays in the ledger."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("DELETE", [*_path(permit, note), str(share)], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return about_one(permit, Reply(None, 204))

    return respond(await pass_through(gateway.wall, Call(states, (END_SHARE,), person), fetch, redact))


def _path(permit: Permit, note: UUID) -> list[str]:
    return ["persons", permit.person or "", "notes", str(note), "shares"]
