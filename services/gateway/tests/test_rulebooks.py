"""Another rulebook is activated while the gateway runs: the call that meets it first is already answered by it."""

import uuid

import httpx

from gateway.identity import Reach, Scope

from .neighbours import CATALOGUE, purpose, view
from .running import Running

PERSON = str(uuid.uuid4())
REACHING_FAR = CATALOGUE.model_copy(
    update={
        "revision": "sha256:another",
        "purposes": (purpose("job-ranking", ids="organisation", kinds=("job",)), *CATALOGUE.purposes[1:]),
    }
)


def named(running: Running, reach: Reach) -> str:
    return str(running.app.state.parts.ids.name(PERSON, Scope(reach, "employment-agency", "job-ranking")))


async def test_the_first_call_is_about_whom_its_id_names_under_the_new_rulebook(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = lambda request: httpx.Response(200, json=view(PERSON))
    near, far = named(running, "purpose"), named(running, "organisation")
    assert (await caller.call("GET", f"/v1/persons/{near}")).status_code == 200
    running.neighbours.catalogue = REACHING_FAR
    answer = await caller.call("GET", f"/v1/persons/{far}")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["disclosure"]["rulebook"]) == (far, "sha256:another")
    running.neighbours.catalogue = CATALOGUE
    back = await caller.call("GET", f"/v1/persons/{near}")
    assert (back.json()["id"], back.json()["disclosure"]["rulebook"]) == (near, CATALOGUE.revision)


async def test_a_denial_shows_the_new_rulebook_too(running: Running) -> None:
    caller = await running.caller()
    await caller.call("GET", f"/v1/persons/{named(running, 'purpose')}")
    running.neighbours.catalogue = REACHING_FAR
    running.neighbours.deny = {"reason": "not-necessary"}
    assert (await caller.call("GET", f"/v1/persons/{named(running, 'organisation')}")).status_code == 403
    assert (await running.app.state.parts.rulebook.catalogue()).revision == "sha256:another"


async def test_what_is_published_needs_no_call_about_people(running: Running) -> None:
    caller = await running.caller()
    for catalogue in (CATALOGUE, REACHING_FAR, CATALOGUE):
        running.neighbours.catalogue = catalogue
        assert (await caller.call("GET", "/v1/attributes", purpose=None)).json()["rulebook"] == catalogue.revision
        assert catalogue.revision in (await caller.call("GET", "/openapi.json", purpose=None)).text
