"""Allocations through the whole wall: what is proposed, to whom it is shown, who decides."""

import asyncio
from typing import Any

import pytest

from matching_svc.concepts import small_set

from .house import House, put
from .people import line
from .test_refusals import RECORD

OFFICER = {"Acting-User": "officer"}


@pytest.fixture
async def place(house: House) -> str:
    bakery = await house.caller("vitosha-bakery")
    body = {"kind": "job", "title": "Baker", "essential_skills": sorted(small_set().skills)[:2], "capacity": 1}
    answer = await bakery("POST", "/v1/opportunities", "opportunity-management", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def people(house: House, *names: str) -> list[str]:
    """By the ids of the employment agency, once matching has heard of them."""
    catalogue = await house.parts.rulebook.catalogue()
    skills = sorted(small_set().skills)[:2]
    lines = [line(catalogue, name, RECORD, skills=skills[: at + 1], languages=[]) for at, name in enumerate(names)]
    internal = await put(house, *lines)
    agency = await house.caller("employment-agency")
    found = [await house.pairwise(each, "employment-agency", "job-ranking") for each in internal]
    for person in found:
        for _ in range(100):
            answer = await agency("GET", f"/v1/persons/{person}/matches?kind=job", "job-ranking")
            if answer.status_code == 200 and answer.json()["matches"]:
                break
            await asyncio.sleep(0.1)
    return found


async def ended(house: House, address: str, purpose: str = "job-ranking") -> dict[str, Any]:
    agency = await house.caller("employment-agency")
    for _ in range(300):
        answer = await agency("GET", address, purpose)
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200 and answer.json()["state"] not in ("queued", "running"):
            found: dict[str, Any] = answer.json()
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("it does not end")


async def ask(house: House, **body: Any) -> Any:
    agency = await house.caller("employment-agency")
    answer = await agency("POST", "/v1/allocations", "job-ranking", json={"kind": "job", **body}, headers=OFFICER)
    assert answer.status_code == 202, answer.text
    return answer


async def test_the_better_one_is_proposed_and_a_person_decides(house: House, place: str) -> None:
    less, more = await people(house, "allocated one", "allocated two")
    answer = await ask(house, opportunities=[place], people=[less, more])
    address = answer.headers["location"]
    found = await ended(house, address)
    assert found["state"] == "done", found
    proposed = {each["person"]["id"]: each for each in found["placements"]}
    assert proposed[more]["opportunity"] == place
    assert (proposed[less]["opportunity"], proposed[less]["wanted"]) == (None, place)
    assert proposed[less]["why"] == "seats-worth-more-to-others"
    assert "gender" in proposed[more]["person"]["withheld"]
    assert "Canary" not in str(found)
    agency = await house.caller("employment-agency")
    said = {"person": more, "opportunity": None}
    refused = await agency("POST", f"{address}/confirmations", "job-ranking", json=said, headers=OFFICER)
    assert refused.json()["type"] == "/problems/reason-needed", refused.text
    nobody = await agency("POST", f"{address}/confirmations", "job-ranking", json={**said, "reason": "person-declined"})
    assert nobody.json()["type"] == "/problems/acting-user-missing", nobody.text
    done = await agency(
        "POST", f"{address}/confirmations", "job-ranking", json={**said, "reason": "person-declined"}, headers=OFFICER
    )
    assert done.status_code == 204, done.text
    confirmed = {each["person"]["id"]: each["confirmed"] for each in (await ended(house, address))["placements"]}
    assert confirmed[more]["acting_user"] == "officer"
    assert confirmed[less] is None


async def test_whoever_is_no_longer_visible_is_not_shown(house: House, place: str) -> None:
    first, second = await people(house, "allocated three", "allocated four")
    address = (await ask(house, opportunities=[place], people=[first, second])).headers["location"]
    assert len((await ended(house, address))["placements"]) == 2
    catalogue = await house.parts.rulebook.catalogue()
    await put(house, line(catalogue, "allocated four", {**RECORD, "restricted": True}))
    assert [each["person"]["id"] for each in (await ended(house, address))["placements"]] == [first]


async def test_only_those_who_ask_see_it_and_only_where_allocating_is_permitted(house: House, place: str) -> None:
    (person,) = await people(house, "allocated five")
    address = (await ask(house, opportunities=[place], people=[person])).headers["location"]
    other = await house.caller("bread-and-bridges")
    assert (await other("GET", address, "job-ranking")).status_code == 404
    assert (await other("DELETE", address, "job-ranking")).status_code == 404
    assert (await other("GET", address, "mentoring")).status_code == 403
    body = {"kind": "mentoring", "opportunities": [place], "people": []}
    assert (await other("POST", "/v1/allocations", "mentoring", json=body)).status_code == 403


async def test_by_filters_and_what_is_withheld_chooses_nobody(house: House, place: str) -> None:
    agency = await house.caller("employment-agency")
    body = {"kind": "job", "opportunities": [place]}
    hidden = [{"attribute": "gender", "operator": "eq", "value": "female"}]
    refused = await agency("POST", "/v1/allocations", "job-ranking", json={**body, "filters": hidden})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/attribute-not-disclosed")
    await people(house, "allocated six")
    here = [{"attribute": "municipality", "operator": "eq", "value": "Sofia"}]
    found = await ended(house, (await ask(house, opportunities=[place], filters=here)).headers["location"])
    assert found["totals"]["placed"] == 1
    unknown = await agency("POST", "/v1/allocations", "job-ranking", json={**body, "opportunities": ["opp_none"]})
    assert unknown.json()["type"] == "/problems/opportunity-not-allocatable", unknown.text
    assert unknown.json()["errors"][0]["pointer"] == "/opportunities/0"


async def test_too_few_seats_are_said_with_who_and_where(house: House, place: str) -> None:
    pair = await people(house, "allocated seven", "allocated eight")
    found = await ended(house, (await ask(house, opportunities=[place], people=pair, required=pair)).headers["location"])
    assert (found["state"], found["reason"]) == ("failed", "infeasible")
    assert set(found["shortage"]["people"]) == set(pair)
    assert found["shortage"]["opportunities"] == [place]
    (seats,) = found["shortage"]["constraints"]
    assert (seats["constraint"], set(seats["people"]), seats["opportunities"]) == ("seats", set(pair), [place])


async def test_a_job_can_be_cancelled(house: House, place: str) -> None:
    (person,) = await people(house, "allocated nine")
    address = (await ask(house, opportunities=[place], people=[person])).headers["location"]
    agency = await house.caller("employment-agency")
    answer = await agency("DELETE", address, "job-ranking")
    assert answer.json()["state"] in ("cancelled", "done")
    assert (await ended(house, address))["state"] == answer.json()["state"]


async def test_a_confirmation_is_a_decision_like_one_on_a_candidate(house: House, place: str) -> None:
    (person,) = await people(house, "allocated ten")
    address = (await ask(house, opportunities=[place], people=[person])).headers["location"]
    found = await ended(house, address)
    agency = await house.caller("employment-agency")
    said = {"person": person, "opportunity": place}
    for _ in range(2):  # the same again says nothing new
        done = await agency("POST", f"{address}/confirmations", "job-ranking", json=said, headers=OFFICER)
        assert done.status_code == 204, done.text
    decisions = await agency("GET", f"/v1/opportunities/{place}/decisions", "job-ranking")
    (kept,) = [each for each in decisions.json()["selections"] if each["person"] == person]
    wanted = {"outcome": "selected", "reason": "as-proposed", "rank": 1, "acting_user": "officer", "allocation": found["id"]}
    assert wanted.items() <= kept.items()
    assert kept["model"] == found["model"]
    declined = {"person": person, "opportunity": None, "reason": "person-declined"}
    done = await agency("POST", f"{address}/confirmations", "job-ranking", json=declined, headers=OFFICER)
    assert done.status_code == 204, done.text
    decisions = await agency("GET", f"/v1/opportunities/{place}/decisions", "job-ranking")
    mine = [(each["outcome"], each["reason"]) for each in decisions.json()["selections"] if each["person"] == person]
    assert mine == [("rejected", "person-declined"), ("selected", "as-proposed")]
    nowhere = {"person": person, "opportunity": "opp_none", "reason": "other"}
    refused = await agency("POST", f"{address}/confirmations", "job-ranking", json=nowhere, headers=OFFICER)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/opportunity")


async def test_what_is_not_known_is_said_to_be_verified(house: House, place: str) -> None:
    (person,) = await people(house, "allocated eleven")
    found = await ended(house, (await ask(house, opportunities=[place], people=[person])).headers["location"])
    agency = await house.caller("employment-agency")
    matches = (await agency("GET", f"/v1/persons/{person}/matches?kind=job&limit=100", "job-ranking")).json()["matches"]
    (match,) = [each for each in matches if each["opportunity"]["id"] == place]
    unknown = [gate for gate in match["explanation"]["gates"] if gate["outcome"] == "unknown"]
    assert found["placements"][0]["verify"] == unknown


async def test_wishes_on_both_sides(house: House, place: str) -> None:
    """Both want the one place; the place wants who fits it better."""
    less, more = await people(house, "allocated twelve", "allocated thirteen")
    wishes = [{"person": each, "opportunities": [place]} for each in (less, more)]
    answer = await ask(house, opportunities=[place], people=[less, more], method="stable", wishes=wishes)
    found = await ended(house, answer.headers["location"])
    placed = {each["person"]["id"]: (each["opportunity"], each["why"]) for each in found["placements"]}
    assert placed == {more: (place, "best"), less: (None, "others-fit-better")}
    assert (found["method"], found["totals"]["bound"], found["totals"]["gap"]) == ("stable", None, None)
    unwished = await ask(
        house,
        opportunities=[place],
        people=[less, more],
        method="stable",
        wishes=[{"person": more, "opportunities": []}],
    )
    found = await ended(house, unwished.headers["location"])
    assert {each["person"]["id"]: each["opportunity"] for each in found["placements"]} == {more: None, less: place}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"method": "stable", "required": ["psn_x"]}, "/required"),
        ({"method": "stable", "together": [["psn_x", "psn_y"]]}, "/together"),
        ({"method": "stable", "fairness": {"share": 0.5}}, "/fairness"),
        ({"wishes": [{"person": "psn_x", "opportunities": []}]}, "/wishes"),
    ],
)
async def test_a_method_takes_what_it_can_keep(house: House, place: str, body: dict[str, Any], field: str) -> None:
    agency = await house.caller("employment-agency")
    whole = {"kind": "job", "opportunities": [place], "people": [], **body}
    refused = await agency("POST", "/v1/allocations", "job-ranking", json=whole)
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/method-without-it"), refused.text
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [field]


async def arrive(house: House, address: str, person: str, **body: Any) -> Any:
    agency = await house.caller("employment-agency")
    said = {"person": person, **body}
    return await agency("POST", f"{address}/arrivals", "job-ranking", json=said, headers=OFFICER)


async def test_who_comes_later_is_placed_by_what_seats_are_worth(house: House, place: str) -> None:
    less, more, late, last = await people(house, *(f"allocated {each}" for each in ("14", "15", "16", "17")))
    address = (await ask(house, opportunities=[place], people=[less, more])).headers["location"]
    assert (await ended(house, address))["totals"]["placed"] == 1
    full = await arrive(house, address, late)
    assert full.status_code == 201, full.text
    assert full.json()["placement"]["opportunity"] is None
    assert full.json()["placement"]["why"] == "no-seat-left"
    assert (await arrive(house, address, late, seats={place: 1})).status_code == 200  # what was said once stands
    there = await arrive(house, address, last, seats={place: 1})
    assert (there.status_code, there.json()["placement"]["opportunity"]) == (201, place), there.text
    assert "gender" in there.json()["placement"]["person"]["withheld"]
    found = {each["person"]["id"]: each["opportunity"] for each in (await ended(house, address))["placements"]}
    assert found == {less: None, more: place, late: None, last: place}
    agency = await house.caller("employment-agency")
    said = {"person": last, "opportunity": place}
    assert (await agency("POST", f"{address}/confirmations", "job-ranking", json=said, headers=OFFICER)).status_code == 204


async def test_a_seat_worth_more_to_those_to_come_is_kept_for_them(house: House, place: str) -> None:
    """The allocation taught that whoever fits better would give more for the only seat than somebody who hardly fits."""
    less, more, late = await people(house, "allocated eighteen", "allocated nineteen", "allocated twenty")
    address = (await ask(house, opportunities=[place], people=[more, late])).headers["location"]
    assert (await ended(house, address))["totals"]["placed"] == 1
    kept = await arrive(house, address, less, seats={place: 1})
    assert kept.json()["placement"]["why"] == "seats-worth-more-to-others", kept.text
    assert kept.json()["placement"]["price"] > 0


async def test_nobody_arrives_who_is_not_seen(house: House, place: str) -> None:
    (person,) = await people(house, "allocated 21")
    address = (await ask(house, opportunities=[place], people=[person])).headers["location"]
    await ended(house, address)
    ngo = await house.caller("bread-and-bridges")
    hidden = await ngo("POST", f"{address}/arrivals", "job-ranking", json={"person": person})
    assert hidden.status_code == 404
    assert (await arrive(house, address, "psn_nobody")).status_code == 404
    assert (await ngo("POST", f"{address}/arrivals", "mentoring", json={"person": person})).status_code == 403
