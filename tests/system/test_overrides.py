"""What a person decides of a candidate, with or against the machine: kept with its reason, and in the ledger."""

from typing import Any

import httpx
import pytest

from .house import Caller, House, put
from .people import line
from .test_matching import baker, until, vacancy
from .test_refusals import RECORD

__all__ = ["vacancy"]

SHORTLIST = "anonymous-shortlist"
WHY = {"outcome": "rejected", "reason": "not-available"}
REJECTED = [{"status": "rejected", "from": "2022-04-01", "until": None}]
BY = {"Acting-User": "ivanova"}


@pytest.fixture
async def candidate(house: House, vacancy: str) -> str:
    """Somebody whom the bakery was shown, by the bakery's id."""
    internal = (await put(house, line(await house.parts.rulebook.catalogue(), "decided upon", RECORD, **baker())))[0]
    bakery = await house.caller("vitosha-bakery")
    named = await house.pairwise(internal, "vitosha-bakery", SHORTLIST)

    async def listed() -> bool:
        return any(each["person"]["id"] == named for each in await candidates(bakery, vacancy))

    await until(listed)
    return named


async def candidates(bakery: Caller, vacancy: str) -> list[dict[str, Any]]:
    answer = await bakery("GET", f"/v1/opportunities/{vacancy}/candidates?limit=100", SHORTLIST)
    assert answer.status_code in (200, 503), answer.text
    return list(answer.json().get("candidates", ()))


def place(vacancy: str, candidate: str) -> str:
    return f"/v1/opportunities/{vacancy}/candidates/{candidate}/decision"


async def test_a_rejection_is_kept_with_its_reason(house: House, vacancy: str, candidate: str) -> None:
    bakery = await house.caller("vitosha-bakery")
    before = await candidates(bakery, vacancy)
    answer = await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY, headers=BY)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    rank = 1 + [each["person"]["id"] for each in before].index(candidate)
    assert made["rank"] == rank
    assert made["model"] == before[0]["explanation"]["model"]
    moved = {"outcome": "moved", "to_rank": 1, "reason": "fits-better-than-ranked"}
    assert (await bakery("POST", place(vacancy, candidate), SHORTLIST, json=moved, headers=BY)).status_code == 201
    listed = (await bakery("GET", f"/v1/opportunities/{vacancy}/decisions", SHORTLIST)).json()["selections"]
    assert [(each["outcome"], each["acting_user"], each["person"]) for each in listed] == [
        ("moved", "ivanova", candidate),
        ("rejected", "ivanova", candidate),
    ]
    assert await candidates(bakery, vacancy) == before, "what the machine says stays visible beside it"


async def test_the_person_sees_in_the_ledger_that_somebody_decided(house: House, vacancy: str, candidate: str) -> None:
    bakery = await house.caller("vitosha-bakery")
    await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY, headers=BY)
    internal = house.parts.ids.open(candidate, await house.parts.decisions.scope("vitosha-bakery", SHORTLIST))
    themselves = await house.caller("self-service", internal)
    named = await house.pairwise(internal, "self-service", "data-subject-access")
    answer = await themselves("GET", f"/v1/persons/{named}/disclosures", "data-subject-access")
    entries = answer.json()["disclosures"]
    assert {"organisation": "vitosha-bakery", "operation": "record", "outcome": "done"}.items() <= entries[0].items()


async def test_the_same_key_decides_once(house: House, vacancy: str, candidate: str) -> None:
    bakery = await house.caller("vitosha-bakery")
    headers = BY | {"Idempotency-Key": "decide-1"}
    first = await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY, headers=headers)
    again = await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY | {"reason": "other"}, headers=headers)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (409, "idempotency-key-reused")


@pytest.mark.parametrize(
    "body",
    [
        WHY | {"words": "Starts another course on the same day."},  # words about people belong into their case
        WHY | {"reason": "her-age"},
        WHY | {"to_rank": 3},
        {"outcome": "moved", "reason": "other"},
        {key: value for key, value in WHY.items() if key != "reason"},
    ],
)
async def test_no_decision_without_a_reason_that_says_something(
    house: House, vacancy: str, candidate: str, body: dict[str, Any]
) -> None:
    bakery = await house.caller("vitosha-bakery")
    answer = await bakery("POST", place(vacancy, candidate), SHORTLIST, json=body, headers=BY)
    assert answer.status_code == 400, answer.text


async def test_a_machine_decides_nothing(house: House, vacancy: str, candidate: str) -> None:
    bakery = await house.caller("vitosha-bakery")
    answer = await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "acting-user-missing")


async def test_who_was_never_shown_is_not_decided_upon(house: House, vacancy: str, candidate: str) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    never = line(catalogue, "never shown", RECORD, **baker(legal_status=REJECTED))
    internal = (await put(house, never))[0]
    bakery = await house.caller("vitosha-bakery")
    named = await house.pairwise(internal, "vitosha-bakery", SHORTLIST)
    answer = await bakery("POST", place(vacancy, named), SHORTLIST, json=WHY, headers=BY)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-shown")


async def test_others_neither_decide_nor_read(house: House, vacancy: str, candidate: str) -> None:
    bakery = await house.caller("vitosha-bakery")
    await bakery("POST", place(vacancy, candidate), SHORTLIST, json=WHY, headers=BY)
    builder = await house.caller("rila-build")
    assert (await builder("POST", place(vacancy, candidate), SHORTLIST, json=WHY, headers=BY)).status_code == 404
    assert (await builder("GET", f"/v1/opportunities/{vacancy}/decisions", SHORTLIST)).status_code == 404
    agency = await house.caller("employment-agency")
    listed = await agency("GET", f"/v1/opportunities/{vacancy}/decisions", "job-ranking")
    assert listed.json()["selections"] == [], "another organisation's words are its own"
    assert (await agency("POST", place(vacancy, candidate), "job-ranking", json=WHY, headers=BY)).status_code == 404
    for organisation, purpose in (("fairness-lab", "fairness-audit"), ("reception-agency", "accommodation")):
        caller = await house.caller(organisation)
        assert (await caller("GET", f"/v1/opportunities/{vacancy}/decisions", purpose)).status_code == 403


async def test_nobody_is_shown_whose_showing_cannot_be_kept(house: House, vacancy: str, candidate: str) -> None:
    bakery = await house.caller("vitosha-bakery")

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(500, json={}) if request.url.path.endswith("/shown") else response

    house.board.tamper = refuse
    try:
        answer = await bakery("GET", f"/v1/opportunities/{vacancy}/candidates?limit=100", SHORTLIST)
    finally:
        house.board.tamper = None
    assert answer.status_code == 503
    assert candidate not in answer.text
