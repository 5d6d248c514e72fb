"""Registering, amending, erasing a person."""

import asyncio
from typing import Any

import pytest

from stena.contracts.condition import Overlaps

from .people import IN_SOFIA, IN_VARNA, OLENA, amend
from .source import Service


async def test_a_registration_outside_the_rows_stores_nothing(service: Service) -> None:
    rows = Overlaps(fact="region_path", values=("BG33",))
    before = await service.sql("SELECT count(*) FROM persons")
    grant = service.grant("create", rows=rows)
    answer = await service.call("POST", "/persons", grant, {"attributes": OLENA})
    assert answer.status_code == 403
    assert await service.sql("SELECT count(*) FROM persons") == before


@pytest.mark.parametrize(
    ("attributes", "status", "kind", "pointer"),
    [
        ({"shoe_size": 42}, 400, "unknown-attribute", None),
        ({"adult": True}, 400, "malformed-request", "/attributes/adult"),
        ({"gender": "canary-value"}, 400, "malformed-request", "/attributes/gender"),
        ({"date_of_birth": "2001-02-30"}, 400, "malformed-request", "/attributes/date_of_birth"),
        (
            {"residence": {"municipality": "a\x00b", "nuts": "BG411", "settlement": "x"}},
            400,
            "malformed-request",
            "/attributes/residence",
        ),
        ({"languages": [{"language": "canary-value"}]}, 400, "malformed-request", "/attributes/languages/0/language"),
        ({"gender": "female"}, 403, "attribute-not-writable", None),
    ],
)
async def test_what_may_not_be_written_is_named_and_nothing_is_stored(
    service: Service, attributes: dict[str, Any], status: int, kind: str, pointer: str | None
) -> None:
    before = await service.sql("SELECT count(*) FROM persons")
    writable = {
        "date_of_birth": True,
        "languages": True,
        "residence": True,
        "gender": Overlaps(fact="consents", values=("registration",)),
    }
    answer = await service.call("POST", "/persons", service.grant("create", write=writable), {"attributes": attributes})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert "canary-value" not in answer.text
    if pointer:
        assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert await service.sql("SELECT count(*) FROM persons") == before


async def test_the_same_key_registers_once_even_at_the_same_moment(service: Service) -> None:
    grant = service.grant("create")
    before = await service.sql("SELECT count(*) FROM persons")
    answers = await asyncio.gather(
        *(service.call("POST", "/persons", grant, {"attributes": OLENA}, Idempotency_Key="key-1") for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await service.sql("SELECT count(*) FROM persons"))[0][0] == before[0][0] + 1
    other = await service.call("POST", "/persons", grant, {"attributes": {}}, Idempotency_Key="key-1")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")


async def test_amending_wants_the_state_that_was_read(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    grant = service.grant("amend", person)
    missing = await service.call("PATCH", f"/persons/{person}", grant, {"attributes": {"skills": []}})
    assert missing.status_code == 428
    for stale in ('"guess"', 'W/"guess"', ""):
        answer = await service.call("PATCH", f"/persons/{person}", grant, {"attributes": {"skills": []}}, If_Match=stale)
        assert answer.status_code == 412
    assert (await service.read(person))["attributes"]["skills"] == OLENA["skills"]


async def test_of_amendments_of_the_same_state_one_wins(service: Service) -> None:
    person = await service.register(OLENA)
    grant = service.grant("amend", person["id"])
    levels = range(6)
    answers = await asyncio.gather(
        *(
            service.call(
                "PATCH",
                f"/persons/{person['id']}",
                grant,
                {"attributes": {"education_level": level}},
                If_Match=f'"{person["etag"]}"',
            )
            for level in levels
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    won = next(level for level, answer in zip(levels, answers, strict=True) if answer.status_code == 200)
    assert (await service.read(person["id"]))["attributes"]["education_level"] == won


async def test_corrections_keep_what_was_said_before(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    await amend(service, person, {"gender": None, "skills": []}, organisation="employment-agency")
    seen = await service.read(person)
    assert seen["attributes"]["gender"] is None
    assert "gender" not in seen["provenance"]
    history = await service.sql(
        "SELECT attribute, value, sealed IS NOT NULL, provenance->>'by', replaced_by "
        "FROM person_history WHERE person_id = :id ORDER BY attribute",
        id=person,
    )
    assert history == [
        ("gender", None, True, "reception-agency", "employment-agency"),
        ("skills", None, True, "reception-agency", "employment-agency"),
    ]


async def test_verification_names_what_is_amended_and_travels_with_the_value(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    strange = await amend(service, person, {"skills": []}, verified=["gender"], status=400)
    assert strange["type"] == "/problems/malformed-request"
    await amend(
        service, person, {"date_of_birth": OLENA["date_of_birth"]}, verified=["date_of_birth"], organisation="employment-agency"
    )
    seen = await service.read(person, provenance="full")
    assert seen["provenance"]["date_of_birth"].items() >= {"verified": True, "by": "employment-agency"}.items()
    assert seen["provenance"]["gender"].items() >= {"verified": False, "by": "reception-agency"}.items()
    # What follows from verified values is as good as they are.
    assert seen["provenance"]["adult"]["verified"] is True
    await amend(service, person, {"date_of_birth": "1991-01-01"})
    assert (await service.read(person))["provenance"]["date_of_birth"] == {"verified": False}


async def test_amending_follows_the_write_conditions_of_the_record(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    assigned = {
        "skills": Overlaps(fact="assigned", values=("reception-agency",)),
        "gender": Overlaps(fact="assigned", values=("rila-build",)),
    }
    assert (await amend(service, person, {"skills": []}, write=assigned))["attributes"]["skills"] == []
    refused = await amend(service, person, {"skills": [], "gender": "male"}, write=assigned, status=403)
    assert (refused["type"], refused["attributes"]) == ("/problems/attribute-not-writable", ["gender"])


async def test_who_moves_away_is_shown_once_more_and_then_gone(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    moved = {"residence": IN_VARNA}
    seen = await amend(service, person, moved, rows=IN_SOFIA)
    assert seen["attributes"]["region"] == "BG331"
    answer = await service.call("GET", f"/persons/{person}", service.grant("read", person, rows=IN_SOFIA))
    assert answer.status_code == 404


async def test_a_value_moved_from_another_person_is_not_shown(service: Service) -> None:
    person, other = (await service.register(OLENA))["id"], (await service.register({**OLENA, "gender": "male"}))["id"]
    await service.sql(
        "UPDATE persons SET sealed = (SELECT sealed FROM persons WHERE person_id = :other) WHERE person_id = :id",
        id=person,
        other=other,
    )
    answer = await service.call("GET", f"/persons/{person}", service.grant("read", person))
    assert answer.status_code == 500
    assert "male" not in answer.text
    # Whoever goes through everybody would stumble over them.
    await service.sql("DELETE FROM persons WHERE person_id = :id", id=person)
