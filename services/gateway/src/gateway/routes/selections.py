"""What a person decided of a candidate, with or against the machine (AI Act Art 14), and whom candidates were shown to.

INVARIANT: only of somebody whom this very call lets the caller see; and a ranking is recorded before it is shown.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from gateway.calls import Call, Pass, Permit, Question, Seen, Shown
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.identity import Scope, Unreadable
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, Surplus, members
from gateway.replies import Names, Reply, disclosure, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.opportunities import OpportunityId
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.upstreams import MANY, Answer
from gateway.views import selection as views
from gateway.views.people import PERSON_ID
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION
from stena.contracts.selections import Selection
from stena.problems import BadRequest

router = APIRouter(prefix="/v1/opportunities/{id}", tags=["Matching"])

CandidateId = Annotated[
    str,
    Path(
        alias="person",
        description="The candidate, as your organisation names them.",
        examples=[PERSON_ID],
        json_schema_extra={"pattern": "^psn_[a-z2-7]{55}$"},
    ),
]

SELECTION, PERSON = 0, 1
RECORD = (Question("record", "selection", "opportunity"), Question("match", "person"))
LIST = (Question("list", "selection", "opportunity"), Question("match", "person"))

_SELECTION: Final = frozenset(Selection.model_fields)


@router.post(
    "/candidates/{person}/decision",
    operation_id="decideOnCandidate",
    summary="Choose a candidate, put one elsewhere, or leave one out",
    status_code=201,
    response_model=views.SelectionView,
    responses={
        200: {"model": views.SelectionView, "description": "Done before with this key: that decision."},
        409: {"description": "Your organisation was not shown this person, or the key came with another decision."},
    },
)
async def decide_on_candidate(
    opportunity: OpportunityId,
    person: CandidateId,
    body: views.SelectionBody,
    states: CallerStates,
    key: IdempotencyKey,
    gateway: Gateway,
) -> Response:
    """Nobody is chosen or rejected by a machine: `Acting-User` says who does, `reason` why. The list of candidates
    stays as the machine made it, so that both can be looked at side by side. A later decision stands beside an earlier one."""

    async def fetch(permit: Permit) -> Answer:
        if permit.grant.acting_user is None:
            raise Rejected(BadRequest("Say in the header Acting-User who decides.", slug="acting-user-missing"))
        await _require_visible(gateway, permit)
        path = ["opportunities", opportunity, "selections"]
        kind = await gateway.matching.ask("GET", [*path, "kind"], permit.passes[SELECTION])
        named, *also = gateway.ids.names(permit.person or "", await _scope(gateway, kind.body["kind"]))
        said = {**body.model_dump(mode="json"), "person": named, "also": also}
        return await gateway.matching.ask("POST", path, permit.passes[SELECTION], json=said, headers={"Idempotency-Key": key})

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        shown = _shown(permit, gateway, answer.body, permit.person or "")
        return Shown(Reply(shown, answer.status, replayed(answer.repeated)), (Seen(permit.person or ""),))

    call = Call(states, RECORD, person, opportunity=opportunity)
    return respond(await pass_through(gateway.wall, call, fetch, redact))


@router.get(
    "/decisions", operation_id="listDecisions", summary="What was decided of candidates", response_model=views.SelectionPage
)
async def list_decisions(
    opportunity: OpportunityId,
    states: CallerStates,
    gateway: Gateway,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """By people of your own organisation, newest first; of those whom you may still see."""

    async def fetch(permit: Permit) -> tuple[Answer, dict[str, str]]:
        query = [("limit", str(limit))]
        if cursor is not None:
            query.append(("after", str(open_cursor(gateway, cursor, bound(permit, "decisions", opportunity)))))
        path = ["opportunities", opportunity, "selections"]
        page = await gateway.matching.ask("GET", path, permit.passes[SELECTION], within=MANY, query=query)
        members(page.body, {"kind", "selections", "more"}, "selections")
        people = await _opened(gateway, page.body)
        seen = await _seen(gateway, permit, people.values())
        return page, {named: person for named, person in people.items() if person in seen}

    def redact(permit: Permit, found: tuple[Answer, dict[str, str]]) -> Shown[Reply]:
        page, people = found
        shown = [
            _shown(permit, gateway, each, people[each["person"]])
            for each in page.body["selections"]
            if each["person"] in people
        ]
        following = None
        if page.body["more"]:
            following = gateway.cursors.seal(page.body["selections"][-1]["id"], bound(permit, "decisions", opportunity))
        content = {"selections": shown, "next": following, "disclosure": disclosure(permit)}
        return Shown(Reply(content), tuple(Seen(person) for person in dict.fromkeys(people.values())))

    return respond(await pass_through(gateway.wall, Call(states, LIST, opportunity=opportunity), fetch, redact))


async def record_shown(gateway: Parts, allowed: Pass, opportunity: str, pairs: Iterable[Mapping[str, Any]]) -> None:
    """Keep who is about to be shown, in which order and by which model (AI Act Art 12); raises where it cannot be kept."""
    shown = list(pairs)
    if not shown:
        return
    said = {"model": shown[0]["explanation"]["model"], "people": [pair["person"] for pair in shown]}
    await gateway.matching.ask("POST", ["opportunities", opportunity, "shown"], allowed, json=said)


async def _require_visible(gateway: Parts, permit: Permit) -> None:
    if permit.person not in await _seen(gateway, permit, [permit.person or ""]):
        raise NotVisible


async def _seen(gateway: Parts, permit: Permit, people: Iterable[str]) -> frozenset[str]:
    """Those of ``people`` whom the caller may see among candidates."""
    asked = list(dict.fromkeys(people))
    if not asked:
        return frozenset()
    body = {"ids": asked, "fields": []}
    answer = await gateway.profile.ask("POST", ["persons", "resolve"], permit.passes[PERSON], within=MANY, json=body)
    wall = PersonWall(permit.passes[PERSON].grant, ())
    return frozenset(wall.check(view, asked)["id"] for view in members(answer.body, {"people", "more"}, "page")["people"])


async def _opened(gateway: Parts, page: Mapping[str, Any]) -> dict[str, str]:
    """Each id of the page with the internal one."""
    scope = await _scope(gateway, page["kind"])
    try:
        return {each["person"]: gateway.ids.open(each["person"], scope) for each in page["selections"]}
    except Unreadable:
        raise Surplus("a candidate's id is not of matching-svc") from None


async def _scope(gateway: Parts, kind: str) -> Scope:
    return await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[kind])


def _shown(permit: Permit, gateway: Parts, selection: Mapping[str, Any], person: str) -> dict[str, Any]:
    members(selection, _SELECTION, "selection")
    return {**selection, "person": Names(gateway.ids, permit)(person)}
