"""People found by what a caller knows of them: what is withheld finds nobody, who is not visible is not found."""

import secrets
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from .house import PROFILE, House, put
from .people import line
from .test_refusals import RECORD

LOOKUP = "/v1/persons/lookup"


@pytest.fixture
def known() -> dict[str, str]:
    """What somebody knows of a person of one test alone."""
    number = f"{secrets.randbelow(10**9):09}"
    return {"national_number": f"9{number}", "phone": f"+35988{number}", "email": f"a{number}@example.org"}


async def person(house: House, known: dict[str, Any], **record: Any) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    return (await put(house, line(catalogue, f"lookup-{secrets.token_hex(4)}", RECORD | record, **known)))[0]


async def look_up(house: House, organisation: str, purpose: str, match: dict[str, str], **body: Any) -> httpx.Response:
    caller = await house.caller(organisation)
    for _ in range(5):
        answer = await caller("POST", LOOKUP, purpose, json={"match": match, **body})
        if answer.status_code != 503:  # a machine that is busy with other tests is asked again
            break
    return answer


async def last_entry(house: House, organisation: str) -> dict[str, Any]:
    query = "SELECT outcome, reason, operation, people FROM ledger WHERE organisation = :name ORDER BY entry_id DESC LIMIT 1"
    async with house.parts.ledger._reading.connect() as connection:
        return dict((await connection.execute(text(query), {"name": organisation})).mappings().one())


async def test_whom_one_can_name_one_can_read(house: House, known: dict[str, str]) -> None:
    internal = await person(house, known)
    answer = await look_up(house, "danube-health", "health-access", {"national_number": known["national_number"]})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["people"]
    assert found["id"] == await house.pairwise(internal, "danube-health", "health-access")
    caller = await house.caller("danube-health")
    read = (await caller("GET", f"/v1/persons/{found['id']}", "health-access")).json()
    assert {**found, "disclosure": None} == {**read, "disclosure": None}, "the same view as by the id"
    assert await last_entry(house, "danube-health") | {"reason": None} == {
        "outcome": "answered",
        "reason": None,
        "operation": "read",
        "people": 1,
    }


async def test_only_the_fields_that_were_asked_for(house: House, known: dict[str, str]) -> None:
    await person(house, known)
    answer = await look_up(house, "danube-health", "health-access", {"phone": known["phone"]}, fields=["languages"])
    assert list(answer.json()["people"][0]["attributes"]) == ["languages"]


async def test_who_is_not_visible_and_nobody_are_one_answer_and_one_entry(house: House, known: dict[str, str]) -> None:
    """school-board is approved for one region; a person of another and an invented number are the same."""
    await person(house, known, region_path=["BG", "BG3", "BG33", "BG331"])
    answers = []
    for number in (known["national_number"], "0000000000"):
        answers.append(await look_up(house, "school-board", "school-enrolment", {"national_number": number}))
        assert (await last_entry(house, "school-board"))["outcome"] == "not-found"
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["people"] for answer in answers] == [[], []]
    assert len({len(answer.content) for answer in answers}) == 1
    assert len((await look_up(house, "danube-health", "health-access", {"phone": known["phone"]})).json()["people"]) == 1


async def test_nobody_looks_up_what_their_purpose_withholds(house: House, known: dict[str, str]) -> None:
    await person(house, known)
    house.board.seen.clear()
    answer = await look_up(house, "employment-agency", "job-ranking", {"phone": known["phone"]})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/attribute-not-disclosed")
    assert known["phone"] not in answer.text
    entry = await last_entry(house, "employment-agency")
    assert (entry["outcome"], entry["reason"], entry["people"]) == ("denied", "attribute-not-disclosed", 0)


async def test_what_those_see_who_have_the_case_finds_their_people_alone(house: House, known: dict[str, str]) -> None:
    """accommodation sees contact of the people assigned to it, and identity of all."""
    internal = await person(house, known)
    by_number = await look_up(house, "reception-agency", "accommodation", {"national_number": known["national_number"]})
    assert len(by_number.json()["people"]) == 1
    assert (await look_up(house, "reception-agency", "accommodation", {"phone": known["phone"]})).json()["people"] == []
    mine = known | {"phone": known["phone"][:-1] + "0", "national_number": known["national_number"] + "0"}
    assigned = await person(house, mine, assigned=["reception-agency"])
    found = (await look_up(house, "reception-agency", "accommodation", {"phone": mine["phone"]})).json()["people"]
    assert [each["id"] for each in found] == [await house.pairwise(assigned, "reception-agency", "accommodation")]
    assert internal != assigned


@pytest.mark.parametrize(
    ("organisation", "purpose"),
    [("self-service", "data-subject-access"), ("return-desk", "return-enforcement"), ("employment-agency", "health-access")],
)
async def test_who_may_not_read_others_looks_nobody_up(
    house: House, known: dict[str, str], organisation: str, purpose: str
) -> None:
    internal = await person(house, known)
    caller = await house.caller(organisation, internal if organisation == "self-service" else None)
    answer = await caller("POST", LOOKUP, purpose, json={"match": {"phone": known["phone"]}})
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"match": {"languages": "ukr"}}, "no-lookup"),
        ({"match": {}}, "malformed-request"),
        ({"match": {"phone": "x"}}, "malformed-request"),
        ({"match": {"phone": "+359888000000"}, "limit": 500}, "malformed-request"),
        ({"match": {"phone": "+359888000000"}, "cursor": "x"}, "malformed-request"),
        ({"match": {"shoe_size": "42"}}, "unknown-attribute"),
    ],
)
async def test_a_lookup_that_is_none_is_refused(house: House, body: dict[str, Any], slug: str) -> None:
    caller = await house.caller("danube-health")
    answer = await caller("POST", LOOKUP, "health-access", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, f"/problems/{slug}")


async def test_a_filter_on_what_is_sealed_leads_to_the_lookup(house: House) -> None:
    caller = await house.caller("danube-health")
    answer = await caller("GET", "/v1/persons?filter=phone:eq:1", "health-access")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-filterable")
    assert LOOKUP in answer.json()["detail"]


async def test_values_stand_in_no_address_and_in_no_index(house: House, known: dict[str, str]) -> None:
    await person(house, known)
    house.board.seen.clear()
    await look_up(house, "danube-health", "health-access", known)
    assert any(request.url.path == "/persons/lookup" for request in house.board.seen if PROFILE.endswith(request.url.host))
    assert not any(value.strip("+") in str(request.url) for request in house.board.seen for value in known.values())
    async with house.apps[PROFILE].state.vault.people.connect() as connection:
        rows = (await connection.execute(text("SELECT person_id::text, attribute, token FROM lookups"))).all()
    assert not any(value.encode() in bytes(token) for _, _, token in rows for value in known.values())
