"""Many people to places with capacities: a job is asked for, looked at, cancelled; a person confirms what it proposes.

INVARIANT: who is placed was visible to the caller when the job was asked for, and who is shown is visible when it is looked at.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from gateway.allocation_views import ALLOCATION_ID, AllocationBody, AllocationState, AllocationView, ConfirmationBody
from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.identity import Scope, Unreadable
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, Surplus, View, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, next_page, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.selection import bound, open_cursor
from gateway.upstreams import MANY, Answer
from stena.contracts.allocation import MOST_PEOPLE, Allocation, Placement
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION
from stena.problems import BadRequest

router = APIRouter(prefix="/v1/allocations", tags=["Matching"])

AllocationId = Annotated[str, Path(alias="id", pattern="^[A-Za-z0-9_-]{1,80}$", examples=[ALLOCATION_ID])]

PERSON, OPPORTUNITY, PEOPLE = 0, 1, 2  # in this order stand the questions, and so the grants
_ALLOCATE = (Question("allocate", "person"), Question("allocate", "opportunity"))
OF_NAMED = (*_ALLOCATE, Question("match", "person"))
OF_LISTED = (*_ALLOCATE, Question("list", "person"))
LOOK = (Question("match", "person"), Question("allocate", "opportunity"), Question("allocate", "person"))

CHUNK: Final = 500
_STATE: Final = frozenset(AllocationState.model_fields)
_MEMBERS: Final = frozenset(Allocation.model_fields)
_PLACEMENT: Final = frozenset(Placement.model_fields)


@router.post(
    "",
    operation_id="createAllocation",
    summary="Place many people at once",
    status_code=202,
    response_model=AllocationState,
    responses={200: {"model": AllocationState, "description": "Asked for before with this key: that job, as it stands."}},
)
async def create_allocation(body: AllocationBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """A job: look at it under its `Location`. The total score is the best under all gates and capacities, to within a gap that
    is proven and told. It is a proposal; people decide."""
    if body.people is not None and body.filters:
        raise BadRequest("Choose people by their ids or by filters, not by both.", slug="selection-twice")

    async def fetch(permit: Permit) -> Answer:
        scope = await _scope(gateway, body.kind)
        internal = await _chosen(gateway, permit, body)
        named = {person: gateway.ids.name(person, scope) for person in internal}
        grant = permit.passes[PEOPLE].grant
        asked = {
            "kind": body.kind,
            "opportunities": list(dict.fromkeys(body.opportunities)),
            "people": list(named.values()),
            "together": [group for each in body.together if len(group := _named(gateway, permit, each, named)) > 1],
            "required": _named(gateway, permit, body.required, named),
            "attributes": sorted(name for name, each in grant.disclose.items() if each.when is True),
            "fairness": None if body.fairness is None else body.fairness.model_dump(),
        }
        headers = {"Idempotency-Key": key}
        allowed = permit.passes[OPPORTUNITY]
        return await gateway.matching.ask("POST", ["allocations"], allowed, within=MANY, json=asked, headers=headers)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        content = _state(answer.body)
        headers = {**replayed(answer.repeated), "Location": f"/v1/allocations/{content['id']}"}
        return Shown(Reply(content, answer.status, headers))

    questions = OF_LISTED if body.people is None else OF_NAMED
    return respond(await pass_through(gateway.wall, Call(states, questions), fetch, redact))


@router.get(
    "/{id}", operation_id="readAllocation", summary="How a job stands, and whom it places where", response_model=AllocationView
)
async def read_allocation(
    allocation: AllocationId,
    states: CallerStates,
    gateway: Gateway,
    limit: Annotated[int, Query(ge=1, le=CHUNK)] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Who may be seen is decided anew: whoever is no longer visible is left out of a page."""

    async def fetch(permit: Permit) -> tuple[Mapping[str, Any], list[tuple[View, Mapping[str, Any]]], list[str]]:
        after = "" if cursor is None else str(open_cursor(gateway, cursor, bound(permit, "allocation", allocation)))
        query = [("limit", str(limit)), ("after", after)]
        path = ["allocations", allocation]
        found = (await gateway.matching.ask("GET", path, permit.passes[OPPORTUNITY], within=MANY, query=query)).body
        members(found, _MEMBERS, "allocation")
        placed = await _opened(gateway, found["kind"], [each["person"] for each in found["placements"]])
        by_person = dict(zip(placed, found["placements"], strict=True))
        short = await _opened(gateway, found["kind"], (found["shortage"] or {}).get("people", ())[:CHUNK])
        visible = {view["id"]: view for view in await _resolved(gateway, permit, list(dict.fromkeys([*by_person, *short])))}
        pairs = [(visible[person], said) for person, said in by_person.items() if person in visible]
        return found, pairs, [person for person in short if person in visible]

    def redact(permit: Permit, found: tuple[Any, list[tuple[View, Any]], list[str]]) -> Shown[Reply]:
        return _shown(gateway, permit, *found, limit)

    return respond(await pass_through(gateway.wall, Call(states, LOOK), fetch, redact))


@router.delete("/{id}", operation_id="cancelAllocation", summary="Cancel a job", response_model=AllocationState)
async def cancel_allocation(allocation: AllocationId, states: CallerStates, gateway: Gateway) -> Response:
    """It stops within a second. What has ended stays as it is."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask("DELETE", ["allocations", allocation], permit.passes[OPPORTUNITY])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(_state(answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, _ALLOCATE), fetch, redact))


@router.post(
    "/{id}/confirmations",
    operation_id="confirmPlacement",
    summary="Decide about a proposal",
    status_code=204,
    response_class=Response,
)
async def confirm_placement(
    allocation: AllocationId, body: ConfirmationBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """`Acting-User` decides. Anything but what was proposed wants a reason; both are kept beside the proposal. The last word
    stands, so the same call again changes nothing."""

    async def fetch(permit: Permit) -> str:
        look = await gateway.matching.ask(
            "GET", ["allocations", allocation], permit.passes[OPPORTUNITY], query=[("limit", "1")]
        )
        person = await _one(gateway, permit, body.person)
        names = gateway.ids.names(person, await _scope(gateway, look.body["kind"]))
        said = {"people": list(names), "opportunity": body.opportunity, "reason": body.reason}
        path = ["allocations", allocation, "confirmations"]
        await gateway.matching.ask("POST", path, permit.passes[OPPORTUNITY], json=said)
        return person

    def redact(permit: Permit, person: str) -> Shown[Reply]:
        return Shown(Reply(None, 204), (Seen(person),))

    return respond(await pass_through(gateway.wall, Call(states, OF_NAMED), fetch, redact))


async def _scope(gateway: Parts, kind: str) -> Scope:
    return await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[kind])


async def _chosen(gateway: Parts, permit: Permit, body: AllocationBody) -> list[str]:
    """The internal ids of those who are to be placed, as far as the caller may see them now."""
    if body.people is not None:
        asked = [person for each in dict.fromkeys(body.people) if (person := _internal(gateway, permit, each))]
        views = [
            view for at in range(0, len(asked), CHUNK) for view in await _looked_up(gateway, permit, asked[at : at + CHUNK])
        ]
        return [view["id"] for view in views]
    return await _listed(gateway, permit, body)


async def _listed(gateway: Parts, permit: Permit, body: AllocationBody) -> list[str]:
    """Everybody whom the filters leave, a page at a time; nothing of them is read but who they are."""
    found: list[str] = []
    filters = [each.model_dump(mode="json") for each in body.filters]
    wall, after = PersonWall(permit.passes[PEOPLE].grant, ()), None
    while True:
        query = {"filters": filters, "fields": [], "limit": CHUNK, "after": after}
        how: dict[str, Any] = {"within": MANY, "query": [("operation", "list")], "json": query}
        page = (await gateway.profile.ask("POST", ["persons", "search"], permit.passes[PEOPLE], **how)).body
        members(page, {"people", "more"}, "page")
        found += [wall.check(view)["id"] for view in page["people"]]
        if len(found) > MOST_PEOPLE:
            raise Rejected(BadRequest(f"At most {MOST_PEOPLE} people are placed at once.", slug="selection-too-wide"))
        if not page["more"]:
            return found
        after = found[-1]


async def _looked_up(gateway: Parts, permit: Permit, people: list[str]) -> Sequence[View]:
    answer = await gateway.profile.ask(
        "POST", ["persons", "resolve"], permit.passes[PEOPLE], within=MANY, json={"ids": people, "fields": []}
    )
    wall = PersonWall(permit.passes[PEOPLE].grant, ())
    return [wall.check(view, people) for view in members(answer.body, {"people", "more"}, "page")["people"]]


async def _one(gateway: Parts, permit: Permit, person: str) -> str:
    """The one person, if they are visible; raises ``NotVisible``."""
    internal = _internal(gateway, permit, person)
    found = await _looked_up(gateway, permit, [internal]) if internal else ()
    if not found:
        raise NotVisible
    return str(found[0]["id"])


def _internal(gateway: Parts, permit: Permit, person: str) -> str | None:
    """Whom the caller means; somebody who cannot be read is like somebody who is not there."""
    grant = permit.passes[PEOPLE].grant
    try:
        return gateway.ids.open(person, Scope(grant.ids, grant.organisation, grant.purpose))
    except Unreadable:
        return None


def _named(gateway: Parts, permit: Permit, people: Sequence[str], named: Mapping[str, str]) -> list[str]:
    """``people`` as matching-svc knows them, without those who are not to be placed."""
    opened = (_internal(gateway, permit, each) for each in people)
    return [named[person] for person in opened if person is not None and person in named]


async def _opened(gateway: Parts, kind: str, people: Sequence[str]) -> list[str]:
    scope = await _scope(gateway, kind)
    try:
        return [gateway.ids.open(person, scope) for person in people]
    except Unreadable:
        raise Surplus("a person's id is not of matching-svc") from None


async def _resolved(gateway: Parts, permit: Permit, people: list[str]) -> list[View]:
    """Those whom the caller may see now."""
    wall, found = PersonWall(permit.passes[PERSON].grant), []
    for at in range(0, len(people), CHUNK):
        body = {"ids": people[at : at + CHUNK]}
        answer = await gateway.profile.ask("POST", ["persons", "resolve"], permit.passes[PERSON], within=MANY, json=body)
        found += [wall.check(view, people) for view in members(answer.body, {"people", "more"}, "page")["people"]]
    return found


def _state(found: Mapping[str, Any]) -> dict[str, Any]:
    """How a job stands, without anybody in it."""
    members(found, _MEMBERS, "allocation")
    return {name: value for name, value in found.items() if name in _STATE}


def _shown(
    gateway: Parts, permit: Permit, found: Mapping[str, Any], pairs: list[tuple[View, Any]], short: list[str], limit: int
) -> Shown[Reply]:
    name = Names(gateway.ids, permit)
    people = [view for view, _ in pairs]
    check_page(people, limit)
    placements = [
        {
            **{part: members(said, _PLACEMENT, "placement")[part] for part in _PLACEMENT - {"person"}},
            "person": name.person(view),
        }
        for view, said in pairs
    ]
    following = None
    if found["more"]:
        following = gateway.cursors.seal(found["placements"][-1]["person"], bound(permit, "allocation", found["id"]))
    shortage = found["shortage"] and {**found["shortage"], "people": [name(person) for person in short]}
    content = {
        **_state(found),
        "shortage": shortage,
        "placements": placements,
        "next": following,
        "disclosure": disclosure(permit),
    }
    link = next_page(f"/v1/allocations/{found['id']}", [("limit", str(limit))], following)
    shown = (*map(seen, people), *(Seen(person) for person in short))
    return Shown(Reply(content, headers=link), shown, withheld_count(people))
