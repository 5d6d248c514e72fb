"""A deployment whose disk was lost, back from backups of before somebody was erased: the journal is all that knows of it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.record import heads_file
from stena_local.testing import Database, Postgres

from .house import House, standing
from .test_erasure import OWN, held, somebody, until_gone
from .test_records import GIVEN

READERS = (
    ("bread-and-bridges", "case-continuity"),
    ("employment-agency", "job-ranking"),
    ("danube-health", "health-access"),
    ("emergency-desk", "vital-interest"),
    ("reception-agency", "registration"),
    OWN,
)
"""The last is a client that speaks for the person, registered anew: the one of before is gone with them."""
BROKEN = {"Access-Justification": "Found unconscious, medication must be known", "Acting-User": "officer"}


@pytest.fixture
async def restored(
    house: House, databases: Mapping[str, Database], postgres: Postgres, tmp_path: Path
) -> AsyncIterator[tuple[House, Mapping[str, Database], str, str, Mapping[str, str]]]:
    """Everything as it was before ``gone`` was erased, with ``stays`` beside them; but the journal is the newest."""
    gone = await somebody(house, "gone", residence={"municipality": "Canary-town", "nuts": "BG412", "settlement": "x"})
    stays = await somebody(house, "stays", residence={"municipality": "Sofia", "nuts": "BG411", "settlement": "x"})
    for person in (gone, stays):
        await ask(house, ("reception-agency", "consent-management"), "PUT", "/consents/job-ranking", person, 200, json=GIVEN)
        note = {"text": f"a note of {'canary' if person == gone else 'somebody'}"}
        await ask(house, ("bread-and-bridges", "case-continuity"), "POST", "/notes", person, 201, json=note)
        await ask(house, ("employment-agency", "job-ranking"), "GET", "/matches?kind=job", person, 200)
        await ask(house, OWN, "GET", "", person, 200)
    values = {"internal id": gone, "municipality": "Canary-town"}
    values["id of the matcher"] = await house.pairwise(gone, "stena-matching", "job-ranking")
    backups = {name: tmp_path / f"{name}.dump" for name in databases}
    for name, database in databases.items():
        await asyncio.to_thread(database.back_up, backups[name])
    # Asked again by a client that is gone with whom it spoke for, where the first answer was late.
    await ask(house, OWN, "DELETE", "", gone, 204, 401)

    back = {name: postgres.database(name) for name in databases}
    for name, database in back.items():
        await asyncio.to_thread(database.restore, backups[name])
    found = {name: held(await asyncio.to_thread(database.dump), values) for name, database in back.items()}
    assert all(found[name] for name in ("gateway", "profile", "profile_keys", "matching")), "or nothing is shown by this"
    place = shutil.copytree(house.secrets, tmp_path / "place")
    for file in heads_file.files(place):
        file.unlink()  # as it is told: they are newer than the ledger that is back
    async with standing(place, back) as opened:
        yield opened, back, gone, stays, values
    for database in back.values():
        database.drop()


async def test_who_was_erased_since_the_backup_is_read_by_nobody_and_in_no_table(
    restored: tuple[House, Mapping[str, Database], str, str, Mapping[str, str]],
) -> None:
    house, databases, gone, stays, values = restored
    # Before anybody asks: a call about somebody who is not there is written down with its id.
    assert await until_gone(databases, values) == {name: [] for name in databases}
    for reader in READERS:
        headers = BROKEN if reader[1] == "vital-interest" else {}
        path = "/consents" if reader[1] == "case-continuity" else ""
        await ask(house, reader, "GET", path, gone, 404 if path == "" else 403, headers=headers)
    for reader in (("employment-agency", "job-ranking"), OWN):
        await ask(house, reader, "GET", "", stays, 200)
    listed = await (await house.caller("employment-agency")).patiently("/v1/persons?limit=100", "job-ranking")
    assert [each["id"] for each in listed.json()["people"]] == [await house.pairwise(stays, "employment-agency", "job-ranking")]


async def ask(house: House, who: tuple[str, str], method: str, path: str, internal: str, *expected: int, **sent: Any) -> None:
    """A machine that is busy may be late, which is a 503: it is asked again."""
    organisation, purpose = who
    caller = await house.caller(organisation, internal if organisation == "self-service" else None)
    named = await house.pairwise(internal, organisation, purpose)
    for _ in range(20):
        answer = await caller(method, f"/v1/persons/{named}{path}", purpose, **sent)
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.2)
    assert answer.status_code in expected, answer.text
