"""Row 20: no decision, no answer; no record, no answer. Whatever is slow, gone or talks rubbish, nothing leaves, and soon."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from stena_local.testing import Database, Postgres
from tests.system.house import MATCHING, PROFILE, Caller, House, migrated, put, standing
from tests.system.people import line
from tests.system.test_refusals import RECORD

from .hostile.faults import FAULTS, SHAPES, Line, answering, exhausted
from .hostile.patience import in_the_end
from .target import CATALOGUE

CANARY = "canary.of.faults@example.org"
BUSY = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # seconds more on a machine that does many things at once
SOON = 1.0 + BUSY
SILENT = SOON + 2.0
"""Where a database is silent, giving up waits here, in one process, for the database's driver to give up too."""


@dataclass(frozen=True)
class Faulty:
    """A house of its own whose databases stand at the end of lines that can be cut."""

    house: House
    lines: Mapping[str, Line]
    calls: Mapping[str, tuple[Caller, str, str, str | None, dict[str, Any]]]

    async def ask(self, name: str) -> tuple[httpx.Response, float]:
        caller, method, path, purpose, options = self.calls[name]
        begun = time.monotonic()
        answer = await caller(method, path, purpose, **options)
        return answer, time.monotonic() - begun

    async def ask_all(self, *names: str) -> dict[str, tuple[httpx.Response, float]]:
        wanted = names or tuple(self.calls)
        return dict(zip(wanted, await asyncio.gather(*map(self.ask, wanted)), strict=True))

    async def told(self) -> int:
        """How many entries of the ledger say that something left or was done."""
        query = "SELECT count(*) FROM ledger WHERE organisation <> 'stena-matching' AND outcome IN ('answered', 'done')"
        async with self.house.parts.ledger._reading.connect() as connection:
            return int(await connection.scalar(text(query)) or 0)

    async def notes(self) -> int:
        async with self.house.apps[PROFILE].state.vault.people.connect() as connection:
            return int(await connection.scalar(text("SELECT count(*) FROM notes")) or 0)


@pytest.fixture(scope="module")
def of_its_own(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="module")
async def faulty(of_its_own: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Faulty]:
    async with AsyncExitStack() as stack:
        lines, databases = {}, {}
        for name, database in of_its_own.items():
            lines[name] = await stack.enter_async_context(Line(database.app_url.port or 0).laid())
            databases[name] = replace(database, app_url=database.app_url.set(host="127.0.0.1", port=lines[name].port))
        house = await stack.enter_async_context(standing(tmp_path_factory.mktemp("faults"), databases))
        faulty = Faulty(house, lines, await calls(house))
        await until_all_well(faulty)
        yield faulty


async def calls(house: House) -> dict[str, tuple[Caller, str, str, str | None, dict[str, Any]]]:
    """One call of each kind, all of which are answered while nothing is broken."""
    record = RECORD | {"assigned": ["employment-agency", "reception-agency"], "consents": ["job-ranking"]}
    (internal,) = await put(house, line(CATALOGUE, "faults", record, email=CANARY))
    agency, care = await house.caller("employment-agency"), await house.caller("reception-agency")
    bakery = await house.caller("vitosha-bakery")
    job = {"kind": "job", "title": "Baker", "region": "BG411"}
    made = await in_the_end(lambda: bakery("POST", "/v1/opportunities", "opportunity-management", json=job))
    person = f"/v1/persons/{await house.pairwise(internal, 'employment-agency', 'job-ranking')}"
    ours = f"/v1/persons/{await house.pairwise(internal, 'reception-agency', 'case-continuity')}"
    return {
        "purposes": (agency, "GET", "/v1/purposes", None, {}),
        "read": (agency, "GET", person, "job-ranking", {}),
        "list": (agency, "GET", "/v1/persons?limit=5", "job-ranking", {}),
        "search": (agency, "POST", "/v1/persons/search", "job-ranking", {"json": {"limit": 5}}),
        "changes": (agency, "GET", "/v1/persons/changes?limit=5", "job-ranking", {}),
        "matches": (agency, "GET", f"{person}/matches?kind=job", "job-ranking", {}),
        "consents": (care, "GET", f"{ours}/consents", "consent-management", {}),
        "notes": (care, "GET", f"{ours}/notes", "case-continuity", {}),
        "note": (care, "POST", f"{ours}/notes", "case-continuity", {"json": {"text": "Came today."}}),
        "opportunities": (bakery, "GET", "/v1/opportunities?own=true", "opportunity-management", {}),
        "candidates": (bakery, "GET", f"/v1/opportunities/{made.json()['id']}/candidates", "anonymous-shortlist", {}),
    }


OF_PROFILE = {"read", "list", "search", "changes", "consents", "notes", "note", "matches", "candidates"}
OF_MATCHING = {"matches", "opportunities", "candidates"}
DECIDED = {"read", "list", "search", "changes", "matches", "consents", "notes", "note", "opportunities", "candidates"}


async def until_all_well(faulty: Faulty) -> dict[str, httpx.Response]:
    """What all are answered then."""
    for _ in range(100):
        answers = await faulty.ask_all()
        if all(answer.is_success for answer, _ in answers.values()):
            return {name: answer for name, (answer, _) in answers.items()}
        await asyncio.sleep(0.2)
    raise AssertionError({name: answer.text for name, (answer, _) in answers.items() if not answer.is_success})


def assert_nothing_left(name: str, answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in (statuses or (503,)), (name, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code != 503 or int(answer.headers["retry-after"]) >= 1
    for secret in (CANARY, "a secret of the inside", "evil.example", "asyncpg", "Traceback"):
        assert secret not in answer.text


async def refused_by(faulty: Faulty, names: set[str], limit: float, *statuses: int) -> None:
    """Each of the calls is refused, soon, and neither told of as answered nor done."""
    for name, (answer, took) in (await faulty.ask_all(*sorted(names))).items():
        assert_nothing_left(name, answer, *statuses)
        assert took < limit, (name, took)


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_a_decision_there_is_no_answer(faulty: Faulty, fault: str) -> None:
    told, notes = await faulty.told(), await faulty.notes()
    with answering(faulty.house.board, "policy.test", FAULTS[fault]):
        await refused_by(faulty, DECIDED, SOON)
    assert (await faulty.told(), await faulty.notes()) == (told, notes)
    await until_all_well(faulty)


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_answer_that_is_no_decision_is_none(faulty: Faulty, shape: str) -> None:
    with answering(faulty.house.board, "policy.test", SHAPES[shape]):
        await refused_by(faulty, DECIDED, SOON)


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_the_source_there_is_no_answer(faulty: Faulty, fault: str) -> None:
    told = await faulty.told()
    with answering(faulty.house.board, "profile.test", FAULTS[fault]):
        await refused_by(faulty, OF_PROFILE - {"candidates"}, SOON)
    with answering(faulty.house.board, "matching.test", FAULTS[fault]):
        await refused_by(faulty, OF_MATCHING, SOON)
    assert await faulty.told() == told
    await until_all_well(faulty)


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_answer_of_another_shape_is_an_incident(faulty: Faulty, shape: str) -> None:
    for host, names in (("profile.test", OF_PROFILE - {"candidates"}), ("matching.test", OF_MATCHING)):
        with answering(faulty.house.board, host, SHAPES[shape]):
            await refused_by(faulty, names, SOON, 500, 503)


@pytest.mark.parametrize("how", ["cut", "silent"])
async def test_without_the_ledger_there_is_no_answer(faulty: Faulty, how: str) -> None:
    notes = await faulty.notes()
    with broken(faulty.lines["gateway"], how):
        await refused_by(faulty, DECIDED, SILENT if how == "silent" else SOON)
        # Once the clients in memory have grown old, nobody is known either.
        await asyncio.sleep(1.2)
        await refused_by(faulty, set(faulty.calls), SILENT if how == "silent" else SOON)
    assert await faulty.notes() == notes
    await until_all_well(faulty)


@pytest.mark.parametrize("how", ["cut", "silent"])
async def test_without_the_people_there_is_no_answer(faulty: Faulty, how: str) -> None:
    told = await faulty.told()
    with broken(faulty.lines["profile"], how):
        await refused_by(faulty, OF_PROFILE - {"candidates"}, SILENT if how == "silent" else SOON)
    assert await faulty.told() == told
    await until_all_well(faulty)


@pytest.mark.parametrize("how", ["cut", "silent"])
@pytest.mark.parametrize("name", ["profile_keys", "matching", "policy"])
async def test_without_another_database_it_is_the_whole_answer_or_none(faulty: Faulty, name: str, how: str) -> None:
    """Keys may be in memory, and decisions go on by the last rulebook: but nothing is half an answer."""
    whole = await until_all_well(faulty)
    with broken(faulty.lines[name], how):
        answers = await faulty.ask_all()
    for call, (answer, took) in answers.items():
        assert took < (SILENT if how == "silent" else SOON), (call, took)
        if answer.status_code >= 400:
            assert_nothing_left(call, answer)
        elif call == "read":
            assert answer.json()["attributes"] == whole[call].json()["attributes"]
    if name == "matching":
        assert {call for call in OF_MATCHING if answers[call][0].status_code == 503} == OF_MATCHING
    if name == "policy":
        assert any(answer.is_success for answer, _ in answers.values()), "policy-svc decides on without its database"
    await until_all_well(faulty)


@pytest.mark.parametrize("pool", ["gateway", "profile", "matching"])
async def test_a_pool_without_a_free_connection_is_a_database_that_does_not_answer(faulty: Faulty, pool: str) -> None:
    apps = faulty.house.apps
    engine, names = {
        "gateway": (faulty.house.parts.ledger._reading, DECIDED),
        "profile": (apps[PROFILE].state.vault.people, OF_PROFILE - {"candidates"}),
        "matching": (apps[MATCHING].state.parts.database, OF_MATCHING),
    }[pool]
    notes = None if pool == "profile" else await faulty.notes()
    async with exhausted(engine):
        await refused_by(faulty, names, SOON)
    assert notes is None or await faulty.notes() == notes
    await until_all_well(faulty)


async def test_without_a_connection_to_the_keys_it_is_the_whole_answer_or_none(faulty: Faulty) -> None:
    async with exhausted(faulty.house.apps[PROFILE].state.vault.person_keys.engine):
        answers = await faulty.ask_all()
    for name, (answer, took) in answers.items():
        assert took < SOON, (name, took)
        if not answer.is_success:
            assert_nothing_left(name, answer)
    await until_all_well(faulty)


async def test_a_token_is_not_given_while_nobody_can_be_told_from_anybody(faulty: Faulty) -> None:
    client_id, secret = await faulty.house.register("employment-agency")
    await faulty.house.token(client_id, secret)
    with faulty.lines["gateway"].silent():
        await asyncio.sleep(1.2)
        async with faulty.house.http(auth=(client_id, secret)) as http:
            begun = time.monotonic()
            answer = await http.post("/oauth2/token", data={"grant_type": "client_credentials"})
            assert time.monotonic() - begun < SOON
    assert (answer.status_code, "access_token" in answer.text) == (503, False)
    await until_all_well(faulty)


async def test_nobody_is_told_to_be_well_who_is_not(faulty: Faulty) -> None:
    """Readiness tells of it without saying where anything is; life goes on."""
    with answering(faulty.house.board, "policy.test", FAULTS["hangs"]), faulty.lines["gateway"].silent():
        await asyncio.sleep(1.2)
        async with faulty.house.http() as http:
            begun = time.monotonic()
            ready = await http.get("/readyz")
            assert time.monotonic() - begun < SILENT + BUSY  # its checks run beside each other, each for a second at most
            assert (await http.get("/healthz")).status_code == 200
    assert ready.status_code == 503
    assert not {"@", "://", "127.0.0.1"} & set(ready.text.split('"'))
    await until_all_well(faulty)


def broken(wire: Line, how: str) -> AbstractContextManager[None]:
    return {"cut": wire.cut, "silent": wire.silent}[how]()
