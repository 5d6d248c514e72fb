"""Matches and candidates: matching-svc knows people by ids of its own, and tells a caller nothing beyond their decision."""

import uuid
from typing import Any

import httpx
import orjson
import pytest

from gateway.identity import Scope

from .neighbours import view
from .running import Running

PERSON = str(uuid.uuid4())
MATCHING = Scope("purpose", "stena-matching", "job-ranking")
CALLER = Scope("purpose", "employment-agency", "job-ranking")
OPPORTUNITY = {"id": "opp_1", "owner": "vitosha-bakery", "title": "Baker", "kind": "job", "etag": '"1"'}


def gate_of(name: str, uses: list[str]) -> dict[str, Any]:
    about = {"start": "2027-03-01", "until": "2027-05-01"}
    found = {"outcome": "met", "code": "right-to-work-ends", "parameters": about, "rule": "r", "on": "2027-03-01"}
    return {"gate": name, **found, "uses": uses}


def explanation(**gates: list[str]) -> dict[str, Any]:
    return {
        "matched": [{"uri": "a", "label": "knead", "essential": True}],
        "near": [],
        "missing": [],
        "components": [{"component": "skills", "value": 1, "weight": 1, "contribution": 1, "uses": ["skills"]}],
        "gates": [gate_of(name, uses) for name, uses in gates.items()],
        "model": "m1",
    }


class Sources:
    """An honest profile-svc and a matching-svc that ranks ``ranked`` people by internal id."""

    def __init__(
        self, running: Running, ranked: list[str], visible: set[str], gates: dict[str, list[str]] | None = None
    ) -> None:
        self.ids = running.app.state.parts.ids
        self.ranked, self.visible, self.gates = ranked, visible, gates or {}
        self.asked: list[tuple[str, Any]] = []
        running.neighbours.answer = self.answer

    def answer(self, request: httpx.Request) -> httpx.Response:
        body: Any = orjson.loads(request.content) if request.content else None
        self.asked.append((request.url.path, body))
        match request.url.path.split("/")[1:]:
            case ["persons", "resolve"]:
                people = [view(person) for person in body["ids"] if person in self.visible]
                return httpx.Response(200, json={"people": people, "more": False})
            case ["persons", person]:
                return httpx.Response(200, json=view(person)) if person in self.visible else httpx.Response(404, json={})
            case ["matches"]:
                match = {"opportunity": OPPORTUNITY, "score": 0.5, "eligible": "yes", "explanation": explanation(**self.gates)}
                return httpx.Response(200, json={"matches": [match], "truncated": False})
            case ["opportunities", _, "shown"]:
                return httpx.Response(204)
            case _:
                return httpx.Response(200, json=self._candidates(body))

    def _candidates(self, body: dict[str, Any]) -> dict[str, Any]:
        chunk = self.ranked[body["offset"] : body["offset"] + body["limit"]]
        found = [
            {
                "person": self.ids.name(person, MATCHING),
                "score": 0.5,
                "eligible": "yes",
                "explanation": explanation(**self.gates),
            }
            for person in chunk
        ]
        return {"kind": "job", "candidates": found, "more": body["offset"] + len(chunk) < len(self.ranked), "conditions": []}


async def test_what_fits_a_person_is_ranked_with_what_the_caller_may_see_of_that_person(running: Running) -> None:
    caller = await running.caller()
    sources = Sources(running, [], {PERSON}, {"working-age": ["of_working_age"], "dates": []})
    name = running.app.state.parts.ids.name(PERSON, CALLER)
    response = await caller.call("GET", f"/v1/persons/{name}/matches?kind=job&limit=3")
    (match,) = response.json()["matches"]
    assert sources.asked[-1] == (
        "/matches",
        {
            "person": running.app.state.parts.ids.name(PERSON, MATCHING),
            "also": [],
            "kind": "job",
            "attributes": ["adult", "education_level", "skills"],
            "languages": [],
            "limit": 3,
        },
    )
    assert match["opportunity"] == {key: value for key, value in OPPORTUNITY.items() if key != "etag"}
    (gate,) = match["explanation"]["gates"]  # working age is not disclosed here
    assert (gate["gate"], gate["rule"], gate["on"]) == ("dates", "r", "2027-03-01")
    assert gate["detail"] == "Right to work on 2027-03-01; it ends on 2027-05-01: plan its renewal."
    (entry,) = await running.ledger()
    assert (entry["operation"], entry["resource"], entry["attributes"], entry["people"]) == ("match", "person", ["skills"], 1)


async def test_for_a_person_who_is_not_visible_nothing_is_ranked(running: Running) -> None:
    caller = await running.caller()
    sources = Sources(running, [], set())
    name = running.app.state.parts.ids.name(PERSON, CALLER)
    assert (await caller.call("GET", f"/v1/persons/{name}/matches?kind=job")).status_code == 404
    assert [path for path, _ in sources.asked] == [f"/persons/{PERSON}"]


async def test_candidates_are_looked_for_until_there_are_enough(running: Running) -> None:
    caller = await running.caller()
    ranked = [str(uuid.uuid4()) for _ in range(120)]
    sources = Sources(running, ranked, set(ranked[40:45] + ranked[60:70]))
    body = (await caller.call("GET", "/v1/opportunities/opp_1/candidates?limit=10")).json()
    ids = running.app.state.parts.ids
    assert [each["person"]["id"] for each in body["candidates"]] == [ids.name(p, CALLER) for p in ranked[40:45] + ranked[60:65]]
    assert body["truncated"] is True
    offsets = [asked["offset"] for path, asked in sources.asked if path.endswith("/candidates")]
    assert offsets == [0, 50]
    # Only what is disclosed of everybody may rank everybody.
    assert all(
        asked["attributes"] == ["adult", "education_level", "skills"]
        for path, asked in sources.asked
        if path.endswith("/candidates")
    )
    (entry,) = await running.ledger()
    assert entry["people"] == 10


async def test_after_a_thousand_the_search_ends_and_says_so(running: Running) -> None:
    caller = await running.caller()
    sources = Sources(running, [str(uuid.uuid4()) for _ in range(1_100)], set())
    body = (await caller.call("GET", "/v1/opportunities/opp_1/candidates")).json()
    assert (body["candidates"], body["truncated"]) == ([], True)
    assert len([path for path, _ in sources.asked if path.endswith("/candidates")]) == 20


@pytest.mark.parametrize("person", ["psn_nonsense", PERSON], ids=["nonsense", "internal"])
async def test_a_candidate_under_an_id_that_is_not_of_matching_is_an_incident(running: Running, person: str) -> None:
    caller = await running.caller()
    Sources(running, [PERSON], {PERSON}).ids.name(PERSON, MATCHING)
    candidate = {"person": person, "score": 1, "eligible": "yes", "explanation": explanation()}
    answer = {"kind": "job", "candidates": [candidate], "more": False}
    running.neighbours.answer = lambda request: httpx.Response(200, json=answer)
    assert (await caller.call("GET", "/v1/opportunities/opp_1/candidates")).status_code == 500
    assert [entry["outcome"] for entry in await running.ledger()] == ["incident"]


async def test_an_opportunity_outside_the_grant_is_an_incident(running: Running) -> None:
    caller = await running.caller()
    own = {"op": "is_in", "fact": "created_by", "values": ["employment-agency"]}
    running.neighbours.spoil_grant = lambda grant: grant.model_validate({**grant.model_dump(), "rows": own})
    running.neighbours.answer = lambda request: httpx.Response(200, json=OPPORTUNITY)
    assert (await caller.call("GET", "/v1/opportunities/opp_1")).status_code == 500


async def test_somebody_who_comes_up_again_while_the_ranking_shifts_is_shown_once(running: Running) -> None:
    caller = await running.caller()
    ranked = [str(uuid.uuid4()) for _ in range(60)]
    Sources(running, [*ranked[:50], *ranked[48:]], set(ranked[45:]))
    body = (await caller.call("GET", "/v1/opportunities/opp_1/candidates?limit=100")).json()
    ids = running.app.state.parts.ids
    assert [each["person"]["id"] for each in body["candidates"]] == [ids.name(person, CALLER) for person in ranked[45:]]
