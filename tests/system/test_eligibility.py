"""Conditions on protected attributes: two persons, an end, an answer of the source, and nothing more of anybody than that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .house import House, put
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
    headers = {"Acting-User": user} if user else {}
    body = {name: value for name, value in {**WOMEN, **changes}.items() if value is not None}
    return await caller("POST", "/v1/eligibility-conditions", "opportunity-management", json=body, headers=headers)


async def approve(house: House, id_: str, user: str, organisation: str = OWNER) -> Any:
    caller = await house.caller(organisation)
    purpose = "data-protection-audit" if organisation == "privacy-office" else "opportunity-management"
    return await caller("POST", f"/v1/eligibility-conditions/{id_}/approval", purpose, headers={"Acting-User": user})


async def offer(house: House, *conditions: dict[str, Any], organisation: str = OWNER) -> Any:
    caller = await house.caller(organisation)
    body = {"kind": "training", "title": "A course", "eligibility": list(conditions)}
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
