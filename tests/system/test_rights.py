"""What people ask for themselves through the wall: corrections, restrictions, objections; effective with the very next call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from profile_svc.upkeep import end_restrictions

from .house import PROFILE, House
from .test_casework import call, person

OWN = ("self-service", "data-subject-access")
AGENCY = ("employment-agency", "job-ranking")
HERE = {"assigned": ["reception-agency", "employment-agency"]}


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    return await person(house, request.node.name, **HERE)


async def ask(house: House, who: tuple[str, str], method: str, path: str, internal: str, status: int, **kwargs: Any) -> Any:
    for _ in range(3):  # a busy machine may have no answer, and has done nothing then
        answer = await call(house, *who, method, f"/v1/persons/{{id}}{path}", internal, **kwargs)
        if answer.status_code != 503:
            break
    assert answer.status_code == status, answer.text
    return answer.json()


async def waiting(house: House, who: tuple[str, str], what: str) -> list[dict[str, Any]]:
    answer = await call(house, *who, "GET", f"/v1/{what}?limit=200")
    assert answer.status_code == 200, answer.text
    return list(answer.json()[what])


async def named(house: House, internal: str, who: tuple[str, str]) -> str:
    return await house.pairwise(internal, *who)


async def test_a_correction_is_proposed_found_accepted_and_told(house: House, somebody: str) -> None:
    body = {"attribute": "digital_skills", "value": "advanced", "reason": "canary-reason: I passed the course"}
    proposed = await ask(house, OWN, "POST", "/corrections", somebody, 201, json=body)
    assert (await ask(house, OWN, "GET", "", somebody, 200))["attributes"]["digital_skills"] != "advanced", "only proposed"
    theirs = [
        each for each in await waiting(house, AGENCY, "corrections") if each["person"] == await named(house, somebody, AGENCY)
    ]
    assert [each["value"] for each in theirs] == ["advanced"]
    assert theirs[0]["id"] != proposed["id"], "two organisations have nothing to join by"
    accept = f"/corrections/{theirs[0]['id']}/accepted"
    assert (await ask(house, AGENCY, "POST", accept, somebody, 200, json={"verified": True}))["state"] == "accepted"
    seen = await ask(house, AGENCY, "GET", "", somebody, 200)
    assert (seen["attributes"]["digital_skills"], seen["provenance"]["digital_skills"]["verified"]) == ("advanced", True)
    (told,) = (await ask(house, OWN, "GET", "/corrections", somebody, 200))["corrections"]
    assert (told["state"], told["decided_by"]) == ("accepted", "employment-agency")
    again = await ask(house, AGENCY, "POST", accept, somebody, 409, json={})
    assert (again["type"], again["state"]) == ("/problems/already-decided", "accepted")


async def test_a_rejection_says_why_and_changes_nothing(house: House, somebody: str) -> None:
    before = (await ask(house, OWN, "GET", "", somebody, 200))["attributes"]["skills"]
    body = {"attribute": "skills", "value": []}
    await ask(house, OWN, "POST", "/corrections", somebody, 201, json=body)
    (found,) = (await ask(house, AGENCY, "GET", "/corrections", somebody, 200))["corrections"]
    reject = f"/corrections/{found['id']}/rejected"
    assert (await ask(house, AGENCY, "POST", reject, somebody, 400, json={}))["errors"][0]["pointer"] == "/reason"
    await ask(house, AGENCY, "POST", reject, somebody, 200, json={"reason": "The certificates say otherwise."})
    (told,) = (await ask(house, OWN, "GET", "/corrections", somebody, 200))["corrections"]
    assert (told["state"], told["decision_reason"]) == ("rejected", "The certificates say otherwise.")
    assert (await ask(house, OWN, "GET", "", somebody, 200))["attributes"]["skills"] == before


async def test_who_may_not_write_an_attribute_learns_of_no_proposal_to_it(house: House, somebody: str) -> None:
    secret = {"attribute": "health_needs", "value": ["canary-proposal"], "reason": "canary-why"}
    refused = await call(house, *OWN, "POST", "/v1/persons/{id}/corrections", somebody, json=secret | {"value": "no list"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/value")
    value = (await ask(house, OWN, "GET", "", somebody, 200))["attributes"]["health_needs"]
    await ask(house, OWN, "POST", "/corrections", somebody, 201, json=secret | {"value": value})
    for who in (AGENCY, ("employment-agency", "training-placement")):
        assert not (await ask(house, who, "GET", "/corrections", somebody, 200))["corrections"]
        mine = await named(house, somebody, who)
        assert mine not in {each["person"] for each in await waiting(house, who, "corrections")}
    (own,) = (await ask(house, OWN, "GET", "/corrections", somebody, 200))["corrections"]
    assert (
        await call(house, *AGENCY, "POST", f"/v1/persons/{{id}}/corrections/{own['id']}/accepted", somebody, json={})
    ).status_code == 404


async def test_a_proposal_is_taken_back_once_and_for_all(house: House, somebody: str) -> None:
    made = await ask(house, OWN, "POST", "/corrections", somebody, 201, json={"attribute": "remote", "value": None})
    path = f"/corrections/{made['id']}"
    for _ in range(2):
        assert (await ask(house, OWN, "DELETE", path, somebody, 200))["state"] == "withdrawn"
    mine = await named(house, somebody, AGENCY)
    assert mine not in {each["person"] for each in await waiting(house, AGENCY, "corrections")}


async def test_a_restriction_hides_the_person_at_once_and_the_person_ends_it(house: House, somebody: str) -> None:
    stranger = ("open-door-legal", "legal-aid")
    await ask(house, stranger, "GET", "", somebody, 200)
    body = {"ground": "accuracy", "reason": "canary-reason: my status is wrong"}
    made = await ask(house, OWN, "POST", "/restrictions", somebody, 201, json=body)
    await ask(house, stranger, "GET", "", somebody, 404)
    assert "municipality" in (await ask(house, AGENCY, "GET", "", somebody, 200))["withheld"]
    (seen,) = (await ask(house, ("reception-agency", "case-continuity"), "GET", "/restrictions", somebody, 200))["restrictions"]
    assert (seen["ground"], seen["reason"], seen["live"]) == ("accuracy", None, True)
    lift = f"/restrictions/{seen['id']}/lift"
    other = await ask(house, ("reception-agency", "case-continuity"), "POST", lift, somebody, 403, json={"reason": "Checked."})
    assert other["type"] == "/problems/not-your-step"
    lifted = await ask(house, OWN, "POST", f"/restrictions/{made['id']}/lift", somebody, 200, json={})
    assert (lifted["live"], lifted["lifted_by"]) == (False, "self-service")
    await ask(house, stranger, "GET", "", somebody, 200)


async def test_an_organisation_lifts_its_own_restriction_only_after_the_person_could_read_of_it(
    house: House, somebody: str
) -> None:
    agency = ("reception-agency", "case-continuity")
    made = await ask(house, agency, "POST", "/restrictions", somebody, 201, json={"ground": "protected-address"})
    lift = f"/restrictions/{made['id']}/lift"
    assert (await ask(house, agency, "POST", lift, somebody, 400, json={}))["errors"][0]["pointer"] == "/reason"
    soon = {"reason": "She has moved.", "until": made["recorded_at"]}
    assert (await ask(house, agency, "POST", lift, somebody, 400, json=soon))["errors"][0]["pointer"] == "/until"
    announced = await ask(house, agency, "POST", lift, somebody, 200, json={"reason": "She has moved."})
    assert announced["live"], "the person can read of it first"
    assert announced["until"] is not None
    (told,) = (await ask(house, OWN, "GET", "/restrictions", somebody, 200))["restrictions"]
    assert (told["announcement"], told["announced_by"]) == ("She has moved.", "reception-agency")
    await ask(house, ("open-door-legal", "legal-aid"), "GET", "", somebody, 404)


async def test_one_restriction_more_stays_when_another_ends(house: House) -> None:
    internal = await person(house, "rights-twice", restricted=True, **HERE)
    (imported,) = (await ask(house, OWN, "GET", "/restrictions", internal, 200))["restrictions"]
    assert imported["ground"] == "protected-address"
    own = await ask(house, OWN, "POST", "/restrictions", internal, 201, json={"ground": "legal-claims"})
    await ask(house, OWN, "POST", f"/restrictions/{own['id']}/lift", internal, 200, json={})
    await ask(house, ("open-door-legal", "legal-aid"), "GET", "", internal, 404)


async def test_an_objection_against_one_ends_its_sight_until_it_is_decided(house: House, somebody: str) -> None:
    body = {"purpose": "job-ranking", "recipient": "employment-agency", "reason": "canary-objection: I work already"}
    made = await ask(house, OWN, "POST", "/objections", somebody, 201, json=body)
    assert made["covers"] == ["employment-agency"]
    await ask(house, AGENCY, "GET", "", somebody, 404)
    mine = await named(house, somebody, AGENCY)
    (found,) = [each for each in await waiting(house, AGENCY, "objections") if each["person"] == mine]
    assert (found["reason"], found["id"] != made["id"]) == (body["reason"], True)
    for other in (("bread-and-bridges", "job-ranking"), ("employment-agency", "training-placement")):
        assert await named(house, somebody, other) not in {each["person"] for each in await waiting(house, other, "objections")}
        assert not (await ask(house, other, "GET", "/objections", somebody, 200))["objections"]
    await ask(house, ("bread-and-bridges", "job-ranking"), "GET", "", somebody, 200)
    await ask(house, ("employment-agency", "training-placement"), "GET", "", somebody, 200)
    decide = f"/objections/{found['id']}/decisions"
    ruling = {"outcome": "overridden", "reason": "The law obliges us to offer work to whoever is registered here."}
    await ask(house, AGENCY, "POST", decide, somebody, 200, json=ruling)
    await ask(house, AGENCY, "GET", "", somebody, 200)
    assert mine not in {each["person"] for each in await waiting(house, AGENCY, "objections")}
    (told,) = (await ask(house, OWN, "GET", "/objections", somebody, 200))["objections"]
    assert [(each["organisation"], each["outcome"], each["reason"]) for each in told["decisions"]] == [
        ("employment-agency", *ruling.values())
    ]
    await ask(house, AGENCY, "POST", decide, somebody, 200, json={"outcome": "upheld", "reason": "We looked at it again."})
    await ask(house, AGENCY, "GET", "", somebody, 404)
    await ask(house, OWN, "DELETE", f"/objections/{made['id']}", somebody, 200)
    await ask(house, AGENCY, "GET", "", somebody, 200)


async def test_an_objection_against_all_ends_for_none_but_who_overrode_it(house: House, somebody: str) -> None:
    bridges = ("bread-and-bridges", "job-ranking")
    made = await ask(house, OWN, "POST", "/objections", somebody, 201, json={"purpose": "job-ranking", "reason": "No."})
    assert made["covers"] == ["bread-and-bridges", "employment-agency"]
    for who in (AGENCY, bridges):
        await ask(house, who, "GET", "", somebody, 404)
    (found,) = (await ask(house, bridges, "GET", "/objections", somebody, 200))["objections"]
    assert found["covers"] == ["bread-and-bridges"], "who else is meant is not theirs to know"
    ruling = {"outcome": "overridden", "reason": "She asked us for a coach herself."}
    await ask(house, bridges, "POST", f"/objections/{found['id']}/decisions", somebody, 200, json=ruling)
    await ask(house, bridges, "GET", "", somebody, 200)
    await ask(house, AGENCY, "GET", "", somebody, 404)
    (at_agency,) = (await ask(house, AGENCY, "GET", "/objections", somebody, 200))["objections"]
    assert at_agency["decisions"] == []


@pytest.mark.parametrize(
    ("purpose", "recipient"),
    [("vital-interest", None), ("health-access", "danube-health"), ("job-ranking", "vitosha-bakery"), ("introduction", None)],
)
async def test_nobody_objects_to_what_rests_on_another_basis(
    house: House, somebody: str, purpose: str, recipient: str | None
) -> None:
    body = {"purpose": purpose, "recipient": recipient, "reason": "I do not want it."}
    refused = await ask(house, OWN, "POST", "/objections", somebody, 400, json=body)
    assert refused["type"] == "/problems/nothing-to-object-to"


async def test_nobody_uses_the_rights_of_another(house: House, somebody: str) -> None:
    other = await person(house, "rights-other", **HERE)
    theirs = await named(house, other, OWN)
    caller = await house.caller("self-service", somebody)
    for path, body in (
        ("corrections", {"attribute": "remote", "value": True}),
        ("restrictions", {"ground": "accuracy"}),
        ("objections", {"purpose": "job-ranking", "reason": "No."}),
    ):
        assert (await caller("GET", f"/v1/persons/{theirs}/{path}", OWN[1])).status_code == 403
        assert (await caller("POST", f"/v1/persons/{theirs}/{path}", OWN[1], json=body)).status_code == 403


async def followed(house: House, since: str | None) -> tuple[dict[str, Any], str]:
    """What a follower is told from ``since`` on, by id; and where it goes on."""
    caller, told = await house.caller("employment-agency"), dict[str, Any]()
    while True:
        where = f"/v1/persons/changes?limit=500{f'&since={since}' if since else ''}"
        answer = await caller("GET", where, "job-ranking")
        if answer.status_code == 503:
            continue
        assert answer.status_code == 200, answer.text
        told |= {each["id"]: each["person"] for each in answer.json()["changes"]}
        since = answer.json()["cursor"]
        if not answer.json()["more"]:
            return told, since


async def test_followers_are_told_of_corrections_and_of_who_is_gone_for_them(house: House, somebody: str) -> None:
    theirs = await named(house, somebody, AGENCY)
    everybody, since = await followed(house, None)
    assert everybody[theirs] is not None
    body = {"attribute": "digital_skills", "value": "advanced"}
    await ask(house, OWN, "POST", "/corrections", somebody, 201, json=body)
    told, since = await followed(house, since)
    assert theirs not in told, "what is only proposed changes nothing"
    (found,) = (await ask(house, AGENCY, "GET", "/corrections", somebody, 200))["corrections"]
    await ask(house, AGENCY, "POST", f"/corrections/{found['id']}/accepted", somebody, 200, json={})
    told, since = await followed(house, since)
    assert told[theirs]["attributes"]["digital_skills"] == "advanced", "GDPR Art 19"
    against = {"purpose": "job-ranking", "recipient": "employment-agency", "reason": "No."}
    made = await ask(house, OWN, "POST", "/objections", somebody, 201, json=against)
    told, since = await followed(house, since)
    assert told[theirs] is None
    await ask(house, OWN, "DELETE", f"/objections/{made['id']}", somebody, 200)
    told, since = await followed(house, since)
    assert told[theirs] is not None


async def test_a_restriction_whose_time_is_up_ends_by_itself(house: House, somebody: str) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await ask(house, OWN, "POST", "/restrictions", somebody, 201, json={"ground": "legal-claims", "until": until})
    vault = house.apps[PROFILE].state.vault
    await end_restrictions(vault, datetime.now(UTC))
    never = {"ground": "accuracy", "until": "9999-12-31T23:59:59-14:00"}
    assert (await ask(house, OWN, "POST", "/restrictions", somebody, 400, json=never))["errors"][0]["pointer"] == "/until"
    (told,) = (await ask(house, OWN, "GET", "/restrictions", somebody, 200))["restrictions"]
    assert told["live"]
    await end_restrictions(vault, datetime.fromisoformat(until))
    (told,) = (await ask(house, OWN, "GET", "/restrictions", somebody, 200))["restrictions"]
    assert (told["live"], told["lifted_at"]) == (False, told["until"])
    await ask(house, ("open-door-legal", "legal-aid"), "GET", "", somebody, 200)
