"""Erasure through the wall: refused while the law wants the record, and then nothing is left of the person anywhere."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway import erasures
from profile_svc import retaining
from stena.erasure_journal import START
from stena_local.testing import Database, Postgres

from .house import PROFILE, House, put
from .people import line
from .test_records import GIVEN
from .test_refusals import RECORD

OWN = ("self-service", "data-subject-access")
AUTHORITY = RECORD | {"assigned": ["reception-agency", "bread-and-bridges"]}
FREE = RECORD | {"assigned": ["bread-and-bridges"], "consents": []}
SETTLED = {"procedure_stage": {"stage": "closed", "registered_on": "2024-01-01", "accelerated": False}}


async def somebody(house: House, name: str, record: Mapping[str, Any] = FREE, **values: Any) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    return (await put(house, line(catalogue, name, record, **{**SETTLED, **values})))[0]


async def ask(house: House, who: tuple[str, str], method: str, path: str, internal: str, status: int, **sent: Any) -> Any:
    organisation, purpose = who
    caller = await house.caller(organisation, internal if organisation == "self-service" else None)
    named = await house.pairwise(internal, organisation, purpose)
    answer = await caller(method, f"/v1/persons/{named}{path}", purpose, **sent)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def sql(database: Database, statement: str, **parameters: Any) -> None:
    engine = create_async_engine(database.owner_url)
    async with engine.begin() as connection:
        await connection.execute(text(statement), parameters)
    await engine.dispose()


async def until_gone(databases: Mapping[str, Database], values: Mapping[str, str]) -> dict[str, list[str]]:
    """What is found of ``values`` in which database, once the matcher and the gateway have heard of the erasure."""
    deadline = time.monotonic() + 30
    while True:
        await asyncio.sleep(0.5)
        # In threads: the services run in this one.
        found = {name: held(await asyncio.to_thread(database.dump), values) for name, database in databases.items()}
        if not any(found.values()) or time.monotonic() > deadline:
            return found


def held(dump: str, values: Mapping[str, str]) -> list[str]:
    return [name for name, value in values.items() if value in dump]


async def test_of_who_is_erased_nothing_is_left_in_any_database_nor_in_a_backup_of_the_gateways(
    house: House, databases: Mapping[str, Database], postgres: Postgres
) -> None:
    person = await somebody(house, "erased-1", residence={"municipality": "Canary-town", "nuts": "BG412", "settlement": "x"})
    await ask(house, ("reception-agency", "consent-management"), "PUT", "/consents/job-ranking", person, 200, json=GIVEN)
    note = {"text": "canary of a note"}
    await ask(house, ("bread-and-bridges", "case-continuity"), "POST", "/notes", person, 201, json=note)
    await ask(house, ("employment-agency", "job-ranking"), "GET", "/matches?kind=job", person, 200)
    broken = {"Access-Justification": "Found unconscious, medication must be known", "Acting-User": "officer"}
    await ask(house, ("emergency-desk", "vital-interest"), "GET", "", person, 200, headers=broken)
    values = {"internal id": person, "municipality": "Canary-town"}
    for organisation, purpose in (("stena-matching", "job-ranking"), ("employment-agency", "job-ranking"), OWN):
        values[f"id of {organisation}"] = await house.pairwise(person, organisation, purpose)
    assert "id of stena-matching" in held(await asyncio.to_thread(databases["matching"].dump), values)
    assert held(databases["gateway"].dump(), values) == ["internal id"]
    assert held(databases["profile"].dump(), values) == ["internal id", "municipality"]
    backup = databases["gateway"].dump()

    await ask(house, OWN, "DELETE", "", person, 204)
    assert await until_gone(databases, values) == {name: [] for name in databases}
    await ask(house, ("bread-and-bridges", "case-continuity"), "GET", "", person, 404)

    restored = postgres.database("gateway")
    restored.load(backup)
    engine = create_async_engine(restored.app_url)
    journal = erasures.journal_of(house_settings(house))
    assert journal is not None
    await erasures.follow(engine, journal, START)
    await engine.dispose()
    assert held(restored.dump(), values) == []
    restored.drop()


def house_settings(house: House) -> Any:
    """As far as the journal goes."""
    vault = house.apps[PROFILE].state.vault
    folder = vault.journal.path.parent

    class Told:
        erasure_journal_dir = folder
        journal_key_file = folder / "journal-key"

    return Told()


async def test_what_the_law_wants_kept_is_not_erased_and_the_person_reads_why(house: House) -> None:
    person = await somebody(house, "kept-1", AUTHORITY)
    refused = await ask(house, OWN, "DELETE", "", person, 409)
    assert refused["type"].endswith("/problems/erasure-refused")
    assert [duty["duty"] for duty in refused["duties"]] == ["open-case"]
    told = await ask(house, OWN, "GET", "/retention", person, 200, headers={"Accept-Language": "uk"})
    assert told["duties"] == [
        {"duty": "open-case", "title": "Орган влади веде відкриту справу", "law": "GDPR Art 17(3)(b)", "until": None}
    ]
    assert told["kept"][0] == {
        "because": "case",
        "purpose": "case-continuity",
        "title": told["kept"][0]["title"],
        "until": None,
    }
    assert told["ends_at"] is None

    cases = (await ask(house, ("reception-agency", "case-continuity"), "GET", "/cases", person, 200))["cases"]
    await ask(house, ("reception-agency", "case-continuity"), "POST", f"/cases/{cases[0]['id']}/close", person, 200)
    assert (await ask(house, OWN, "GET", "/retention", person, 200))["duties"] == []
    await ask(house, OWN, "DELETE", "", person, 204)


async def test_whose_record_ends_is_told_by_whoever_registered_them(house: House, databases: Mapping[str, Database]) -> None:
    person = await somebody(house, "ending-1", FREE | {"assigned": []}, legal_status=None)
    long_ago = datetime.now(UTC) - timedelta(days=4000)
    profile = databases["profile"]
    await sql(profile, "UPDATE persons SET updated_at = :at WHERE person_id = :id", at=long_ago, id=UUID(person))
    state = house.apps[PROFILE].state
    keeping = (await state.policy.attributes()).keeping
    done = await retaining.run(state.vault, keeping, datetime.now(UTC), lambda number: None, dry_run=False)
    assert done.told == 1

    agency = await house.caller("reception-agency")
    page = (await agency("GET", "/v1/retention-notices", "registration")).json()
    named = await house.pairwise(person, "reception-agency", "registration")
    assert [(each["person"], each["erased_from"][:10]) for each in page["notices"]] == [
        (named, (datetime.now(UTC) + timedelta(days=30)).date().isoformat())
    ]
    assert (await ask(house, OWN, "GET", "/retention", person, 200))["notice"]["erased_from"] == page["notices"][0][
        "erased_from"
    ]
    other = await house.caller("bread-and-bridges")
    assert (await other("GET", "/v1/retention-notices", "registration")).json() == {"notices": [], "next": None}
