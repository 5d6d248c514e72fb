"""A merge of which one database knows and the other does not: one of them was restored from a backup, or a gateway died.

The source is right: by no id is anybody read, or told of, of whom its record is not part.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.record import heads_file
from stena_local.testing import Postgres

from .house import House, standing
from .test_duplicates import HEALTH, again, dies, merge, named, seen, twice

__all__ = ["twice"]  # the fixture

LEGAL = ("open-door-legal", "legal-aid")
OWN = ("self-service", "data-subject-access")


@pytest.fixture
async def each_read(house: House, twice: tuple[str, str]) -> tuple[str, str]:
    """``twice``, of whom one organisation has read this record and another one the other."""
    this, other = twice
    for internal, (organisation, purpose) in ((this, LEGAL), (other, HEALTH)):
        caller = await house.caller(organisation)
        path = f"/v1/persons/{await named(house, internal, organisation, purpose)}"
        assert (await again(caller, "GET", path, purpose)).status_code == 200
    return twice


async def told(house: House, internal: str) -> set[str]:
    """Which organisations this record's own client learns to have read it."""
    caller = await house.caller(OWN[0], internal)
    path = f"/v1/persons/{await named(house, internal, *OWN)}/disclosures"
    answer = await again(caller, "GET", path, OWN[1])
    assert answer.status_code == 200, answer.text
    return {each["organisation"] for each in answer.json()["disclosures"] if each["operation"] == "read"} - {OWN[0]}


@asynccontextmanager
async def restored(house: House, postgres: Postgres, name: str, people: tuple[str, str], folder: Path) -> AsyncIterator[House]:
    """The deployment once more, with the database ``name`` as it was before ``people`` were merged."""
    backup, place = folder / "database.dump", folder / "place"
    await asyncio.to_thread(house.databases[name].back_up, backup)
    assert (await merge(house, *people)).status_code in (200, 201)
    database = postgres.database(name)
    await asyncio.to_thread(database.restore, backup)
    shutil.copytree(house.secrets, place)
    for file in heads_file.files(place):
        file.unlink()  # as it is told: they may be newer than the ledger that is back
    async with standing(place, {**house.databases, name: database}) as opened:
        yield opened
    database.drop()


async def test_the_source_stands_before_a_merge_of_which_the_gateway_knows(
    house: House, each_read: tuple[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    this, other = each_read
    async with restored(house, postgres, "profile", each_read, tmp_path) as back:
        assert await back.parts.merged.now(other) == this, "or nothing is shown by this"
        assert await told(back, this) == {LEGAL[0]}
        found = [await seen(back, each) for each in each_read]
        assert [each and each["id"] for each in found] == [await named(back, each, *HEALTH) for each in each_read]
        assert await told(back, other) == {HEALTH[0]}


async def test_by_an_id_that_is_noted_wrongly_nobody_is_read_whose_record_it_is_not(
    house: House, each_read: tuple[str, str]
) -> None:
    this, other = each_read
    await house.parts.merged.add(this, other, str(uuid4()))
    found = await seen(house, other)
    assert found is not None
    assert (found["id"], found["attributes"]["family_name"]["latin"]) == (await named(house, other, *HEALTH), "Chevtchenko")
    assert await house.parts.merged.now(other) == other


async def test_the_gateway_stands_before_a_merge_of_which_the_source_knows(
    house: House, each_read: tuple[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    this, _ = each_read
    async with restored(house, postgres, "gateway", each_read, tmp_path) as back:
        assert await told(back, this) == {LEGAL[0], HEALTH[0]}
        found = [await seen(back, each) for each in each_read]
        assert [each and each["id"] for each in found] == [await named(back, this, *HEALTH)] * 2


async def test_a_gateway_that_died_in_a_merge_tells_the_person_of_everybody_who_saw_either_record(
    house: House, each_read: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    this, other = each_read
    with monkeypatch.context() as killed:
        killed.setattr(house.parts.merged, "add", dies)
        assert (await merge(house, this, other)).status_code >= 500
    assert await house.parts.merged.now(other) == other, "the source has merged them, and nobody knows"
    assert await told(house, other) == {LEGAL[0], HEALTH[0]}
    assert await told(house, this) == {LEGAL[0], HEALTH[0]}
