"""The rulebook as a whole: its revisions, which one decides, and the organisations and approvals in it.

INVARIANT: what narrows is activated at once; what opens anything becomes a proposal.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from gateway import store
from gateway.administering import shown, views
from gateway.administering.shown import MOST_OPENED
from gateway.calls import Call, Caller, Permit, Question, Shown, Stated
from gateway.firewall import Rejected, pass_through
from gateway.parts import Gateway, Parts
from gateway.replies import Json, Reply, replayed, respond
from gateway.routes import acting
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.unconditional import require_unconditional
from gateway.store import proposals
from gateway.upstreams import CHECKING
from stena.contracts.catalogue import Catalogue
from stena.problems import Problem

router = APIRouter(prefix="/v1", tags=["Administration"])

READ = Question("read", "rulebook")
LOAD = Question("load", "rulebook")
ACTIVATE = Question("activate", "rulebook")

NAMED_BY: Final = "sha256:"
Digest = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{64}$", description="Its name without `sha256:`.", examples=[views.REVISION.removeprefix("sha256:")]
    ),
]


@router.get(
    "/organisations",
    operation_id="listOrganisations",
    summary="Who is approved for what",
    response_model=views.OrganisationList,
)
async def list_organisations(states: CallerStates, gateway: Gateway) -> Response:
    """As the active rulebook has it. To approve an organisation, or to end an approval, send a rulebook in which it is so."""

    async def fetch(permit: Permit) -> Json:
        require_unconditional(permit)
        catalogue = await gateway.rulebook.catalogue(permit.rulebook)
        clients = await store.count_live(gateway.engine)
        listed = [_organisation(catalogue, each.id, clients.get(each.id, 0)) for each in catalogue.organisations]
        return {"organisations": listed, "rulebook": catalogue.revision}

    return await _answered(gateway, states, READ, fetch)


@router.get("/rulebook", operation_id="readRulebook", summary="Which rulebook decides", response_model=views.RulebookView)
async def read_rulebook(states: CallerStates, gateway: Gateway) -> Response:
    """And every revision that is kept, and which of them decided when; newest first."""

    async def fetch(permit: Permit) -> Json:
        require_unconditional(permit)
        answer = await gateway.governing.ask("GET", ["rulebook", "revisions"], permit.passes[0], within=CHECKING)
        return {"active": answer.body["activations"][0]["revision"], **answer.body}

    return await _answered(gateway, states, READ, fetch)


@router.get(
    "/rulebook/revisions/{digest}",
    operation_id="readRevision",
    summary="The files of a revision",
    response_model=views.FilesView,
)
async def read_revision(digest: Digest, states: CallerStates, gateway: Gateway) -> Response:
    """Word for word, for whoever wants to change something in them or asks what a decision of the past rested on."""

    async def fetch(permit: Permit) -> Json:
        require_unconditional(permit)
        path = ["rulebook", "revisions", NAMED_BY + digest]
        return dict((await gateway.governing.ask("GET", path, permit.passes[0], within=CHECKING)).body)

    return await _answered(gateway, states, READ, fetch)


@router.post(
    "/rulebook/revisions",
    operation_id="loadRulebook",
    summary="Check a rulebook and keep it",
    status_code=201,
    response_model=views.LoadedView,
)
async def load_rulebook(body: views.FilesBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """Whole, its golden cases included. It decides nothing before it is activated. A revision is named by what it says, so the
    same files are the same revision, with a key or without."""

    async def fetch(permit: Permit) -> Json:
        require_unconditional(permit)
        path = ["rulebook", "revisions"]
        return dict((await gateway.governing.ask("POST", path, permit.passes[0], within=CHECKING, json=body.model_dump())).body)

    return await _answered(gateway, states, LOAD, fetch, 201)


@router.post(
    "/rulebook/activations",
    operation_id="activateRulebook",
    summary="Let a revision decide, or propose it",
    response_model=views.ActivatedView,
    responses={
        202: {
            "model": views.ProposalView,
            "description": "It opens what is closed now: proposed, for somebody else to confirm.",
        }
    },
)
async def activate_rulebook(body: views.ActivateBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """At once where it opens nothing, for every call that is decided from then on."""
    wall, caller = await acting.identified(gateway, states)

    async def fetch(permit: Permit) -> Reply:
        require_unconditional(permit)
        acting.actor(permit, caller)
        path = ["rulebook", "revisions", body.revision, "activation"]
        wish = {"comment": body.comment, "instead_of": permit.rulebook}
        try:
            answer = await gateway.governing.ask("POST", path, permit.passes[0], within=CHECKING, json=wish)
        except Rejected as refused:
            return await _proposed(gateway, permit, caller, body, key, _opened(refused))
        return Reply({"activation": answer.body})

    def redact(permit: Permit, done: Reply) -> Shown[Reply]:
        return Shown(done)

    return respond(await pass_through(wall, Call(states, (ACTIVATE,)), fetch, redact))


def _opened(refused: Rejected) -> list[str]:
    """What would open, in words; any other refusal goes on."""
    problem = refused.problem
    if not isinstance(problem, Problem) or problem.slug != "rulebook-opens":
        raise refused
    return list(problem.members.get("cells", ()))


async def _proposed(
    gateway: Parts, permit: Permit, caller: Caller, body: views.ActivateBody, key: str | None, opened: list[str]
) -> Reply:
    told = {
        "revision": body.revision,
        "instead_of": permit.rulebook,
        "opens": opened[:MOST_OPENED],
        "opens_in_all": len(opened),
    }
    mine = acting.proposed(permit, caller, "rulebook", told, body.comment, key)
    kept = await proposals.add_once(gateway.engine, mine)
    repeated = acting.is_repeated(kept, mine)
    return Reply(shown.proposal(kept, datetime.now(UTC)), 202, replayed(repeated))


async def _answered(
    gateway: Parts, states: Stated, question: Question, fetch: Callable[[Permit], Awaitable[Json]], status: int = 200
) -> Response:
    """An answer about nobody: there is nothing in it to redact."""

    def redact(permit: Permit, found: Json) -> Shown[Reply]:
        return Shown(Reply(found, status))

    return respond(await pass_through(gateway.wall, Call(states, (question,)), fetch, redact))


def _organisation(catalogue: Catalogue, organisation: str, clients: int) -> Json:
    (known,) = (each for each in catalogue.organisations if each.id == organisation)
    approvals = [
        {"purpose": purpose, "legal_basis": each.legal_basis, "from": each.valid_from, "until": each.valid_until}
        for purpose, recipients in sorted(catalogue.recipients.items())
        for each in recipients
        if each.organisation == organisation
    ]
    return {**known.model_dump(), "approvals": approvals, "clients": clients}
