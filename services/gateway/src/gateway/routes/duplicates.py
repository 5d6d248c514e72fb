"""Likely duplicates: proposed, told apart, made one, and two again."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.identity import Scope, Unreadable, nobody
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, Surplus, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, replayed, respond
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, bound, open_cursor
from gateway.upstreams import MANY, Answer
from gateway.views.duplicate import DuplicatePage, MergeBody, MergeView
from gateway.views.people import PERSON_ID

router = APIRouter(prefix="/v1", tags=["Duplicates"])

COMPARE = Question("compare", "person")
COMPARE_ONE = Question("compare", "person", "person")
DISTINGUISH = Question("distinguish", "person", "person")
MERGE = Question("merge", "person", "person")
SEPARATE = Question("separate", "person", "person")

_MERGE: Final = frozenset({"id", "person", "merged", "merged_at", "undone_at", "widened", "view"})

Other = Annotated[str, Path(description="The other record.", examples=[PERSON_ID])]
MergeId = Annotated[UUID, Path(alias="merge", description="`id` of the merge.")]


@router.get(
    "/duplicates",
    operation_id="listDuplicates",
    summary="Who may be one person",
    response_model=DuplicatePage,
    responses={404: {"description": "`person` does not exist or is not visible to this caller."}},
)
async def list_duplicates(
    states: CallerStates,
    gateway: Gateway,
    person: Annotated[str | None, Query(description="Likely duplicates of this person alone, the likeliest first.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Cursor = None,
) -> Response:
    """Among the records that are your organisation's business. Both are shown as far as your purpose lets them be seen, and
    scored by nothing else; a person decides. Pairs that you have told apart do not come again."""

    async def fetch(permit: Permit) -> Answer:
        after = None if cursor is None else str(open_cursor(gateway, cursor, bound(permit, "duplicates", permit.person)))
        asked = {"person": permit.person, "after": after, "limit": limit}
        return await gateway.profile.ask("POST", ["persons", "duplicates"], permit.passes[0], within=MANY, json=asked)

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _proposals(gateway, permit, answer.body)

    question = COMPARE if person is None else COMPARE_ONE
    return respond(await pass_through(gateway.wall, Call(states, (question,), person), fetch, redact))


@router.put("/persons/{id}/distinctions/{other}", operation_id="tellApart", summary="They are two people", status_code=204)
async def tell_apart(person: PersonId, other: Other, states: CallerStates, gateway: Gateway) -> Response:
    """This pair is not proposed to your organisation again."""

    async def fetch(permit: Permit) -> str:
        second = await gateway.merged.now(_opened(gateway, permit, other))
        path = ["persons", permit.person or "", "distinctions"]
        await gateway.profile.ask("POST", path, permit.passes[0], json={"other": second})
        return second

    def redact(permit: Permit, second: str) -> Shown[Reply]:
        return Shown(Reply(None, 204), (Seen(permit.person or ""), Seen(second)))

    return respond(await pass_through(gateway.wall, Call(states, (DISTINGUISH,), person), fetch, redact))


@router.post(
    "/persons/{id}/merge",
    operation_id="mergePersons",
    summary="Make two records one",
    status_code=201,
    response_model=MergeView,
    responses={
        200: {"model": MergeView, "description": "They are one already: that merge."},
        409: {"description": "They differ, somebody would see more, or one of them is hidden from somebody: see the type."},
    },
)
async def merge_persons(
    person: PersonId, body: MergeBody, states: CallerStates, key: IdempotencyKey, gateway: Gateway
) -> Response:
    """The other record becomes part of this one: what was said in either stands, notes and cases go with it, a no to anything
    stays a no, and the ids of both go on naming the person to every organisation. It can be taken back."""

    async def fetch(permit: Permit) -> Answer:
        asked = body.model_dump(mode="json") | {"other": _opened(gateway, permit, body.other)}
        path, headers = ["persons", permit.person or "", "merge"], {"Idempotency-Key": key}
        answer = await gateway.profile.ask("POST", path, permit.passes[0], within=MANY, json=asked, headers=headers)
        if answer.body["undone_at"] is None:
            await gateway.merged.add(answer.body["person"], answer.body["merged"], answer.body["id"])
        return answer

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _merged(gateway, permit, answer.body, answer.status, answer.repeated)

    return respond(await pass_through(gateway.wall, Call(states, (MERGE,), person), fetch, redact))


@router.delete(
    "/persons/{id}/merges/{merge}", operation_id="undoMerge", summary="Make them two again", response_model=MergeView
)
async def undo_merge(person: PersonId, merge: MergeId, states: CallerStates, gateway: Gateway) -> Response:
    """Both as they were. What was written since stays with this record; a no that was said since counts in both."""

    async def fetch(permit: Permit) -> Answer:
        path = ["persons", permit.person or "", "merges", str(merge)]
        part = await gateway.merged.remove(permit.person or "", str(merge))
        try:
            return await gateway.profile.ask("POST", [*path, "undo"], permit.passes[0], within=MANY)
        except (NotVisible, Rejected):
            # They are one still. Where the source gave no answer nobody knows; it tells whoever asks about the other id.
            if part is not None:
                await gateway.merged.add(permit.person or "", part, str(merge))
            raise

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _merged(gateway, permit, answer.body, 200, repeated=False)

    return respond(await pass_through(gateway.wall, Call(states, (SEPARATE,), person), fetch, redact))


def _opened(gateway: Parts, permit: Permit, text: str) -> str:
    """The internal id; of what is none the id of nobody, so that both take the same way."""
    grant = permit.grant
    try:
        return gateway.ids.open(text, Scope(grant.ids, grant.organisation, grant.purpose))
    except Unreadable:
        return nobody(text)


def _proposals(gateway: Parts, permit: Permit, page: dict[str, Any]) -> Shown[Reply]:
    members(page, {"duplicates", "after"}, "page of duplicates")
    wall, name = PersonWall(permit.grant), Names(gateway.ids, permit)
    people, shown = {}, []
    for found in page["duplicates"]:
        members(found, {"people", "score", "agreement"}, "duplicate")
        pair = [wall.check(view) for view in found["people"]]
        people.update({view["id"]: view for view in pair})
        if len(pair) != 2 or not all(found["agreement"].keys() <= view["attributes"].keys() for view in pair):
            raise Surplus("what agrees", found["agreement"])
        shown.append({**found, "people": [name.person(view) for view in pair]})
    following = None
    if page["after"] is not None:
        following = gateway.cursors.seal(page["after"], bound(permit, "duplicates", permit.person))
    content = {"duplicates": shown, "next": following, "disclosure": disclosure(permit)}
    views = list(people.values())
    return Shown(Reply(content), tuple(map(seen, views)), withheld_count(views))


def _merged(gateway: Parts, permit: Permit, merge: dict[str, Any], status: int, repeated: bool) -> Shown[Reply]:
    members(merge, _MERGE, "merge")
    name = Names(gateway.ids, permit)
    view = PersonWall(permit.grant).check(merge["view"], {permit.person or ""})
    told = {key: merge[key] for key in ("id", "merged_at", "undone_at", "widened")}
    content = {**told, "person": name.person(view), "merged": name(merge["merged"]), "disclosure": disclosure(permit)}
    people = (seen(view), Seen(merge["merged"]))
    return Shown(Reply(content, status, replayed(repeated)), people, withheld_count([view]))
