"""Opportunities over HTTP: no grant, no answer; own ones under rows; nothing half changed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from matching_svc.eligibility import is_second_person, stands, unapproved
from matching_svc.esco.shipped import shipped
from matching_svc.opportunities import faults
from matching_svc.routes import approvals, opportunities, ranking
from matching_svc.store import retention
from matching_svc.vocabulary import of_edition
from stena.contracts.eligibility import Acted, Approval
from stena.contracts.matching import NewOpportunity

SKILL = "http://data.europa.eu/esco/skill/00b9a3aa-7070-4bb5-8020-f228a97cf42f"
BAKER = {"kind": "job", "title": "Baker", "essential_skills": [SKILL], "region": "BG411", "municipality": "Sofia"}
WOMEN = {"attribute": "gender", "operator": "eq", "value": "female"}
OWN = {"op": "is_in", "fact": "created_by", "values": ["vitosha-bakery"]}


ROUTES = [
    (method, route.path)
    for route in (*opportunities.router.routes, *ranking.router.routes, *approvals.router.routes)
    if isinstance(route, APIRoute)
    for method in route.methods or ()
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_grant_nothing_is_answered(service: Any, method: str, path: str) -> None:
    response = await service.http.request(method, path.format(opportunity_id="opp_1", approval_id="eli_1"), json={})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "changed",
    [
        {"operation": "list"},
        {"target": "opp_other"},
        {"target": None},
        {"aud": "profile-svc"},
        {"resource": "person"},
        {"exp": 1_700_000_060, "iat": 1_700_000_000},
    ],
)
async def test_a_grant_for_another_call_is_refused(service: Any, changed: dict[str, Any]) -> None:
    made = await service.create(BAKER)
    said = {"operation": "read", "target": made["id"]} | changed
    token = service.grant(said.pop("operation"), said.pop("target"), **said)
    response = await service.http.get(f"/opportunities/{made['id']}", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401


async def test_an_opportunity_lives(service: Any) -> None:
    made = await service.create({**BAKER, "description": "Ранна смяна", "starts_on": "2027-01-10"})
    id_, path = made["id"], f"/opportunities/{made['id']}"
    assert (made["owner"], made["state"], made["capacity"]) == ("vitosha-bakery", "open", 1)
    assert (await service.call("GET", path, "read", id_)).json() == made

    patch = {"capacity": 3, "description": None}
    amended = await service.call("PATCH", path, "amend", id_, json=patch, headers={"If-Match": made["etag"]})
    assert amended.status_code == 200
    assert (amended.json()["capacity"], amended.json()["description"], amended.json()["title"]) == (3, "", "Baker")
    assert amended.json()["etag"] != made["etag"]
    assert amended.json()["updated_at"] > made["updated_at"]

    for _ in range(2):
        assert (await service.call("DELETE", path, "close", id_)).status_code == 204
    assert (await service.call("GET", path, "read", id_)).json()["state"] == "closed"
    late = await service.call("PATCH", path, "amend", id_, json={"capacity": 9}, headers={"If-Match": "*"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/opportunity-closed")


async def test_a_change_wants_the_version_that_it_changes(service: Any) -> None:
    made = await service.create(BAKER)
    path = f"/opportunities/{made['id']}"
    assert (await service.call("PATCH", path, "amend", made["id"], json={"capacity": 2})).status_code == 428
    for wrong in ('"999"', "W/" + made["etag"], "1"):
        response = await service.call("PATCH", path, "amend", made["id"], json={"capacity": 2}, headers={"If-Match": wrong})
        assert response.status_code == 412
    both = await asyncio.gather(
        *(
            service.call("PATCH", path, "amend", made["id"], json={"capacity": n}, headers={"If-Match": made["etag"]})
            for n in (2, 3)
        )
    )
    assert sorted(response.status_code for response in both) == [200, 412]


async def test_rows_hide_what_is_not_the_callers(service: Any) -> None:
    made = await service.create(BAKER)
    path, id_ = f"/opportunities/{made['id']}", made["id"]
    foreign = {"organisation": "rila-build", "rows": {**OWN, "values": ["rila-build"]}}
    absent = await service.call("GET", "/opportunities/opp_none", "read", "opp_none", **foreign)
    hidden = [
        await service.call("GET", path, "read", id_, **foreign),
        await service.call("PATCH", path, "amend", id_, json={"capacity": 2}, headers={"If-Match": made["etag"]}, **foreign),
        await service.call("DELETE", path, "close", id_, **foreign),
        await service.call("POST", path + "/candidates", "match", id_, json={"attributes": []}, **foreign),
    ]
    assert {response.status_code for response in hidden} == {404}
    assert {k: v for k, v in hidden[0].json().items() if k != "instance"} == {
        k: v for k, v in absent.json().items() if k != "instance"
    }
    listed = await service.call("POST", "/opportunities/search", "list", json={}, **foreign)
    assert id_ not in {found["id"] for found in listed.json()["opportunities"]}
    assert (await service.call("GET", path, "read", id_, rows=OWN)).status_code == 200
    assert (await service.call("GET", path, "read", id_, rows=False)).status_code == 404


async def test_a_condition_that_cannot_be_enforced_opens_nothing(service: Any) -> None:
    made = await service.create(BAKER)
    rows = {"op": "any", "of": [OWN, {"op": "is_in", "fact": "restricted", "values": [False]}]}
    assert (await service.call("GET", f"/opportunities/{made['id']}", "read", made["id"], rows=rows)).status_code == 401


async def test_nothing_is_created_outside_the_rows(service: Any) -> None:
    before = await _count(service)
    response = await service.call("POST", "/opportunities", "create", json=BAKER, rows={**OWN, "values": ["somebody-else"]})
    assert response.status_code == 403
    assert await _count(service) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occupation": "baker"}, "/occupation"),
        ({"occupation": SKILL}, "/occupation"),
        ({"essential_skills": [SKILL, SKILL + "0"]}, "/essential_skills/1"),
        ({"optional_skills": ["https://example.org/esco/skill/1"]}, "/optional_skills/0"),
        ({"starts_on": "2027-02-01", "ends_on": "2027-01-31"}, "/ends_on"),
        ({"title": "a\0b"}, "/title"),
        ({"title": None}, "/title"),
        ({"capacity": 0}, "/capacity"),
        ({"kind": "slavery"}, "/kind"),
        ({"owner": "rila-build"}, "/owner"),
        ({"languages": [{"language": "bul", "level": "D1"}]}, "/languages/0/level"),
        ({"starts_on": "1926-11-21"}, "/starts_on"),
        ({"ends_on": "2999-01-01"}, "/ends_on"),
        ({"apply_until": "0001-01-01"}, "/apply_until"),
        ({"starts_on": "2027-02-30"}, "/starts_on"),
        ({"ends_on": "2027-03-01", "apply_until": "2027-03-02"}, "/apply_until"),
        ({"capacity": 2, "filled": 3}, "/filled"),
        ({"filled": -1}, "/filled"),
        ({"licences": ["B", "Z"]}, "/licences/1"),
        ({"regulated": ""}, "/regulated"),
        ({"eligibility": [{"attribute": "gender", "operator": "eq", "value": "female"}]}, "/eligibility/0/approval"),
        ({"eligibility": [{**WOMEN, "approval": "eli_of_nobody"}]}, "/eligibility/0/approval"),
        ({"eligibility": [{**WOMEN, "legal_basis": "x"}]}, "/eligibility/0/legal_basis"),
        ({"eligibility": [{"attribute": "region", "operator": "eq", "value": "Sofia"}]}, "/eligibility/0/value"),
        ({"eligibility": [{"attribute": "region", "operator": "in", "value": []}]}, "/eligibility/0/value"),
        ({"eligibility": [{"attribute": "region", "operator": "le", "value": "BG"}]}, "/eligibility/0/operator"),
        ({"eligibility": [{"attribute": "of_working_age", "operator": "eq", "value": False}]}, "/eligibility/0/value"),
        ({"eligibility": [{"attribute": "education_level", "operator": "ge", "value": True}]}, "/eligibility/0/value"),
        ({"eligibility": [{"attribute": "education_level", "operator": "ge", "value": 9}]}, "/eligibility/0/value"),
        ({"eligibility": [{"attribute": "right_to_work", "operator": "eq", "value": "limited"}]}, "/eligibility/0/value"),
    ],
)
async def test_a_fault_is_named_and_nothing_is_stored(service: Any, change: dict[str, Any], field: str) -> None:
    before = await _count(service)
    new = {name: value for name, value in {**BAKER, **change}.items() if value is not None}
    refused = await service.call("POST", "/opportunities", "create", json=new)
    assert refused.status_code == 400
    assert field in {fault["pointer"] for fault in refused.json()["errors"]}
    assert await _count(service) == before

    made = await service.create(BAKER)
    path = f"/opportunities/{made['id']}"
    refused = await service.call("PATCH", path, "amend", made["id"], json=change, headers={"If-Match": "*"})
    assert refused.status_code == 400
    assert field in {fault["pointer"] for fault in refused.json()["errors"]}
    assert (await service.call("GET", path, "read", made["id"])).json() == made


async def test_half_a_character_is_refused(service: Any) -> None:
    headers = {"Authorization": f"Bearer {service.grant('create')}", "Content-Type": "application/json"}
    body = b'{"kind": "job", "title": "\\ud800"}'
    assert (await service.http.post("/opportunities", content=body, headers=headers)).status_code == 400


async def test_a_repeated_create_makes_one(service: Any) -> None:
    headers = {"Idempotency-Key": "k-1"}
    many = await asyncio.gather(
        *(service.call("POST", "/opportunities", "create", json=BAKER, headers=headers) for _ in range(5))
    )
    assert sorted(response.status_code for response in many) == [200, 200, 200, 200, 201]
    assert len({response.json()["id"] for response in many}) == 1
    other = await service.call("POST", "/opportunities", "create", json={**BAKER, "capacity": 2}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")
    foreign = await service.call(
        "POST", "/opportunities", "create", json={**BAKER, "capacity": 2}, headers=headers, organisation="rila-build"
    )
    assert foreign.status_code == 201


async def test_a_key_is_remembered_for_a_week(service: Any) -> None:
    async def made() -> tuple[int, str]:
        response = await service.call("POST", "/opportunities", "create", json=BAKER, headers={"Idempotency-Key": "k-week"})
        return response.status_code, response.json()["id"]

    _, first = await made()
    for days, wanted in ((7, 200), (8, 201)):
        async with service.parts.database.begin() as connection:
            await retention.forget(connection, datetime.now(UTC).date() + timedelta(days=days))
        status, found = await made()
        assert (status, found == first) == (wanted, wanted == 200)


async def test_a_page_says_whether_there_is_more(service: Any) -> None:
    mine = {"organisation": "language-house"}
    made = [(await service.create({**BAKER, "kind": kind}, **mine))["id"] for kind in ("training", "job", "training")]
    await service.call("DELETE", f"/opportunities/{made[0]}", "close", made[0], **mine)

    async def search(**query: Any) -> tuple[list[str], bool]:
        page = (await service.call("POST", "/opportunities/search", "list", json=query, **mine)).json()
        return [found["id"] for found in page["opportunities"]], page["more"]

    assert await search(own=True, limit=2) == ([made[2], made[1]], True)
    assert await search(own=True, limit=2, after=made[1]) == ([made[0]], False)
    assert await search(own=True, kind="training") == ([made[2], made[0]], False)
    assert made[0] not in (await search(kind="training"))[0]
    assert made[1] in (await search(region="BG41"))[0]
    assert (await search(region="BG341"))[0] == []


async def test_the_runtime_role_can_delete_no_opportunity(service: Any) -> None:
    for forbidden in ("DELETE FROM opportunities", "UPDATE idempotency SET key = 'x'", "DROP TABLE features"):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            async with service.parts.database.begin() as connection:
                await connection.execute(text(forbidden))


async def _count(service: Any) -> int:
    async with service.parts.database.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM opportunities"))).scalar_one())


def test_an_edition_that_was_imported_says_which_concepts_there_are() -> None:
    """The small set that ships does not: it is an extract."""
    known = of_edition(shipped())
    real = NewOpportunity(kind="job", title="t", occupation=known.uris[0], essential_skills=(known.skill_uri(0),))
    invented = NewOpportunity(
        kind="job",
        title="t",
        occupation=known.uris[0][:-4] + "0000",
        essential_skills=(known.skill_uri(0), SKILL[:-4] + "0000"),
    )
    assert faults(real, known) == faults(real, None) == faults(invented, None) == []
    assert [place for place, _ in faults(invented, known)] == [("occupation",), ("essential_skills", 1)]
    swapped = NewOpportunity(kind="job", title="t", optional_skills=(known.uris[0],))
    assert [place for place, _ in faults(swapped, known)] == [("optional_skills", 0)]


DAY = date(2027, 3, 1)


def approval(**changes: Any) -> Approval:
    whole = {**WOMEN, "legal_basis": "Act, Article 1", "reason": "a reason that is long enough", "expires_on": DAY}
    made = {"id": "eli_1", "owner": "o", "proposed_by": "Ivanova", "proposed_at": datetime(2027, 1, 1, tzinfo=UTC)}
    approved = Acted(organisation="o", acting_user="Petrova", at=datetime(2027, 1, 2, tzinfo=UTC))
    return Approval.model_validate({**whole, **made, "approved": approved, **changes})


@pytest.mark.parametrize(
    ("changes", "day", "asked"),
    [
        ({}, DAY, True),
        ({}, DAY + timedelta(days=1), False),  # the last day was yesterday
        ({"approved": None}, DAY, False),
        ({"withdrawn": Acted(organisation="privacy-office", acting_user="x", at=datetime(2027, 2, 1, tzinfo=UTC))}, DAY, False),
        ({"owner": "another"}, DAY, False),
        ({"value": "male"}, DAY, False),
    ],
)
def test_a_condition_is_asked_while_its_approval_lives(changes: dict[str, Any], day: date, asked: bool) -> None:
    condition = {**WOMEN, "approval": "eli_1"}
    offer = NewOpportunity.model_validate({"kind": "training", "title": "t", "eligibility": [condition]})
    known = {"eli_1": approval(**changes)}
    assert (stands(offer, "o", known, day), not unapproved(offer, "o", known, day)) == (asked, asked)


@pytest.mark.parametrize(
    ("organisation", "user", "second"),
    [("o", "Petrova", True), ("o", "Ivanova", False), ("o", " IVANOVA", False), ("privacy-office", "Ivanova", True)],
)
def test_a_second_person_is_another_one(organisation: str, user: str, second: bool) -> None:
    assert is_second_person(approval(approved=None), organisation, user) is second
