"""Corrections (GDPR Art 16): proposed by the person, accepted or rejected by an organisation that may write the attribute."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import Surplus, members
from gateway.replies import Json, Names, Reply, replayed, respond
from gateway.routes import waiting
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, Limit
from gateway.upstreams import Answer
from gateway.views import rights as views
from gateway.views.casework import ITEM_ID

router = APIRouter(prefix="/v1", tags=["Rights"])

CorrectionId = Annotated[UUID, Path(alias="correction", examples=[ITEM_ID])]

PROPOSE = Question("correct", "person", "person")
READ = Question("read", "correction", "person")
LIST = Question("list", "correction")
DECIDE = Question("decide", "correction", "person")

_CORRECTION: Final = frozenset(views.CorrectionView.model_fields)


@router.post(
    "/persons/{id}/corrections",
    operation_id="proposeCorrection",
    summary="Propose a correction",
    status_code=201,
    response_model=views.CorrectionView,
    responses={
        200: {"model": views.CorrectionView, "description": "Done before with this key: that proposal."},
        409: {"description": "A hundred wait already, or the key was used for another."},
    },
)
async def propose_correction(
    person: PersonId, body: views.NewCorrectionBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """By the person. Every organisation that may write the attribute of them finds it among its corrections."""

    async def fetch(permit: Permit) -> Answer:
        sent, headers = body.model_dump(), {"Idempotency-Key": key}
        return await gateway.profile.ask("POST", _path(permit), permit.passes[0], json=sent, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _one(gateway, permit, answer, answer.status, replayed(answer.repeated))

    return respond(await pass_through(gateway.wall, Call(states, (PROPOSE,), person), fetch, redact))


@router.get(
    "/persons/{id}/corrections",
    operation_id="listCorrectionsOfPerson",
    summary="What a person proposed",
    response_model=views.CorrectionList,
)
async def list_corrections_of_person(person: PersonId, states: CallerStates, gateway: Gateway) -> Response:
    """The person sees all, and what became of it; an organisation what it may decide about."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("GET", _path(permit), permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        members(answer.body, {"corrections"}, "corrections")
        found = answer.body["corrections"]
        return Shown(Reply({"corrections": [_shown(gateway, permit, each) for each in found]}), _seen(found) or _asked(permit))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.get(
    "/corrections",
    operation_id="listCorrections",
    summary="Corrections that wait for a decision",
    response_model=views.CorrectionPage,
)
async def list_corrections(
    states: CallerStates,
    gateway: Gateway,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Of everybody, to attributes that your organisation may write for this purpose; the oldest first."""
    return await _WAITING.page(gateway, states, limit, cursor)


@router.delete(
    "/persons/{id}/corrections/{correction}",
    operation_id="withdrawCorrection",
    summary="Take a proposal back",
    response_model=views.CorrectionView,
    responses={409: {"description": "It is decided already: `state` says how."}},
)
async def withdraw_correction(person: PersonId, correction: CorrectionId, states: CallerStates, gateway: Gateway) -> Response:
    """By the person, as long as nobody has decided. Again is as good as once."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("DELETE", [*_path(permit), str(correction)], permit.passes[0])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _one(gateway, permit, answer)

    return respond(await pass_through(gateway.wall, Call(states, (PROPOSE,), person), fetch, redact))


@router.post(
    "/persons/{id}/corrections/{correction}/{outcome}",
    operation_id="decideCorrection",
    summary="Accept or reject a correction",
    response_model=views.CorrectionView,
    responses={409: {"description": "It is decided already: `state` says how."}},
)
async def decide_correction(
    person: PersonId,
    correction: CorrectionId,
    outcome: Literal["accepted", "rejected"],
    body: views.CorrectionDecisionBody,
    states: CallerStates,
    gateway: Gateway,
) -> Response:
    """What is accepted is written at once: the value before goes to the history, and whoever follows the person's changes is
    told (GDPR Art 19). A rejection says why."""

    async def fetch(permit: Permit) -> Answer:
        sent = {"outcome": outcome, **body.model_dump()}
        return await gateway.profile.ask("POST", [*_path(permit), str(correction), "decision"], permit.passes[0], json=sent)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _one(gateway, permit, answer)

    return respond(await pass_through(gateway.wall, Call(states, (DECIDE,), person), fetch, redact))


def _path(permit: Permit) -> list[str]:
    return ["persons", permit.person or "", "corrections"]


def _one(gateway: Parts, permit: Permit, answer: Answer, status: int = 200, headers: Json | None = None) -> Shown[Reply]:
    shown = _shown(gateway, permit, answer.body)
    return Shown(Reply(shown, status, headers or {}), _seen([answer.body]))


def _shown(gateway: Parts, permit: Permit, correction: dict[str, Any]) -> Json:
    """A correction as the API shows it: the person by the caller's own id, and no attribute that is not disclosed."""
    members(correction, _CORRECTION, "correction")
    if permit.person not in (None, correction["person"]):
        raise Surplus("another person")
    if permit.grant.resource == "correction" and correction["attribute"] not in permit.grant.disclose:
        raise Surplus("attribute of a correction", [correction["attribute"]])
    return {**correction, "person": Names(gateway.ids, permit)(correction["person"])}


def _seen(found: Sequence[Json]) -> tuple[Seen, ...]:
    """The values that the corrections propose are data about people like any other."""
    by_person: dict[str, set[str]] = {}
    for each in found:
        by_person.setdefault(each["person"], set()).add(each["attribute"])
    return tuple(Seen(person, frozenset(names)) for person, names in by_person.items())


def _asked(permit: Permit) -> tuple[Seen, ...]:
    return (Seen(permit.person or ""),)


_WAITING: Final = waiting.Waiting(LIST, "corrections", "corrections", _shown, _seen)
