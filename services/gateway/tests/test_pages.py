"""Pages of people, the feed, notes, disclosures: bound cursors, nothing beside the grant, everything recorded."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.identity import Scope

from .neighbours import view
from .running import Running

ANNA, BORYS = sorted(str(uuid.uuid4()) for _ in range(2))
SEEN = {"attributes": {"adult": True}, "provenance": {}, "withheld": {"gender": "not-necessary"}}


def pages(*people: str, more: bool = False) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(200, json={"people": [view(person, **SEEN) for person in people], "more": more})


def asked(running: Running) -> Any:
    return orjson.loads(running.neighbours.sources_asked()[-1].content)


async def test_a_page_lists_everybody_in_one_entry(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = pages(ANNA, BORYS)
    response = await caller.call("GET", "/v1/persons?filter=skills:has:a:b&filter=education_level:in:3,4&fields=adult&limit=2")
    body = response.json()
    assert response.status_code == 200
    assert [set(person) for person in body["people"]] == [{"id", "attributes", "provenance", "withheld", "updated_at"}] * 2
    assert (body["next"], body["truncated"], "link" in response.headers) == (None, False, False)
    assert asked(running) == {
        "filters": [
            {"attribute": "skills", "operator": "has", "value": "a:b"},
            {"attribute": "education_level", "operator": "in", "value": [3, 4]},
        ],
        "sort": None,
        "fields": ["adult"],
        "limit": 2,
        "after": None,
    }
    (entry,) = await running.ledger()
    assert (entry["people"], entry["attributes"], entry["withheld"]) == (2, ["adult"], 1)
    assert [str(row["person_id"]) for row in await running.people_in_ledger()] == [ANNA, BORYS]


async def test_the_next_page_begins_after_the_last_person_and_only_in_this_list(running: Running) -> None:
    caller, other = await running.caller(), await running.caller("reception-agency")
    running.neighbours.answer = pages(ANNA, more=True)
    first = await caller.call("GET", "/v1/persons?filter=adult:eq:true&limit=1")
    cursor = first.json()["next"]
    assert first.json()["truncated"] is True
    assert first.headers["link"] == f'</v1/persons?filter=adult%3Aeq%3Atrue&limit=1&cursor={cursor}>; rel="next"'
    second = await caller.call("GET", first.headers["link"].partition(">")[0][1:])
    assert second.status_code == 200
    assert asked(running)["after"] == ANNA
    before = len(running.neighbours.sources_asked())
    elsewhere = [
        await caller.call("GET", f"/v1/persons?filter=adult:eq:false&cursor={cursor}"),
        await caller.call("GET", f"/v1/persons?cursor={cursor}"),
        await caller.call("GET", f"/v1/persons?filter=adult:eq:true&sort=adult&cursor={cursor}"),
        await caller.call("GET", f"/v1/persons?filter=adult:eq:true&cursor={cursor}", purpose="registration"),
        await other.call("GET", f"/v1/persons?filter=adult:eq:true&cursor={cursor}"),
        await caller.call("GET", f"/v1/persons/changes?since={cursor}"),
    ]
    assert {(each.status_code, each.json()["type"]) for each in elsewhere} == {(400, "/problems/cursor-invalid")}
    assert len(running.neighbours.sources_asked()) == before


async def test_a_search_keeps_values_out_of_the_address(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = pages(ANNA, more=True)
    wanted = {
        "filters": [{"attribute": "education_level", "operator": "ge", "value": 3}],
        "sort": "-education_level",
        "limit": 1,
    }
    first = await caller.call("POST", "/v1/persons/search", json=wanted)
    second = await caller.call("POST", "/v1/persons/search", json=wanted | {"cursor": first.json()["next"]})
    assert (first.status_code, second.status_code, asked(running)["after"]) == (200, 200, ANNA)
    assert "link" not in first.headers


@pytest.mark.parametrize("page", [pages(ANNA, ANNA), pages(ANNA, BORYS)])
async def test_more_people_than_were_asked_for_are_an_incident(
    running: Running, page: Callable[[httpx.Request], httpx.Response]
) -> None:
    caller = await running.caller()
    running.neighbours.answer = page
    assert (await caller.call("GET", "/v1/persons?limit=1")).status_code == 500
    assert [entry["outcome"] for entry in await running.ledger()] == ["incident"]


async def test_one_surplus_among_a_page_stops_the_page(running: Running) -> None:
    caller = await running.caller()
    people = [view(ANNA), view(BORYS, attributes={"gender": "female"}, provenance={}, withheld={})]
    running.neighbours.answer = lambda request: httpx.Response(200, json={"people": people, "more": False})
    response = await caller.call("GET", "/v1/persons")
    assert (response.status_code, "female" in response.text) == (500, False)


async def test_an_attribute_beside_the_fields_that_were_asked_for_is_a_surplus(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = pages(ANNA)
    assert (await caller.call("GET", "/v1/persons?fields=skills")).status_code == 500


def changes(*items: dict[str, Any], more: bool = False) -> Callable[[httpx.Request], httpx.Response]:
    page = {"changes": list(items), "position": {"phase": "log", "at": 7}, "more": more, "settled": True}
    return lambda request: httpx.Response(200, json=page)


async def test_the_feed_goes_on_where_it_stopped_and_a_tombstone_says_no_more_than_that(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = changes({"id": ANNA, "person": view(ANNA)}, {"id": BORYS, "person": None})
    body = (await caller.call("GET", "/v1/persons/changes")).json()
    name = running.app.state.parts.ids.name
    scope = Scope("purpose", "employment-agency", "job-ranking")
    assert [change["id"] for change in body["changes"]] == [name(ANNA, scope), name(BORYS, scope)]
    assert body["changes"][1] == {"id": name(BORYS, scope), "replaces": [], "person": None}
    assert asked(running)["position"] is None
    (entry,) = await running.ledger()
    assert entry["people"] == 1  # of the other one nothing was disclosed
    await caller.call("GET", f"/v1/persons/changes?since={body['cursor']}")
    assert asked(running)["position"] == {"phase": "log", "at": 7}


async def test_an_empty_page_of_the_feed_makes_no_entry(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = changes()
    assert (await caller.call("GET", "/v1/persons/changes")).json()["changes"] == []
    assert await running.ledger() == []


async def test_a_change_of_one_person_under_the_id_of_another_is_an_incident(running: Running) -> None:
    caller = await running.caller()
    running.neighbours.answer = changes({"id": ANNA, "person": view(BORYS)})
    assert (await caller.call("GET", "/v1/persons/changes")).status_code == 500


async def test_a_change_of_rulebook_ends_the_feed(running: Running) -> None:
    caller = await running.caller()
    gone = {"type": "/problems/rulebook-changed", "title": "Gone", "status": 410, "detail": "Begin again."}
    running.neighbours.answer = lambda request: httpx.Response(410, json=gone)
    response = await caller.call("GET", "/v1/persons/changes")
    assert (response.status_code, response.json()["type"]) == (410, "/problems/rulebook-changed")


async def test_a_person_sees_what_was_disclosed_of_them_with_titles_in_their_language(running: Running) -> None:
    agency, person = await running.caller(), await running.caller("self-service", uuid.UUID(ANNA))
    ids = running.app.state.parts.ids
    running.neighbours.answer = lambda request: httpx.Response(200, json=view(ANNA))
    for _ in range(2):
        await agency.call("GET", f"/v1/persons/{ids.name(ANNA, Scope('purpose', 'employment-agency', 'job-ranking'))}")
    running.neighbours.answer = pages(BORYS)
    await agency.call("GET", "/v1/persons")
    path = f"/v1/persons/{ids.name(ANNA, Scope('organisation', 'self-service', ''))}/disclosures?limit=1"
    header = {"Accept-Language": "bg"}
    first = (await person.call("GET", path, purpose="data-subject-access", headers=header)).json()
    (latest,) = first["disclosures"]
    assert latest["organisation_name"] == "Employment Agency (demo)"
    assert latest["purpose_title"] == "Целта job-ranking"
    assert (latest["operation"], latest["resource"], latest["outcome"]) == ("read", "person", "answered")
    assert latest["attributes"] == ["adult", "education_level", "skills"]
    cursor = first["next"]
    second = (await person.call("GET", f"{path}&cursor={cursor}", purpose="data-subject-access")).json()
    assert second["disclosures"][0]["decision"] != latest["decision"]


async def test_the_ledger_is_not_read_under_a_condition_that_nobody_can_check_here(running: Running) -> None:
    person = await running.caller("self-service", uuid.UUID(ANNA))
    name = running.app.state.parts.ids.name(ANNA, Scope("organisation", "self-service", ""))
    region = {"op": "overlaps", "fact": "region_path", "values": ["BG"]}
    running.neighbours.spoil_grant = lambda grant: grant.model_validate({**grant.model_dump(), "rows": region})
    response = await person.call("GET", f"/v1/persons/{name}/disclosures", purpose="data-subject-access")
    assert response.status_code == 403


async def test_a_note_of_another_organisation_stops_the_page_of_notes(running: Running) -> None:
    caller = await running.caller("reception-agency")
    name = running.app.state.parts.ids.name(ANNA, Scope("organisation", "reception-agency", ""))
    only_own = {"op": "is_in", "fact": "created_by", "values": ["reception-agency"]}
    running.neighbours.spoil_grant = lambda grant: grant.model_validate({**grant.model_dump(), "rows": only_own})
    note = {
        "id": "n1",
        "written_at": "2026-06-01T00:00:00Z",
        "acting_user": None,
        "language": None,
        "text": "canary",
        "shared_until": None,
    }

    async def notes(written_by: str) -> httpx.Response:
        body = {"notes": [{**note, "written_by": written_by}], "more": False}
        running.neighbours.answer = lambda request: httpx.Response(200, json=body)
        return await caller.call("GET", f"/v1/persons/{name}/notes", purpose="registration")

    assert (await notes("reception-agency")).json()["notes"][0]["text"] == "canary"
    refused = await notes("open-door-legal")
    assert (refused.status_code, "canary" in refused.text) == (500, False)
