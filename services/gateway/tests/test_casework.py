"""Casework behind the second wall: a source that answers with what is none of the caller's business is an incident."""

import uuid
from typing import Any

import httpx
import pytest

from gateway.identity import Scope
from stena.contracts.access import Grant
from stena.contracts.condition import AllOf, AnyOf, IsIn, Overlaps

from .running import Caller, Running

PERSON, OTHER, ITEM = (str(uuid.uuid4()) for _ in range(3))
AGENCY, PURPOSE = "employment-agency", "registration"
THEN = "2026-06-01T00:00:00Z"

NOTE = {
    "id": ITEM,
    "written_at": THEN,
    "written_by": "reception-agency",
    "acting_user": None,
    "language": None,
    "text": "canary",
}
SHARED = NOTE | {"shared_until": "2027-06-01T00:00:00Z"}
CASE = {"id": ITEM, "organisation": AGENCY, "basis": "import", "opened_at": THEN, "opened_by": AGENCY}
CLOSED = {"closed_at": None, "closed_by": None}
REFERRAL = {
    "id": ITEM,
    "person": PERSON,
    "sender": "reception-agency",
    "recipient": AGENCY,
    "purpose": PURPOSE,
    "reason": "canary",
    "state": "in-progress",
    "created_at": THEN,
    "changed_at": THEN,
    "until": None,
}

OWN = IsIn(fact="created_by", values=(AGENCY,))
ROWS = {
    "note": AnyOf(of=(OWN, Overlaps(fact="shared", values=(PURPOSE, f"{PURPOSE}@{AGENCY}")))),
    "case": OWN,
    "referral": AllOf(of=(Overlaps(fact="assigned", values=(AGENCY,)), Overlaps(fact="region_path", values=("BG",)))),
}


@pytest.fixture
async def caller(running: Running) -> Caller:
    def bounded(grant: Grant) -> Grant:
        return grant.model_copy(update={"rows": ROWS[grant.resource]})

    running.neighbours.spoil_grant = bounded
    return await running.caller()


def named(running: Running, person: str = PERSON) -> str:
    name: str = running.app.state.parts.ids.name(person, Scope("organisation", AGENCY, PURPOSE))
    return name


def answers(running: Running, body: Any) -> None:
    running.neighbours.answer = lambda request: httpx.Response(200, json=body)


async def test_a_referral_names_the_person_by_the_callers_own_id(running: Running, caller: Caller) -> None:
    answers(running, REFERRAL)
    answer = await caller.call("GET", f"/v1/referrals/{ITEM}", purpose=PURPOSE)
    assert answer.status_code == 200, answer.text
    assert answer.json() == REFERRAL | {"person": named(running)}
    assert PERSON not in answer.text
    (asked,) = running.neighbours.decided()
    assert asked["resource"] == {"type": "referral", "id": ITEM, "properties": {}}
    (listed,) = await running.people_in_ledger()
    assert str(listed["person_id"]) == PERSON


async def test_a_page_of_referrals_tells_the_ledger_of_each_person_once(running: Running, caller: Caller) -> None:
    answers(running, {"referrals": [REFERRAL | {"id": str(uuid.uuid4())} for _ in range(2)], "more": True})
    answer = await caller.call("GET", "/v1/referrals?direction=in&limit=2", purpose=PURPOSE)
    assert answer.status_code == 200, answer.text
    assert 'rel="next"' in answer.headers["link"]
    assert [str(each["person_id"]) for each in await running.people_in_ledger()] == [PERSON]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/referrals/{ITEM}", REFERRAL | {"recipient": "open-door-legal"}),
        (f"/v1/referrals/{ITEM}", REFERRAL | {"given_name": "canary"}),
        ("/v1/referrals?direction=in&limit=1", {"referrals": [REFERRAL, REFERRAL | {"id": OTHER}], "more": False}),
        ("/v1/persons/{id}/cases", {"cases": [CASE | CLOSED | {"organisation": "open-door-legal"}]}),
        ("/v1/persons/{id}/cases", {"cases": [CASE | CLOSED | {"reason": "canary"}]}),
        ("/v1/persons/{id}/notes", {"notes": [NOTE | {"shared_until": None}], "more": False}),
        ("/v1/persons/{id}/notes", {"notes": [SHARED | {"read_by": "canary"}], "more": False}),
    ],
    ids=range(7),
)
async def test_what_is_none_of_the_callers_business_is_an_incident(
    running: Running, caller: Caller, path: str, body: dict[str, Any]
) -> None:
    answers(running, body)
    answer = await caller.call("GET", path.replace("{id}", named(running)), purpose=PURPOSE)
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert [(each["outcome"], each["reason"]) for each in await running.ledger()] == [("incident", "surplus")]


@pytest.mark.parametrize("change", [{"sender": "self-service"}, {"person": OTHER}, {"state": None, "surplus": "canary"}])
async def test_a_referral_is_made_of_the_person_and_by_the_caller(
    running: Running, caller: Caller, change: dict[str, Any]
) -> None:
    """Before there is one the facts are the person's, so that its rows alone would let anything pass."""
    made = REFERRAL | {"sender": AGENCY, "recipient": "reception-agency"}
    body = {"recipient": "reception-agency", "purpose": PURPOSE, "reason": "an appeal"}
    path = f"/v1/persons/{named(running)}/referrals"
    running.neighbours.answer = lambda request: httpx.Response(201, json=made)
    right = await caller.call("POST", path, purpose=PURPOSE, json=body)
    assert (right.status_code, right.json()["person"]) == (201, named(running))
    assert right.headers["location"] == f"/v1/referrals/{ITEM}"
    running.neighbours.answer = lambda request: httpx.Response(201, json=made | change)
    wrong = await caller.call("POST", path, purpose=PURPOSE, json=body)
    assert wrong.status_code == 500
    assert [each["outcome"] for each in await running.ledger()] == ["intent", "done", "intent", "incident"]


async def test_a_note_of_others_passes_with_the_end_of_its_share(running: Running, caller: Caller) -> None:
    answers(running, {"notes": [SHARED], "more": False})
    answer = await caller.call("GET", f"/v1/persons/{named(running)}/notes", purpose=PURPOSE)
    assert (answer.status_code, answer.json()["notes"]) == (200, [SHARED])


async def test_where_a_referral_stands_is_told_with_the_refusal(running: Running, caller: Caller) -> None:
    problem = {"type": "/problems/not-in-this-state", "detail": "The referral is done.", "state": "done", "person": "canary"}
    running.neighbours.answer = lambda request: httpx.Response(409, json=problem)
    answer = await caller.call("POST", f"/v1/referrals/{ITEM}/accept", purpose=PURPOSE)
    assert (answer.status_code, answer.json()["state"]) == (409, "done")
    assert "canary" not in answer.text
    assert [each["outcome"] for each in await running.ledger()] == ["intent", "failed"]
