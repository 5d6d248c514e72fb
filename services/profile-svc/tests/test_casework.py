"""Cases and referrals: how organisations come to be assigned to people, and how that ends."""

import asyncio
import json
import random
import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from profile_svc.attributes import Attributes
from profile_svc.importing import import_people, reference
from profile_svc.referrals import state_at
from profile_svc.referring import end_expired
from stena.contracts.casework import State
from stena.contracts.condition import AllOf, IsIn, Overlaps

from .people import IN_SOFIA, OLENA
from .source import Service

SENDER, RECIPIENT, PERSON = "reception-agency", "bread-and-bridges", "import-lab"


def concerning(organisation: str) -> AllOf:
    return AllOf(of=(IN_SOFIA, Overlaps(fact="assigned", values=(organisation,))))


def of(organisation: str) -> IsIn:
    return IsIn(fact="created_by", values=(organisation,))


async def assigned(service: Service, person: str) -> list[str]:
    return list((await service.sql("SELECT assigned FROM persons WHERE person_id = CAST(:id AS uuid)", id=person))[0][0])


async def cases(service: Service, person: str, organisation: str, rows: Any = None) -> list[dict[str, Any]]:
    grant = service.grant("read", person, resource="case", organisation=organisation, rows=rows or of(organisation))
    answer = await service.call("GET", f"/persons/{person}/cases", grant)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["cases"])


async def close(service: Service, person: str, case: str, by: str, rows: Any = None) -> httpx.Response:
    grant = service.grant("close", person, resource="case", organisation=by, rows=rows or of(by))
    return await service.call("POST", f"/persons/{person}/cases/{case}/close", grant)


async def refer(service: Service, person: str, **body: Any) -> httpx.Response:
    headers = body.pop("headers", {})
    grant = service.grant("create", person, resource="referral", organisation=SENDER, rows=concerning(SENDER))
    wanted = {"recipient": RECIPIENT, "purpose": "mentoring", "reason": "canary: wants a mentor"} | body
    return await service.call("POST", f"/persons/{person}/referrals", grant, wanted, **headers)


async def take(service: Service, referral: str, step: str, by: str, rows: Any = None) -> httpx.Response:
    grant = service.grant("amend", referral, resource="referral", organisation=by, rows=rows or concerning(by))
    return await service.call("POST", f"/referrals/{referral}/{step}", grant)


async def search(service: Service, organisation: str, **query: Any) -> dict[str, Any]:
    grant = service.grant("list", resource="referral", organisation=organisation, rows=concerning(organisation))
    answer = await service.call("POST", "/referrals/search", grant, query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def referred(service: Service, **body: Any) -> tuple[str, str]:
    person = (await service.register(OLENA))["id"]
    answer = await refer(service, person, **body)
    assert answer.status_code == 201, answer.text
    return person, answer.json()["id"]


async def test_who_registers_has_the_case_and_closing_it_ends_the_assignment(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    assert await assigned(service, person) == [SENDER]
    (case,) = await cases(service, person, SENDER)
    assert (case["organisation"], case["basis"], case["closed_at"]) == (SENDER, "registration", None)
    before = await service.sql("SELECT count(*) FROM changes WHERE person_id = CAST(:id AS uuid)", id=person)
    for _ in range(2):
        closed = await close(service, person, case["id"], SENDER)
        assert (closed.status_code, closed.json()["closed_by"]) == (200, SENDER)
    assert await assigned(service, person) == []
    after = await service.sql("SELECT count(*) FROM changes WHERE person_id = CAST(:id AS uuid)", id=person)
    assert after[0][0] == before[0][0] + 1, "followers are told, once"


async def test_a_case_is_seen_and_closed_by_whose_it_is(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    (case,) = await cases(service, person, SENDER)
    assert await cases(service, person, RECIPIENT) == []
    assert (await close(service, person, case["id"], RECIPIENT)).status_code == 404
    assert await assigned(service, person) == [SENDER]


async def test_a_person_gives_a_case_and_takes_back_what_they_gave_and_nothing_else(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    grant = service.grant("open", person, resource="case", organisation=PERSON)
    made = [
        await service.call("POST", f"/persons/{person}/cases", grant, {"organisation": "employment-agency"}) for _ in range(2)
    ]
    assert [each.status_code for each in made] == [201, 200]
    assert made[0].json() == made[1].json(), "once more is as good as once"
    assert await assigned(service, person) == ["employment-agency", SENDER]
    seen = {each["organisation"]: each["id"] for each in await cases(service, person, PERSON, rows=True)}
    refused = await close(service, person, seen[SENDER], PERSON, rows=True)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-your-step")
    assert (await close(service, person, seen["employment-agency"], PERSON, rows=True)).status_code == 200
    assert await assigned(service, person) == [SENDER]
    unknown = await service.call("POST", f"/persons/{person}/cases", grant, {"organisation": "nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "/organisation")


async def test_access_begins_with_acceptance_and_ends_with_the_referral(service: Service) -> None:
    for step, by in (("done", RECIPIENT), ("revoke", SENDER)):
        person, referral = await referred(service)
        assert await assigned(service, person) == [SENDER], "asked is not yet given"
        accepted = await take(service, referral, "accept", RECIPIENT)
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
        assert await assigned(service, person) == [RECIPIENT, SENDER]
        assert [each["basis"] for each in await cases(service, person, RECIPIENT)] == ["referral"]
        ended = await take(service, referral, step, by)
        assert ended.status_code == 200, ended.text
        assert await assigned(service, person) == [SENDER]


async def test_who_has_a_case_of_their_own_keeps_it_when_the_referral_ends(service: Service) -> None:
    person, referral = await referred(service)
    grant = service.grant("open", person, resource="case", organisation=PERSON)
    await service.call("POST", f"/persons/{person}/cases", grant, {"organisation": RECIPIENT})
    await take(service, referral, "accept", RECIPIENT)
    await take(service, referral, "revoke", SENDER)
    assert await assigned(service, person) == [RECIPIENT, SENDER]


@pytest.mark.parametrize("by", ["a referral", "the person"])
async def test_a_case_that_was_given_is_not_given_on(service: Service, by: str) -> None:
    person, referral = await referred(service)
    if by == "a referral":
        await take(service, referral, "accept", RECIPIENT)
    else:
        given = service.grant("open", person, resource="case", organisation=PERSON)
        await service.call("POST", f"/persons/{person}/cases", given, {"organisation": RECIPIENT})
    assert RECIPIENT in await assigned(service, person)
    grant = service.grant("create", person, resource="referral", organisation=RECIPIENT, rows=concerning(RECIPIENT))
    wanted = {"recipient": "vitosha-bakery", "purpose": "mentoring", "reason": "x"}
    refused = await service.call("POST", f"/persons/{person}/referrals", grant, wanted)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-your-step")


async def test_closing_the_case_that_a_referral_opened_ends_the_referral(service: Service) -> None:
    person, referral = await referred(service)
    await take(service, referral, "accept", RECIPIENT)
    (case,) = await cases(service, person, RECIPIENT)
    assert (await close(service, person, case["id"], RECIPIENT)).status_code == 200
    assert [each["state"] for each in (await search(service, SENDER, direction="out", limit=1))["referrals"]] == ["done"]
    assert await assigned(service, person) == [SENDER]


async def test_time_ends_a_referral_and_what_rests_on_it(service: Service) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    person, referral = await referred(service, until=tomorrow)
    await take(service, referral, "accept", RECIPIENT)
    assert await assigned(service, person) == [RECIPIENT, SENDER]
    await service.sql("UPDATE referrals SET until = now() WHERE person_id = CAST(:id AS uuid)", id=person)
    deadline = asyncio.get_running_loop().time() + 2
    while await assigned(service, person) != [SENDER]:
        assert asyncio.get_running_loop().time() < deadline, "two looks a second, and a margin for a busy machine"
        await asyncio.sleep(0.05)
    assert await end_expired(service.vault, datetime.now(UTC), 10) == 0
    (case,) = await cases(service, person, RECIPIENT)
    assert case["closed_at"] is not None
    assert case["closed_by"] is None
    late = await take(service, referral, "done", RECIPIENT)
    assert (late.status_code, late.json()["state"]) == (409, "expired")


@pytest.mark.parametrize("state", ["in-progress", "accepted"])
async def test_a_referral_ends_with_its_last_moment(service: Service, state: State) -> None:
    until = datetime.now(UTC) + timedelta(days=400)
    _, referral = await referred(service, until=until.isoformat())
    if state == "accepted":
        await take(service, referral, "accept", RECIPIENT)
    await end_expired(service.vault, until - timedelta(microseconds=1), 10)
    assert [await end_expired(service.vault, moment, 10) for moment in (until, until + timedelta(days=1))] == [1, 0]


@pytest.mark.parametrize("state", ["in-progress", "accepted"])
def test_when_its_time_is_up_a_referral_has_expired_whether_or_not_somebody_has_swept(state: State) -> None:
    now = datetime.now(UTC)
    assert state_at(state, now, now) == "expired"
    assert state_at(state, now + timedelta(seconds=1), now) == state
    assert state_at(state, None, now) == state
    assert state_at("done", now, now) == "done"


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([("reject", RECIPIENT), ("accept", RECIPIENT)], "rejected"),
        ([("revoke", SENDER), ("accept", RECIPIENT)], "revoked"),
        ([("done", RECIPIENT)], "in-progress"),
        ([("accept", RECIPIENT), ("reject", RECIPIENT)], "accepted"),
        ([("accept", RECIPIENT), ("done", RECIPIENT), ("revoke", SENDER)], "done"),
    ],
)
async def test_a_step_that_does_not_lead_on_is_refused_with_the_state(
    service: Service, steps: list[tuple[str, str]], state: str
) -> None:
    person, referral = await referred(service)
    for step, by in steps[:-1]:
        assert (await take(service, referral, step, by)).status_code == 200
    before = await assigned(service, person)
    refused = await take(service, referral, *steps[-1])
    assert (refused.status_code, refused.json()["type"], refused.json()["state"]) == (409, "/problems/not-in-this-state", state)
    assert await assigned(service, person) == before


async def test_each_side_takes_its_own_steps_and_again_is_as_good_as_once(service: Service) -> None:
    person, referral = await referred(service)
    for step, by in (("accept", SENDER), ("reject", SENDER), ("done", SENDER), ("revoke", RECIPIENT)):
        refused = await take(service, referral, step, by)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-your-step")
    for _ in range(2):
        assert (await take(service, referral, "accept", RECIPIENT)).status_code == 200
    assert len(await cases(service, person, RECIPIENT)) == 1


async def test_of_two_steps_that_exclude_each_other_one_wins(service: Service) -> None:
    for _ in range(5):
        person, referral = await referred(service)
        answers = await asyncio.gather(
            take(service, referral, "reject", RECIPIENT), take(service, referral, "accept", RECIPIENT)
        )
        assert sorted(each.status_code for each in answers) == [200, 409]
        state = next(each.json()["state"] for each in answers if each.status_code == 200)
        assert (RECIPIENT in await assigned(service, person)) is (state == "accepted")


async def test_accept_and_revoke_at_once(service: Service) -> None:
    for _ in range(8):
        person, referral = await referred(service)
        accept, revoke = await asyncio.gather(
            take(service, referral, "accept", RECIPIENT), take(service, referral, "revoke", SENDER)
        )
        # Revoked before it was accepted, or after: nobody is left with access to somebody whose referral was taken back.
        assert revoke.status_code == 200
        assert accept.status_code in (200, 409)
        assert await assigned(service, person) == [SENDER]


async def test_whatever_happens_at_once_who_is_assigned_is_whose_case_is_open(service: Service) -> None:
    chance = random.Random(11)  # noqa: S311 -- no secret
    person, _ = await referred(service)
    made = [
        (await refer(service, person, recipient=each)).json()["id"] for each in (RECIPIENT, "vitosha-bakery") for _ in range(2)
    ]
    given = service.grant("open", person, resource="case", organisation=PERSON)

    async def something() -> None:
        match chance.choice(["step", "step", "step", "give", "close"]):
            case "step":
                by = chance.choice([SENDER, RECIPIENT, "vitosha-bakery"])
                await take(service, chance.choice(made), chance.choice(["accept", "done", "reject", "revoke"]), by)
            case "give":
                await service.call("POST", f"/persons/{person}/cases", given, {"organisation": RECIPIENT})
            case "close":
                if known := await cases(service, person, RECIPIENT):
                    await close(service, person, chance.choice(known)["id"], RECIPIENT)

    for _ in range(8):
        await asyncio.gather(*(something() for _ in range(6)))
        still_open = await service.sql(
            "SELECT DISTINCT organisation FROM cases WHERE person_id = CAST(:id AS uuid) AND closed_at IS NULL", id=person
        )
        assert await assigned(service, person) == sorted(name for (name,) in still_open)
    accepted = await service.sql(
        "SELECT count(*) FROM referrals r WHERE person_id = CAST(:id AS uuid) AND (state = 'accepted') <> EXISTS "
        "(SELECT 1 FROM cases c WHERE c.referral_id = r.referral_id AND closed_at IS NULL)",
        id=person,
    )
    assert accepted == [(0,)], "an accepted referral has its case, and no other has one"


async def test_a_referral_is_the_business_of_two_and_nobody_elses(service: Service) -> None:
    person, referral = await referred(service)
    for organisation, status in ((SENDER, 200), (RECIPIENT, 200), ("employment-agency", 404)):
        grant = service.grant("read", referral, resource="referral", organisation=organisation, rows=concerning(organisation))
        answer = await service.call("GET", f"/referrals/{referral}", grant)
        assert answer.status_code == status
        if status == 200:
            assert (answer.json()["person"], answer.json()["reason"]) == (person, "canary: wants a mentor")
    assert (await take(service, referral, "accept", "employment-agency")).status_code == 404
    assert (await take(service, "0191d0a4-0000-7000-8000-000000000000", "accept", RECIPIENT)).status_code == 404


async def test_referrals_are_found_by_side_and_state_in_pages(service: Service) -> None:
    made = [(await referred(service, recipient="facts-lab"))[1] for _ in range(3)]
    await take(service, made[1], "reject", "facts-lab")
    page = await search(service, "facts-lab", direction="in", limit=2)
    assert [each["id"] for each in page["referrals"]] == [made[2], made[1]]
    assert page["more"]
    rest = await search(service, "facts-lab", direction="in", limit=2, after=made[1])
    assert ([each["id"] for each in rest["referrals"]], rest["more"]) == ([made[0]], False)
    rejected = await search(service, "facts-lab", direction="in", state="rejected")
    assert [each["id"] for each in rejected["referrals"]] == [made[1]]
    assert (await search(service, "facts-lab", direction="out"))["referrals"] == []


async def test_what_cannot_be_referred_so_is_refused(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for body, pointer in (
        ({"recipient": SENDER}, "/recipient"),
        ({"recipient": "nobody"}, "/recipient"),
        ({"purpose": "gossip"}, "/purpose"),
        ({"until": yesterday}, "/until"),
    ):
        answer = await refer(service, person, **body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    others = (await service.register(OLENA, "employment-agency"))["id"]
    assert (await refer(service, others)).status_code == 404, "who does not have the case"


async def test_a_referral_sent_twice_is_made_once_and_its_reason_is_sealed(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    first, second = [await refer(service, person, headers={"Idempotency_Key": "refer-once"}) for _ in range(2)]
    assert (first.status_code, second.status_code, first.json()["id"]) == (201, 200, second.json()["id"])
    assert "canary" not in str(await service.sql("SELECT * FROM referrals WHERE person_id = CAST(:id AS uuid)", id=person))


async def test_who_is_erased_leaves_no_case_and_no_referral(service: Service) -> None:
    person, referral = await referred(service)
    await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))
    for table in ("cases", "referrals"):
        assert await service.sql(f"SELECT 1 FROM {table} WHERE person_id = :id", id=UUID(person)) == []  # noqa: S608
    assert (await take(service, referral, "accept", RECIPIENT)).status_code == 404


async def test_who_was_assigned_before_there_were_cases_has_one_after_the_migration(service: Service) -> None:
    migration = runpy.run_path(str(Path(__file__).parents[1] / "migrations" / "versions" / "0004_casework.py"))
    registered = (await service.register(OLENA))["id"]
    line = {"external_id": "before cases", "created_by": SENDER, "assigned": [SENDER, RECIPIENT], "attributes": {}}
    await import_people(service.vault, Attributes(service.catalogue), [json.dumps(line).encode()])
    known = reference(service.vault, SENDER, "before cases")
    ((imported,),) = await service.sql("SELECT person_id FROM persons WHERE external_ref = :known", known=known)
    for person, bases in ((registered, {SENDER: "registration"}), (str(imported), {SENDER: "import", RECIPIENT: "import"})):
        await service.sql("DELETE FROM cases WHERE person_id = CAST(:id AS uuid)", id=person)
        backfill = migration["BACKFILL"].strip().removesuffix(";") + " WHERE person_id = CAST(:id AS uuid)"
        await service.sql(backfill, id=person)
        found = await cases(service, person, SENDER, rows=True)
        assert {each["organisation"]: each["basis"] for each in found} == bases
        assert await assigned(service, person) == sorted(bases)
