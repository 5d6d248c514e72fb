"""Somebody who was registered twice: found, made one by a person, known by every id there ever was, and two again."""

import asyncio
import secrets
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func

from gateway.merged_tables import separated_people
from gateway.store import forgetting
from gateway.store import merged as merged_people

from .house import Caller, House, put
from .people import line
from .test_refusals import RECORD

AGENCY, PURPOSE, HEALTH = "reception-agency", "deduplication", ("danube-health", "health-access")
NAMES = {"family_name": {"native": "Шевченко", "latin": "Shevchenko"}, "given_name": {"native": "Олена", "latin": "Olena"}}
ALSO = {"family_name": {"native": "Шевченко", "latin": "Chevtchenko"}, "given_name": {"native": "Олена", "latin": "Olenna"}}
WHO = {"Acting-User": "Ivanova"}


@pytest.fixture
async def twice(house: House) -> tuple[str, str]:
    """One person's two records, both made by the agency."""
    catalogue = await house.parts.rulebook.catalogue()
    record = RECORD | {"created_by": AGENCY, "assigned": [AGENCY]}
    name = secrets.token_hex(4)
    first = line(catalogue, f"one-{name}", record, **NAMES, national_number=f"1{name}", phone="+359888111111")
    second = line(catalogue, f"two-{name}", record, **ALSO, national_number=f"1{name}", phone="+359888222222")
    this, other = await put(house, first, second)
    return this, other


async def agency(house: House, method: str, path: str, **kwargs: Any) -> httpx.Response:
    caller = await house.caller(AGENCY)
    return await again(caller, method, path, PURPOSE, headers=WHO, **kwargs)


async def again(caller: Caller, *call: Any, **kwargs: Any) -> httpx.Response:
    """A machine that is busy with other tests is asked again."""
    for _ in range(20):
        answer = await caller(*call, **kwargs)
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.2)
    return answer


async def named(house: House, internal: str, organisation: str = AGENCY, purpose: str = PURPOSE) -> str:
    return await house.pairwise(internal, organisation, purpose)


async def merge(house: House, this: str, other: str, **body: Any) -> httpx.Response:
    sent = {"other": await named(house, other), "take": {"family_name": "this", "given_name": "this"}, **body}
    return await agency(house, "POST", f"/v1/persons/{await named(house, this)}/merge", json=sent)


async def seen(house: House, internal: str) -> dict[str, Any] | None:
    """As another organisation sees whom it knows by the id of this record."""
    caller, (organisation, purpose) = await house.caller(HEALTH[0]), HEALTH
    answer = await again(caller, "GET", f"/v1/persons/{await named(house, internal, organisation, purpose)}", purpose)
    return answer.json() if answer.status_code == 200 else None


async def test_likely_duplicates_are_proposed_to_whom_they_are_business(house: House, twice: tuple[str, str]) -> None:
    this, other = twice
    ids = {await named(house, each) for each in twice}
    one = await agency(house, "GET", f"/v1/duplicates?person={await named(house, this)}")
    (found,) = one.json()["duplicates"]
    assert {each["id"] for each in found["people"]} == ids
    assert found["agreement"]["national_number"] == "same"
    assert set(found["people"][0]["attributes"]) == {"given_name", "family_name", "date_of_birth", "national_number"}
    everybody = await agency(house, "GET", "/v1/duplicates")
    assert ids in [{each["id"] for each in found["people"]} for found in everybody.json()["duplicates"]]
    caller = await house.caller("bread-and-bridges")
    assert (await caller("GET", "/v1/duplicates", PURPOSE)).status_code == 403
    told = await agency(house, "PUT", f"/v1/persons/{await named(house, other)}/distinctions/{await named(house, this)}")
    assert told.status_code == 204, told.text
    one = await agency(house, "GET", f"/v1/duplicates?person={await named(house, this)}")
    assert one.json()["duplicates"] == []


async def test_a_machine_merges_nobody(house: House, twice: tuple[str, str]) -> None:
    caller = await house.caller(AGENCY)
    path, body = f"/v1/persons/{await named(house, twice[0])}/merge", {"other": await named(house, twice[1])}
    assert (await caller("POST", path, PURPOSE, json=body)).status_code == 403


async def test_both_ids_of_every_organisation_name_the_person_and_then_each_its_own_again(
    house: House, twice: tuple[str, str]
) -> None:
    this, other = twice
    before = [await seen(house, each) for each in twice]
    done = await merge(house, this, other)
    assert done.status_code in (200, 201), done.text  # a machine that is busy may have been asked again
    merged = done.json()
    assert (merged["person"]["id"], merged["merged"]) == (await named(house, this), await named(house, other))
    repeated = await merge(house, this, other)
    assert (repeated.status_code, repeated.json()["id"]) == (200, merged["id"])
    now = [await seen(house, each) for each in twice]
    assert now[0] is not None
    assert now[1] is not None
    assert now[0]["id"] == now[1]["id"] == await named(house, this, *HEALTH)
    assert now[1]["attributes"]["family_name"]["latin"] == "Shevchenko"

    gone = await agency(house, "DELETE", f"/v1/persons/{await named(house, this)}/merges/{merged['id']}")
    assert gone.status_code == 200, gone.text
    for was, is_now in zip(before, [await seen(house, each) for each in twice], strict=True):
        assert was is not None
        assert is_now is not None
        assert (was["id"], was["attributes"]) == (is_now["id"], is_now["attributes"])


async def test_a_gateway_that_dies_in_a_merge_or_in_its_end_leaves_nobody_without_a_name(
    house: House, twice: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    this, other = twice
    with monkeypatch.context() as killed:
        killed.setattr(house.parts.merged, "add", dies)
        assert (await merge(house, this, other)).status_code >= 500
    assert await house.parts.merged.now(other) == other, "the source has merged them, and nobody knows"
    found = [await seen(house, each) for each in twice]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0]["id"] == found[1]["id"]
    own = await house.caller("self-service", other)
    path = f"/v1/persons/{await named(house, other, 'self-service', 'data-subject-access')}"
    assert (await again(own, "GET", path, "data-subject-access")).status_code == 200

    merged = (await merge(house, this, other)).json()
    end = f"/v1/persons/{await named(house, this)}/merges/{merged['id']}"
    with monkeypatch.context() as killed:
        ask = type(house.parts.profile).ask

        async def dies_undoing(source: Any, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
            return await (dies if path[-1] == "undo" else ask)(source, method, path, *args, **kwargs)

        killed.setattr(type(house.parts.profile), "ask", dies_undoing)
        assert (await agency(house, "DELETE", end)).status_code >= 500
    assert await seen(house, other) is None, "they may be two by now"
    monkeypatch.setattr(merged_people, "_LONG_AGO", separated_people.c.at < func.clock_timestamp())
    found = [await seen(house, each) for each in twice]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0]["id"] == found[1]["id"]
    assert (await agency(house, "DELETE", end)).status_code == 200
    found = [await seen(house, each) for each in twice]
    assert [each and each["id"] for each in found] == [await named(house, each, *HEALTH) for each in twice]


async def dies(*args: Any, **kwargs: Any) -> None:
    raise Died


class Died(Exception):
    """As if the process had ended here."""


async def test_the_person_sees_who_saw_either_record_by_the_client_of_either(house: House, twice: tuple[str, str]) -> None:
    this, other = twice
    await seen(house, other)
    assert (await merge(house, this, other)).status_code in (200, 201)
    own = await house.caller("self-service", other)
    path = f"/v1/persons/{await named(house, other, 'self-service', 'data-subject-access')}"
    told = await again(own, "GET", f"{path}/disclosures", "data-subject-access")
    assert told.status_code == 200, told.text
    seen_by = {(each["organisation"], each["operation"]) for each in told.json()["disclosures"]}
    assert {("danube-health", "read"), (AGENCY, "merge")} <= seen_by
    everything = await again(own, "GET", path, "data-subject-access")
    assert everything.json()["id"] == await named(house, this, "self-service", "data-subject-access")


async def test_followers_are_told_under_which_id_they_hold_the_person(house: House, twice: tuple[str, str]) -> None:
    this, other = twice
    caller, purpose, organisation = await house.caller("bread-and-bridges"), "mentoring", "bread-and-bridges"

    async def follow(since: str | None) -> tuple[list[dict[str, Any]], str]:
        found: list[dict[str, Any]] = []
        for _ in range(100):
            query = f"?since={since}" if since else ""
            page = (await again(caller, "GET", f"/v1/persons/changes{query}", purpose)).json()
            found, since = found + page["changes"], page["cursor"]
            if not page["more"]:
                break
            await asyncio.sleep(0)
        assert since is not None
        return found, since

    known, since = await follow(None)
    ids = [await named(house, each, organisation, purpose) for each in twice]
    assert set(ids) <= {each["id"] for each in known}
    assert (await merge(house, this, other)).status_code in (200, 201)
    told, since = await follow(since)
    assert [(each["id"], each["replaces"]) for each in told if each["id"] in ids] == [(ids[0], [ids[1]])]


async def test_both_stand_in_the_ledger_before_and_after(house: House, twice: tuple[str, str]) -> None:
    refused = await agency(
        house, "POST", f"/v1/persons/{await named(house, twice[0])}/merge", json={"other": await named(house, twice[1])}
    )
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/merge-conflict")
    assert set(refused.json()["attributes"]) == {"given_name", "family_name"}
    done = (await merge(house, *twice)).json()["disclosure"]["decision"]
    found = await house.parts.ledger.of_decision(done)
    assert (found.operation, found.outcome, found.people, found.acting_user) == ("merge", "done", 2, "Ivanova")


@pytest.mark.parametrize("which", ["nobody", "of another", "itself"])
async def test_whom_one_has_no_business_with_is_not_there(house: House, twice: tuple[str, str], which: str) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    stranger = (
        await put(house, line(catalogue, f"else-{secrets.token_hex(4)}", RECORD | {"created_by": "bread-and-bridges"}))
    )[0]
    other = {"nobody": "psn_x", "of another": await named(house, stranger), "itself": await named(house, twice[0])}[which]
    answer = await agency(house, "POST", f"/v1/persons/{await named(house, twice[0])}/merge", json={"other": other})
    assert answer.status_code == 404, answer.text


async def test_of_whom_is_erased_no_id_is_left(house: House, twice: tuple[str, str]) -> None:
    this, other = twice
    assert (await merge(house, this, other)).status_code in (200, 201)
    assert await house.parts.merged.now(other) == this
    await forgetting.forget(house.parts.engine, [UUID(this), UUID(other)])
    await house.parts.merged.look()
    assert await house.parts.merged.now(other) == other
