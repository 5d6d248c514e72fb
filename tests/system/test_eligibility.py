"""Conditions on protected attributes: two persons, an end, an answer of the source, and nothing more of anybody than that."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from .house import MATCHING, House, put
from .people import line
from .test_matching import until
from .test_refusals import RECORD

OWNER, PURPOSE = "language-house", "training-placement"
SOON = str(datetime.now(UTC).date() + timedelta(days=200))
BASIS = "Protection against Discrimination Act, Article 7(1), point 13"
WOMEN: dict[str, Any] = {
    "attribute": "gender",
    "operator": "eq",
    "value": "female",
    "legal_basis": BASIS,
    "reason": "The course takes place in a shelter for women who fled violence.",
    "expires_on": SOON,
}
AGREED = RECORD | {"consents": ["eligibility-check"]}


async def propose(house: House, user: str | None = "ivanova", **changes: Any) -> Any:
    caller = await house.caller(OWNER)
    headers = {"Idempotency-Key": str(uuid4())} | ({"Acting-User": user} if user else {})
    body = {name: value for name, value in {**WOMEN, **changes}.items() if value is not None}
    path, purpose = "/v1/eligibility-conditions", "opportunity-management"
    return await caller.patiently(path, purpose, method="POST", json=body, headers=headers)


async def approve(house: House, id_: str, user: str, organisation: str = OWNER) -> Any:
    caller = await house.caller(organisation)
    purpose = "data-protection-audit" if organisation == "privacy-office" else "opportunity-management"
    return await caller("POST", f"/v1/eligibility-conditions/{id_}/approval", purpose, headers={"Acting-User": user})


async def offer(house: House, *conditions: dict[str, Any], organisation: str = OWNER, **more: Any) -> Any:
    caller = await house.caller(organisation)
    body = {"kind": "training", "title": "A course", "eligibility": list(conditions), **more}
    return await caller("POST", "/v1/opportunities", "opportunity-management", json=body)


def condition(approval: str | None, **changes: Any) -> dict[str, Any]:
    return {name: WOMEN[name] for name in ("attribute", "operator", "value")} | {"approval": approval} | changes


async def test_a_condition_is_approved_by_another_person(house: House) -> None:
    made = await propose(house)
    assert made.status_code == 201, made.text
    id_ = made.json()["id"]
    assert (made.json()["approved"], made.json()["proposed_by"]) == (None, "ivanova")
    for same in ("ivanova", " Ivanova "):
        refused = await approve(house, id_, same)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/second-person-needed"), refused.text
    assert (await offer(house, condition(id_))).status_code == 400  # one person is not enough
    assert (await approve(house, id_, "petrova", "employment-agency")).status_code == 404
    done = await approve(house, id_, "petrova")
    assert done.status_code == 200, done.text
    assert {name: done.json()["approved"][name] for name in ("organisation", "acting_user")} == {
        "organisation": OWNER,
        "acting_user": "petrova",
    }
    assert (await approve(house, id_, "georgieva")).status_code == 409
    assert (await offer(house, condition(id_))).status_code == 201


async def test_a_repeated_proposal_makes_one(house: House) -> None:
    caller = await house.caller(OWNER)
    headers = {"Acting-User": "ivanova", "Idempotency-Key": "proposal-1"}
    path, purpose = "/v1/eligibility-conditions", "opportunity-management"
    first, again = [await caller("POST", path, purpose, json=WOMEN, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    for other in (
        {"json": WOMEN | {"value": "male"}, "headers": headers},
        {"json": WOMEN, "headers": headers | {"Acting-User": "x"}},
    ):
        reused = await caller("POST", path, purpose, **other)
        assert (reused.status_code, reused.json()["type"]) == (409, "/problems/idempotency-key-reused")


async def test_the_privacy_office_is_a_second_person_too(house: House) -> None:
    id_ = (await propose(house)).json()["id"]
    assert (await approve(house, id_, "ivanova", "privacy-office")).status_code == 200
    caller = await house.caller("privacy-office")
    listed = await caller("GET", "/v1/eligibility-conditions", "data-protection-audit", headers={"Acting-User": "dimitrov"})
    assert id_ in {each["id"] for each in listed.json()["approvals"]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"legal_basis": None}, "/legal_basis"),
        ({"reason": None}, "/reason"),
        ({"reason": "because"}, "/reason"),
        ({"expires_on": None}, "/expires_on"),
        ({"expires_on": "2020-01-01"}, "/expires_on"),
        ({"expires_on": "2099-01-01"}, "/expires_on"),
        ({"attribute": "religion"}, "/attribute"),
        ({"attribute": "region"}, "/attribute"),
        ({"attribute": "national_number"}, "/attribute"),
        ({"operator": "in"}, "/value"),
    ],
)
async def test_what_is_missing_is_named(house: House, changes: dict[str, Any], field: str) -> None:
    refused = await propose(house, **changes)
    assert refused.status_code == 400
    assert field in {fault["pointer"] for fault in refused.json()["errors"]}


async def test_nobody_proposes_without_a_name(house: House) -> None:
    refused = await propose(house, None)
    assert refused.status_code == 400
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/Acting-User"]


async def test_an_approval_carries_what_it_says_for_its_owner_alone(house: House) -> None:
    id_ = (await propose(house)).json()["id"]
    assert (await approve(house, id_, "petrova")).status_code == 200
    wrong = (
        condition(None),
        condition("eli_unknown"),
        condition(id_, value="male"),
        condition(id_, attribute="age_band", operator="in", value=["18-24"]),
    )
    answers = [await offer(house, each) for each in wrong] + [
        await offer(house, condition(id_), organisation="employment-agency")
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/eligibility/0/approval"]


async def bring(house: House, name: str, record: dict[str, Any], **attributes: Any) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    return str((await put(house, line(catalogue, f"eligibility {name}", record, **attributes)))[0])


async def shortlist(house: House, offered: str, organisation: str = OWNER) -> dict[str, Any]:
    caller = await house.caller(organisation)
    answer = await caller("GET", f"/v1/opportunities/{offered}/candidates?limit=100", PURPOSE)
    assert answer.status_code in (200, 503), answer.text
    return {each["person"]["id"]: each for each in answer.json().get("candidates", ())}


async def test_the_source_answers_about_those_who_agreed_and_about_nobody_else(house: House) -> None:
    people = {
        "agreed": await bring(house, "agreed", AGREED, gender="female"),
        "a man who agreed": await bring(house, "a man who agreed", AGREED, gender="male"),
        "a woman who did not": await bring(house, "a woman who did not", RECORD, gender="female"),
        "a man who did not": await bring(house, "a man who did not", RECORD, gender="male"),
        "agreed for others": await bring(
            house, "others", RECORD | {"consents": ["eligibility-check@employment-agency"]}, gender="male"
        ),
    }
    ids = {name: await house.pairwise(each, OWNER, PURPOSE) for name, each in people.items()}
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    open_to_all = (await offer(house)).json()["id"]
    for_women = (await offer(house, condition(approval))).json()["id"]

    async def known() -> bool:
        return set(ids.values()) <= (await shortlist(house, open_to_all)).keys()

    await until(known, 30)
    found = await shortlist(house, for_women)
    shown = {name: gate_of(found[id_]) for name, id_ in ids.items() if id_ in found}
    assert shown.pop("agreed") == ("met", "condition-met")
    assert shown == dict.fromkeys(
        ("a woman who did not", "a man who did not", "agreed for others"), ("unknown", "asked-at-the-source")
    )
    # Who did not agree says nothing: a woman and a man are told apart by their ids alone.
    woman, man = (found[ids[name]] for name in ("a woman who did not", "a man who did not"))
    assert woman["explanation"] == man["explanation"]
    assert woman["person"]["attributes"] == man["person"]["attributes"]
    assert all("female" not in str(each["person"]) for each in found.values())

    # The person sees who asked about what; of who did not agree nothing was asked.
    assert await recorded(house, people["agreed"]) == [(OWNER, ["gender"])]
    assert await recorded(house, people["a woman who did not"]) == []


async def test_who_may_not_ask_learns_nothing(house: House) -> None:
    """bread-and-bridges is not approved for eligibility checks, whatever is on offer: everything stays to be verified."""
    person = await bring(house, "unasked", AGREED, gender="male")
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    caller = await house.caller(OWNER)
    body = {"kind": "mentoring", "title": "A mentor", "eligibility": [condition(approval)]}
    offered = (await caller("POST", "/v1/opportunities", "opportunity-management", json=body)).json()["id"]
    other = await house.caller("bread-and-bridges")
    id_ = await house.pairwise(person, "bread-and-bridges", "mentoring")

    async def listed() -> Any:
        answer = await other("GET", f"/v1/opportunities/{offered}/candidates?limit=100", "mentoring")
        return {each["person"]["id"]: each for each in answer.json().get("candidates", ())}.get(id_)

    assert gate_of(await until(listed, 30)) == ("unknown", "asked-at-the-source")
    assert await recorded(house, person) == []


def gate_of(candidate: dict[str, Any]) -> tuple[str, str]:
    (gate,) = (each for each in candidate["explanation"]["gates"] if each["gate"] == "eligibility")
    return gate["outcome"], gate["code"]


async def recorded(house: House, person: str) -> list[tuple[str, list[str]]]:
    own = await house.caller("self-service", person)
    id_ = await house.pairwise(person, "self-service", "data-subject-access")
    answer = await own("GET", f"/v1/persons/{id_}/disclosures?limit=100", "data-subject-access")
    entries = answer.json()["disclosures"]
    return [(each["organisation"], each["attributes"]) for each in entries if each["purpose"] == "eligibility-check"]


async def test_who_takes_the_consent_back_is_asked_about_no_more(house: House) -> None:
    person = await bring(house, "changes their mind", AGREED, gender="male")
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    open_to_all, for_women = (await offer(house)).json()["id"], (await offer(house, condition(approval))).json()["id"]
    id_ = await house.pairwise(person, OWNER, PURPOSE)

    async def known() -> bool:
        return id_ in await shortlist(house, open_to_all)

    await until(known, 30)
    assert id_ not in await shortlist(house, for_women)
    agency = await house.caller("employment-agency")
    theirs = await house.pairwise(person, "employment-agency", "consent-management")
    withdrawn = await agency("DELETE", f"/v1/persons/{theirs}/consents/eligibility-check", "consent-management")
    assert withdrawn.status_code == 200, withdrawn.text
    assert gate_of((await shortlist(house, for_women))[id_]) == ("unknown", "asked-at-the-source")


async def test_a_consent_to_it_can_be_given(house: House) -> None:
    person = await bring(house, "agrees later", RECORD, gender="female")
    agency = await house.caller("employment-agency")
    theirs = await house.pairwise(person, "employment-agency", "consent-management")
    body = {"state": "given", "text_version": "1", "language": "en", "method": "paper"}
    path = f"/v1/persons/{theirs}/consents/eligibility-check"
    given = await agency("PUT", path, "consent-management", json=body)
    assert given.status_code == 200, given.text


async def test_the_source_gives_no_record_for_it(house: House) -> None:
    person = await bring(house, "not read", AGREED, gender="female")
    caller = await house.caller(OWNER)
    id_ = await house.pairwise(person, OWNER, "eligibility-check")
    for path in (f"/v1/persons/{id_}", "/v1/persons", "/v1/persons/changes", f"/v1/persons/{id_}/matches?kind=training"):
        assert (await caller("GET", path, "eligibility-check")).status_code == 403, path


async def withdraw(house: House, id_: str, user: str | None = "ivanova", organisation: str = OWNER) -> Any:
    caller = await house.caller(organisation)
    purpose = "data-protection-audit" if organisation == "privacy-office" else "opportunity-management"
    headers = {"Acting-User": user} if user else {}
    return await caller("DELETE", f"/v1/eligibility-conditions/{id_}/approval", purpose, headers=headers)


async def test_an_approval_is_taken_back_at_once_and_opens_nothing(house: House) -> None:
    """Whoever proposed it may take it back alone. Nobody is shown for the opportunity any more, nor it to anybody."""
    woman = await bring(house, "still there", AGREED, gender="female")
    man = await bring(house, "never there", AGREED, gender="male")
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    open_to_all, for_women = (await offer(house)).json()["id"], (await offer(house, condition(approval))).json()["id"]
    ids = {each: await house.pairwise(each, OWNER, PURPOSE) for each in (woman, man)}

    async def known() -> bool:
        return set(ids.values()) <= (await shortlist(house, open_to_all)).keys()

    await until(known, 30)
    assert ids.values() & (await shortlist(house, for_women)).keys() == {ids[woman]}
    assert (for_women in await fitting(house, ids[woman]), for_women in await fitting(house, ids[man])) == (True, False)

    assert (await withdraw(house, approval, None)).status_code in (400, 403)
    assert (await withdraw(house, approval, "x", "employment-agency")).status_code == 404
    gone = await withdraw(house, approval)
    assert gone.status_code == 200, gone.text
    assert (gone.json()["withdrawn"]["acting_user"], gone.json()["approved"]["acting_user"]) == ("ivanova", "petrova")
    assert (await withdraw(house, approval, "petrova")).json() == gone.json()

    caller = await house.caller(OWNER)
    refused = await caller("GET", f"/v1/opportunities/{for_women}/candidates", PURPOSE)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/condition-over")
    assert ids[woman] not in refused.text
    assert for_women not in await fitting(house, ids[woman])
    assert for_women not in await fitting(house, ids[man])
    assert (await offer(house, condition(approval))).status_code == 400
    assert (await approve(house, approval, "georgieva")).json()["type"] == "/problems/already-approved"


async def test_the_privacy_office_stops_a_condition_and_the_ledger_says_so(house: House) -> None:
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    gone = await withdraw(house, approval, "dimitrov", "privacy-office")
    assert gone.json()["withdrawn"]["organisation"] == "privacy-office"
    async with house.parts.ledger._reading.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT outcome, acting_user FROM ledger WHERE operation = 'disapprove'")
        assert ("done", "dimitrov") in [tuple(row) for row in rows]


async def fitting(house: House, person: str) -> dict[str, Any]:
    """What fits the person, by opportunity."""
    caller = await house.caller(OWNER)
    answer = await caller("GET", f"/v1/persons/{person}/matches?kind=training&limit=100", PURPOSE)
    assert answer.status_code in (200, 503), answer.text
    return {each["opportunity"]["id"]: each for each in answer.json().get("matches", ())}


async def test_matches_ask_the_source_too(house: House) -> None:
    people = {
        "woman": await bring(house, "matched woman", AGREED, gender="female"),
        "man": await bring(house, "matched man", AGREED, gender="male"),
        "unasked": await bring(house, "matched unasked", RECORD, gender="male"),
    }
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    offered = (await offer(house, condition(approval))).json()["id"]
    ids = {name: await house.pairwise(each, OWNER, PURPOSE) for name, each in people.items()}

    async def known() -> bool:
        return set(ids.values()) <= (await shortlist(house, (await offer(house)).json()["id"])).keys()

    await until(known, 30)
    found = {name: (await fitting(house, id_)).get(offered) for name, id_ in ids.items()}
    assert found["man"] is None
    assert gate_of(found["woman"] or {}) == ("met", "condition-met")
    assert gate_of(found["unasked"] or {}) == ("unknown", "asked-at-the-source")
    assert (OWNER, ["gender"]) in await recorded(house, people["man"])


async def test_whoever_fails_a_condition_is_not_allocated_and_matching_does_not_hear_of_them(house: House) -> None:
    people = {
        "woman": await bring(house, "placed woman", AGREED, gender="female"),
        "man": await bring(house, "placed man", AGREED, gender="male"),
        "unasked": await bring(house, "placed unasked", RECORD, gender="male"),
    }
    approval = (await propose(house)).json()["id"]
    await approve(house, approval, "petrova")
    for_women = (await offer(house, condition(approval), capacity=9)).json()["id"]
    open_to_all = (await offer(house)).json()["id"]
    ids = {name: await house.pairwise(each, OWNER, PURPOSE) for name, each in people.items()}

    async def known() -> bool:
        return set(ids.values()) <= (await shortlist(house, open_to_all)).keys()

    await until(known, 30)
    caller = await house.caller(OWNER)
    body = {"kind": "training", "opportunities": [for_women], "people": list(ids.values())}
    seen = len(house.board.seen)
    made = await caller("POST", "/v1/allocations", PURPOSE, json=body)
    assert made.status_code == 202, made.text
    theirs = await house.pairwise(people["man"], "stena-matching", PURPOSE)
    for request in house.board.seen[seen:]:
        if f"http://{request.url.host}" == MATCHING:
            assert theirs not in (await request.aread()).decode()

    async def done() -> Any:
        answer = await caller("GET", made.headers["location"], PURPOSE)
        return answer.json() if answer.status_code == 200 and answer.json()["state"] == "done" else None

    found = {each["person"]["id"]: each for each in (await until(done, 30))["placements"]}
    assert found.keys() == {ids["woman"], ids["unasked"]}
    to_verify = {id_: [gate["code"] for gate in each["verify"] if gate["gate"] == "eligibility"] for id_, each in found.items()}
    assert to_verify == {ids["woman"]: [], ids["unasked"]: ["asked-at-the-source"]}

    late = {"person": ids["man"]}
    nothing = await caller("POST", f"{made.headers['location']}/arrivals", PURPOSE, json=late)
    assert (nothing.status_code, nothing.json()["placement"]["opportunity"]) == (200, None), nothing.text
    both = await caller("POST", "/v1/allocations", PURPOSE, json={**body, "opportunities": [open_to_all, for_women]})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (400, "/opportunities/1")
    forced = await caller("POST", "/v1/allocations", PURPOSE, json={**body, "required": [ids["woman"], ids["man"]]})
    assert forced.json()["type"] == "/problems/required-not-eligible", forced.text
    assert [fault["pointer"] for fault in forced.json()["errors"]] == ["/required/1"]

    await withdraw(house, approval)
    over = await caller("GET", made.headers["location"], PURPOSE)
    assert (over.status_code, over.json()["type"]) == (409, "/problems/condition-over"), over.text
    assert ids["woman"] not in over.text
    again = await caller("POST", "/v1/allocations", PURPOSE, json=body)
    assert (again.status_code, again.json()["type"]) == (400, "/problems/opportunity-not-allocatable")
