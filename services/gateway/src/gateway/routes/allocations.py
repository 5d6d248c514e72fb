"""Many people to places with capacities: a job is asked for, looked at, cancelled.

INVARIANT: who is placed was visible to the caller when the job was asked for, and who is shown is visible when it is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from gateway.calls import Call, Permit, Question, Seen, Shown, Stated
from gateway.firewall import Rejected, pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import View, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, next_page, replayed, respond
from gateway.routes.allocation_people import CHUNK, chosen, disclosed_of_all, internal, named, opened, resolved, scope_of
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.eligibility import ask_the_source
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.placements import placement_for_caller, record_shown, settled
from gateway.routes.selection import Cursor, bound, open_cursor
from gateway.upstreams import MANY, Answer
from gateway.views.allocation import ALLOCATION_ID, AllocationBody, AllocationState, AllocationView
from stena.contracts.allocation import Allocation, Constraint
from stena.problems import BadRequest, pointer

router = APIRouter(prefix="/v1/allocations", tags=["Matching"])

AllocationId = Annotated[str, Path(alias="id", pattern="^[A-Za-z0-9_-]{1,80}$", examples=[ALLOCATION_ID])]

PERSON, OPPORTUNITY, PEOPLE = 0, 1, 2  # in this order stand the questions, and so the grants
_ALLOCATE = (Question("allocate", "person"), Question("allocate", "opportunity"))
OF_NAMED = (*_ALLOCATE, Question("match", "person"))
OF_LISTED = (*_ALLOCATE, Question("list", "person"))
LOOK = (Question("match", "person"), Question("allocate", "opportunity"), Question("allocate", "person"))

_STATE: Final = frozenset(AllocationState.model_fields)
_MEMBERS: Final = frozenset(Allocation.model_fields)
_CONSTRAINT: Final = frozenset(Constraint.model_fields)


@dataclass(frozen=True, slots=True)
class Page:
    """An allocation with those of a page, and of a shortage, whom the caller may see now; of the latter by matching's ids."""

    found: Mapping[str, Any]
    pairs: list[tuple[View, Mapping[str, Any]]]
    short: Mapping[str, str]


@router.post(
    "",
    operation_id="createAllocation",
    summary="Place many people at once",
    status_code=202,
    response_model=AllocationState,
    responses={200: {"model": AllocationState, "description": "Asked for before with this key: that job, as it stands."}},
)
async def create_allocation(body: AllocationBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway) -> Response:
    """A job: look at it under its `Location`. `optimal`: the total score is the best under all gates and capacities, to within
    a gap that is proven and told. `stable`: no person and place would both rather have each other. It is a proposal; people
    decide. Where the opportunities carry a condition on a protected attribute, whoever fails it is not placed."""
    _require_consistent(body)

    async def fetch(permit: Permit) -> Answer:
        asked = await _asked(gateway, permit, states, body)
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
    cursor: Cursor = None,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Who may be seen is decided anew: whoever is no longer visible is left out of a page. Who was shown what is kept for
    audits before it is shown."""

    async def fetch(permit: Permit) -> Page:
        after = "" if cursor is None else str(open_cursor(gateway, cursor, bound(permit, "allocation", allocation)))
        query = [("limit", str(limit)), ("after", after)]
        path = ["allocations", allocation]
        found = (await gateway.matching.ask("GET", path, permit.passes[OPPORTUNITY], within=MANY, query=query)).body
        members(found, _MEMBERS, "allocation")
        page = await _visible(gateway, permit, found)
        conditions = found["conditions"]
        answers = await ask_the_source(gateway, states, conditions, [view["id"] for view, _ in page.pairs])
        told = ((view, said, answers.get(view["id"])) for view, said in page.pairs)
        pairs = [(view, settled(said, answer, conditions)) for view, said, answer in told if answer != "no"]
        await record_shown(gateway, permit.passes[OPPORTUNITY], allocation, (said for _, said in pairs))
        return Page(found, pairs, page.short)

    def redact(permit: Permit, page: Page) -> Shown[Reply]:
        return _shown(gateway, permit, page, limit, accept_language)

    return respond(await pass_through(gateway.wall, Call(states, LOOK), fetch, redact))


@router.delete("/{id}", operation_id="cancelAllocation", summary="Cancel a job", response_model=AllocationState)
async def cancel_allocation(allocation: AllocationId, states: CallerStates, gateway: Gateway) -> Response:
    """It stops within a second. What has ended stays as it is."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.matching.ask("DELETE", ["allocations", allocation], permit.passes[OPPORTUNITY])

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return Shown(Reply(_state(answer.body)))

    return respond(await pass_through(gateway.wall, Call(states, _ALLOCATE), fetch, redact))


def _require_consistent(body: AllocationBody) -> None:
    if body.people is not None and body.filters:
        raise BadRequest("Choose people by their ids or by filters, not by both.", slug="selection-twice")
    bound_to = {"together": body.together, "required": body.required, "fairness": body.fairness}
    wrong = [name for name, value in bound_to.items() if body.method == "stable" and value]
    wrong += ["wishes"] if body.method == "optimal" and body.wishes else []
    if wrong:
        errors = [{"in": "body", "pointer": pointer([name]), "detail": f"Not with the method {body.method}."} for name in wrong]
        raise BadRequest("The method has no room for this.", slug="method-without-it", errors=errors)


async def _asked(gateway: Parts, permit: Permit, states: Stated, body: AllocationBody) -> dict[str, Any]:
    """What matching is asked: everybody by its own ids, without those who fail what the source alone can tell."""
    people, opportunities = permit.passes[PEOPLE], list(dict.fromkeys(body.opportunities))
    conditions = await _conditions(gateway, permit, body.kind, opportunities)
    found = await chosen(gateway, people, body)
    answers = await ask_the_source(gateway, states, conditions, found)
    _require_eligible(gateway, permit, body, answers)
    scope = await scope_of(gateway, body.kind)
    names = {person: gateway.ids.name(person, scope) for person in found if answers.get(person) != "no"}
    wishes = [(each, named(gateway, people, [each.person], names)) for each in body.wishes]
    return {
        "kind": body.kind,
        "opportunities": opportunities,
        "people": list(names.values()),
        "together": [group for each in body.together if len(group := named(gateway, people, each, names)) > 1],
        "required": named(gateway, people, body.required, names),
        "attributes": disclosed_of_all(permit, PEOPLE),
        "fairness": None if body.fairness is None else body.fairness.model_dump(),
        "method": body.method,
        "wishes": [{"person": who[0], "opportunities": list(each.opportunities)} for each, who in wishes if who],
        "conditions": conditions,
    }


async def _conditions(gateway: Parts, permit: Permit, kind: str, opportunities: list[str]) -> list[Mapping[str, Any]]:
    path, asked = ["allocations", "conditions"], {"kind": kind, "opportunities": opportunities}
    answer = await gateway.matching.ask("POST", path, permit.passes[OPPORTUNITY], within=MANY, json=asked)
    return list(members(answer.body, {"conditions"}, "conditions")["conditions"])


def _require_eligible(gateway: Parts, permit: Permit, body: AllocationBody, answers: Mapping[str, str]) -> None:
    """Whoever has to be placed and fails a condition cannot be: the caller hears of whom, before anything is computed."""
    failing = [
        at
        for at, person in enumerate(body.required)
        if answers.get(internal(gateway, permit.passes[PEOPLE], person) or "") == "no"
    ]
    if failing:
        detail = "A condition of the opportunities is not met by this person."
        errors = [{"in": "body", "pointer": pointer(("required", at)), "detail": detail} for at in failing[:20]]
        raise Rejected(BadRequest("Somebody who has to be placed cannot be.", slug="required-not-eligible", errors=errors))


async def _visible(gateway: Parts, permit: Permit, found: Mapping[str, Any]) -> Page:
    placed = await opened(gateway, found["kind"], [each["person"] for each in found["placements"]])
    by_person = dict(zip(placed, found["placements"], strict=True))
    named = (found["shortage"] or {}).get("people", ())[:CHUNK]
    short = dict(zip(named, await opened(gateway, found["kind"], named), strict=True))
    ids = list(dict.fromkeys([*by_person, *short.values()]))
    visible = {view["id"]: view for view in await resolved(gateway, permit.passes[PERSON], ids)}
    pairs = [(visible[person], said) for person, said in by_person.items() if person in visible]
    return Page(found, pairs, {theirs: person for theirs, person in short.items() if person in visible})


def _shortage(name: Names, found: Mapping[str, Any], visible: Mapping[str, str]) -> dict[str, Any]:
    """Only with people whom the caller may see, by the caller's names."""

    def named(about: Mapping[str, Any]) -> dict[str, Any]:
        return {**about, "people": [name(visible[person]) for person in about["people"] if person in visible]}

    members(found, {"people", "opportunities"}, "shortage", {"constraints"})
    constraints = [named(members(each, _CONSTRAINT, "constraint")) for each in found.get("constraints", ())]
    return {**named(found), "constraints": [each for each in constraints if each["people"]]}


def _state(found: Mapping[str, Any]) -> dict[str, Any]:
    """How a job stands, without anybody in it."""
    members(found, _MEMBERS, "allocation")
    return {name: value for name, value in found.items() if name in _STATE}


def _shown(gateway: Parts, permit: Permit, page: Page, limit: int, accept_language: str | None) -> Shown[Reply]:
    name, found = Names(gateway.ids, permit), page.found
    people = [view for view, _ in page.pairs]
    check_page(people, limit)
    following = None
    if found["more"]:
        following = gateway.cursors.seal(found["placements"][-1]["person"], bound(permit, "allocation", found["id"]))
    content = {
        **_state(found),
        "shortage": found["shortage"] and _shortage(name, found["shortage"], page.short),
        "placements": [placement_for_caller(name, view, said, accept_language) for view, said in page.pairs],
        "next": following,
        "disclosure": disclosure(permit),
    }
    link = next_page(f"/v1/allocations/{found['id']}", [("limit", str(limit))], following)
    shown = (*map(seen, people), *(Seen(person) for person in page.short.values()))
    return Shown(Reply(content, headers=link), shown, withheld_count(people))
