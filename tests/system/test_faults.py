"""Something that an answer depends on fails: nothing leaves, and the ledger tells of it."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from .house import POLICY, PROFILE, House, put
from .people import line
from .test_refusals import RECORD


@pytest.fixture
async def path(house: House) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    internal = (await put(house, line(catalogue, "faults", RECORD)))[0]
    return f"/v1/persons/{await house.pairwise(internal, 'employment-agency', 'job-ranking')}"


async def newest_entry(house: House) -> dict[str, Any]:
    """The agency's; matching-svc follows its feeds at the same time."""
    query = "SELECT * FROM ledger WHERE organisation = 'employment-agency' ORDER BY entry_id DESC LIMIT 1"
    async with house.parts.ledger._reading.connect() as connection:
        row = (await connection.execute(text(query))).one()
    return dict(row._mapping)


async def test_without_a_decision_there_is_no_answer(house: House, path: str) -> None:
    agency = await house.caller("employment-agency")
    house.board.cut.add(POLICY)
    try:
        begun = time.monotonic()
        answer = await agency("GET", path, "job-ranking")
        took = time.monotonic() - begun
    finally:
        house.board.cut.clear()
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert took < 2, "a second, and one more for a busy machine"
    entry = await newest_entry(house)
    assert (entry["outcome"], entry["organisation"], entry["purpose"]) == ("undecided", "employment-agency", "job-ranking")
    assert (await agency("GET", path, "job-ranking")).status_code == 200


async def test_without_a_record_there_is_no_answer(house: House, path: str) -> None:
    agency = await house.caller("employment-agency")
    assert (await agency("GET", path, "job-ranking")).status_code == 200
    engine = create_async_engine(house.databases["gateway"].owner_url)
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE"))
        begun = time.monotonic()
        answer = await agency("GET", path, "job-ranking")
        took = time.monotonic() - begun
    await engine.dispose()
    assert (answer.status_code, "attributes" in answer.json()) == (503, False)
    assert took < 3, "it gives up after 0.8 s; the rest is for a busy machine"


@pytest.mark.parametrize("surplus", ["attributes", "withheld", "provenance"])
async def test_a_surplus_from_the_source_is_an_incident(house: House, path: str, surplus: str) -> None:
    agency = await house.caller("employment-agency")

    def tamper(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.host != httpx.URL(PROFILE).host or response.status_code != 200:
            return response
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return httpx.Response(200, stream=Changed(response, surplus))

    house.board.tamper = tamper
    try:
        answer = await agency("GET", path, "job-ranking")
    finally:
        house.board.tamper = None
    assert answer.status_code == 500, answer.text
    assert "canary" not in answer.text
    assert "skills" not in answer.text
    entry = await newest_entry(house)
    assert (entry["outcome"], entry["reason"]) == ("incident", "surplus")


class Changed(httpx.AsyncByteStream):
    """A person of profile-svc with something that the grant does not name."""

    def __init__(self, response: httpx.Response, member: str) -> None:
        self.response, self.member = response, member

    async def __aiter__(self) -> AsyncIterator[bytes]:
        person = orjson.loads(await self.response.aread())
        added = {"attributes": "canary", "withheld": "not-necessary", "provenance": {"verified": True, "by": None, "at": None}}
        person[self.member]["gender" if self.member != "withheld" else "skills"] = added[self.member]
        yield orjson.dumps(person)


async def test_an_answer_stands_in_the_ledger_before_it_leaves(house: House, path: str) -> None:
    agency = await house.caller("employment-agency")
    answer = await agency("GET", path, "job-ranking", headers={"Case-Reference": "case-7", "Acting-User": "officer-3"})
    entry = await newest_entry(house)
    assert entry["decision"] == answer.json()["disclosure"]["decision"]
    assert (entry["outcome"], entry["case_reference"], entry["acting_user"]) == ("answered", "case-7", "officer-3")
    assert sorted(entry["attributes"]) == sorted(answer.json()["attributes"])
    assert entry["rulebook"] == answer.json()["disclosure"]["rulebook"]
    assert not set(map(str, entry.values())) & {"Олена", "female"}


async def test_the_ledgers_role_can_neither_change_nor_remove(house: House) -> None:
    for statement in ("UPDATE ledger SET purpose = 'x'", "DELETE FROM ledger", "TRUNCATE ledger", "DELETE FROM ledger_people"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with house.parts.ledger._reading.begin() as connection:
                await connection.execute(text(statement))
