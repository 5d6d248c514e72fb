"""People found by a value that the caller knows. Values travel in the body alone, and are written down nowhere."""

from typing import Any, Final

from fastapi import APIRouter, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, respond
from gateway.routes.headers import CallerStates
from gateway.upstreams import Answer
from gateway.views.lookup import FoundPeople, LookupBody

router = APIRouter(prefix="/v1/persons", tags=["People"])

# Whoever may read a person by their id may read whom they can name by what is disclosed to them.
READ_WHOM = Question("read", "person")
MOST_FOUND: Final = 10


@router.post("/lookup", operation_id="lookUpPersons", summary="Find a person by what you know", response_model=FoundPeople)
async def look_up_persons(body: LookupBody, states: CallerStates, gateway: Gateway) -> Response:
    """By a personal number, telephone number, email address or exact name, if your purpose discloses it. Spellings of one value
    count as one; a part of a name finds nobody. If more than ten people are meant, nobody is shown: say one thing more."""

    async def fetch(permit: Permit) -> Answer:
        return await gateway.profile.ask("POST", ["persons", "lookup"], permit.passes[0], json=body.model_dump(mode="json"))

    def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
        return _shown_people(gateway, permit, answer.body, body.fields)

    return respond(await pass_through(gateway.wall, Call(states, (READ_WHOM,)), fetch, redact))


def _shown_people(gateway: Parts, permit: Permit, page: dict[str, Any], fields: tuple[str, ...] | None) -> Shown[Reply]:
    members(page, {"people", "more"}, "page")
    wall, name = PersonWall(permit.grant, fields), Names(gateway.ids, permit)
    people = [wall.check(view) for view in page["people"]]
    check_page(people, MOST_FOUND)
    content = {"people": [name.person(view) for view in people], "disclosure": disclosure(permit)}
    return Shown(Reply(content), tuple(map(seen, people)), withheld_count(people), found=bool(people))
