"""Skill gaps: looked for with what the caller sees of the person, and told as far as it rests on that."""

import uuid
from typing import Any

import httpx
import pytest

from gateway.redaction import skill_gaps

from .neighbours import view
from .running import Running
from .test_matches import CALLER, MATCHING, OPPORTUNITY, PERSON

GAP = {"uri": "a", "label": "knead", "opens": 2, "raises": 5, "courses": [OPPORTUNITY], "uses": ["skills"]}
OTHER = {**GAP, "uri": "b", "uses": ["skills", "work_history"]}
FOUND = {"gaps": [GAP, OTHER], "considered": 9, "open": 1}


def answering(running: Running, found: dict[str, Any], asked: list[httpx.Request]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=found if request.url.path == "/skill-gaps" else view(PERSON))

    running.neighbours.answer = answer


async def test_gaps_are_looked_for_with_what_is_disclosed_and_recorded(running: Running) -> None:
    caller, asked = await running.caller(), list[httpx.Request]()
    answering(running, FOUND, asked)
    ids = running.app.state.parts.ids
    path = f"/v1/persons/{ids.name(PERSON, CALLER)}/skill-gaps?kind=job&limit=2"
    body = (await caller.call("GET", path, headers={"Accept-Language": "bg"})).json()
    (gap,) = body["gaps"]  # work_history is not disclosed here
    assert (gap["uri"], gap["opens"], body["considered"], body["open"]) == ("a", 2, 9, 1)
    assert gap["courses"] == [{name: value for name, value in OPPORTUNITY.items() if name != "etag"}]
    sent = httpx.Response(200, content=asked[-1].content).json()
    assert (sent["person"], sent["limit"]) == (ids.name(PERSON, MATCHING), 2)
    assert (sent["attributes"], sent["languages"]) == (["adult", "education_level", "skills"], ["bg"])
    (entry,) = await running.ledger()
    assert (entry["operation"], entry["attributes"], entry["people"]) == ("match", ["skills"], 1)


def test_without_skills_nothing_is_told() -> None:
    assert skill_gaps(FOUND, {"work_history", "municipality"}) == {"gaps": [], "considered": 0, "open": 0}
    assert skill_gaps(FOUND, {"skills", "work_history"}) == FOUND


@pytest.mark.parametrize(
    "surplus", [{"gaps": [{**GAP, "person": str(uuid.UUID(int=1))}]}, {"people": []}], ids=["gap", "answer"]
)
async def test_a_surplus_is_an_incident(running: Running, surplus: dict[str, Any]) -> None:
    caller = await running.caller()
    answering(running, {**FOUND, **surplus}, [])
    name = running.app.state.parts.ids.name(PERSON, CALLER)
    assert (await caller.call("GET", f"/v1/persons/{name}/skill-gaps?kind=job")).status_code == 500
    assert [entry["outcome"] for entry in await running.ledger()] == ["incident"]
