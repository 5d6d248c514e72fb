"""People whom several calls want at once: each as a call of its own would show them, and nobody by another's grant."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from joserfc.jwk import OKPKey

from profile_svc.attributes import Attributes
from profile_svc.disclosure import select
from profile_svc.store import people
from stena.contracts.condition import Not
from stena.grants import sign
from stena.statements import Spoken, Statements

from .people import IN_SOFIA, OLENA
from .source import Service

PETRO: dict[str, Any] = OLENA | {"given_name": {"native": "Петро", "latin": "Petro"}, "gender": "male", "skills": []}


async def _read(service: Service, *reads: tuple[str, str]) -> httpx.Response:
    (person, grant), others = reads[0], [{"person": person, "grant": grant} for person, grant in reads[1:]]
    return await service.call("POST", "/persons/read", grant, {"person": person, "others": others})


async def _people(service: Service, *reads: tuple[str, str]) -> list[Any]:
    answer = await _read(service, *reads)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"people"}
    return list(answer.json()["people"])


async def test_each_is_seen_as_their_own_grant_lets_them_be_seen(service: Service) -> None:
    olena, petro = (await service.register(OLENA))["id"], (await service.register(PETRO))["id"]
    closed = Not(of=IN_SOFIA)
    terms: list[tuple[str, dict[str, Any]]] = [
        (olena, {"disclose": ["skills"], "purpose": "job-ranking"}),
        (petro, {"disclose": ["gender", "given_name"], "organisation": "employment-agency"}),
        (olena, {"disclose": ["gender", "adult"]}),  # the same person once more, for somebody else
        (olena, {"disclose": {"gender": closed, "skills": IN_SOFIA}}),
        (petro, {"disclose": ["skills"], "purpose": "job-ranking"}),  # selected as the first is
        (petro, {"disclose": ["gender", "adult"], "provenance": "full"}),
        (olena, {"disclose": []}),
    ]
    alone = [await service.read(person, **changes) for person, changes in terms]
    for order in (terms, terms[::-1]):
        together = await _people(service, *((who, service.grant("read", who, **changes)) for who, changes in order))
        assert together == (alone if order is terms else alone[::-1])
    assert alone[3]["attributes"].keys() == {"skills"}
    assert alone[6]["attributes"] == {}


async def test_who_is_not_there_for_their_own_grant_is_nobody_and_changes_nothing_for_others(service: Service) -> None:
    olena, petro = (await service.register(OLENA))["id"], (await service.register(PETRO))["id"]
    erased = (await service.register(OLENA))["id"]
    keyless = (await service.register(OLENA))["id"]
    assert (await service.call("DELETE", f"/persons/{erased}", service.grant("erase", erased))).status_code == 204
    await service.keys_sql("DELETE FROM person_keys WHERE person_id = :id", id=keyless)
    stale, nobody = int(time.time()) - 61, "0191d0a4-0000-7000-8000-000000000000"
    foreign = sign(service.plain_grant("read", petro), OKPKey.generate_key("Ed25519", auto_kid=True))
    reads = [
        (petro, service.grant("read", olena)),  # somebody else's
        (petro, service.grant("list", petro)),
        (petro, service.grant("read", None)),
        (petro, service.grant("read", petro, resource="note")),
        (petro, service.grant("read", petro, aud="matching-svc")),
        (petro, service.grant("read", petro, iat=stale, exp=stale + 60)),
        (petro, service.grant("read", petro, rulebook="sha256:other")),
        (petro, service.grant("read", petro, rows=Not(of=IN_SOFIA))),
        (petro, foreign),
        (petro, "nonsense"),
        (petro, ""),
        (nobody, service.grant("read", nobody)),
        ("nobody", service.grant("read", "nobody")),
        (erased, service.grant("read", erased)),
        (keyless, service.grant("read", keyless)),
        (olena, service.grant("read", olena, disclose=["given_name"])),
    ]
    found = await _people(service, (petro, service.grant("read", petro, disclose=["skills"])), *reads)
    assert found[0]["attributes"] == {"skills": []}
    assert found[-1]["attributes"] == {"given_name": OLENA["given_name"]}
    assert found[1:-1] == [None] * (len(reads) - 1)


async def test_a_call_whose_own_grant_does_not_hold_gets_nothing_of_anybody(service: Service) -> None:
    olena, petro = (await service.register(OLENA))["id"], (await service.register(PETRO))["id"]
    good = (petro, service.grant("read", petro))
    for grant in (service.grant("read", petro), service.grant("match", olena), "nonsense"):
        answer = await _read(service, (olena, grant), good)
        assert answer.status_code == 401
        assert "Petro" not in answer.text
    body = {"person": petro, "others": []}
    assert (await service.http.post("/persons/read", json=body)).status_code == 401
    wrong = [{"person": petro}, {"person": petro, "grant": good[1], "fields": ["skills"]}, good[1]]
    for each in wrong:
        answer = await service.call("POST", "/persons/read", good[1], {"person": petro, "others": [each]})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-request")
    answer = await _read(service, *[good] * 101)
    assert answer.status_code == 400


async def test_all_who_are_selected_alike_take_one_statement_and_the_keys_of_all_another(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [(await service.register(OLENA))["id"] for _ in range(4)]
    async with _statements(monkeypatch) as statements:
        found = await _people(service, *((who, service.grant("read", who)) for who in people))
    assert [each["id"] for each in found] == people
    assert [sum(what in each for each in statements) for what in ("FROM persons,", "FROM person_keys")] == [1, 1]
    async with _statements(monkeypatch) as statements:
        plain = [(who, service.grant("read", who, disclose=["skills"])) for who in people]
        found = await _people(service, *plain, (people[0], service.grant("read", people[0], disclose=["languages"])))
    assert [each["id"] for each in found] == [*people, people[0]]
    assert [sum(what in each for each in statements) for what in ("FROM persons,", "FROM person_keys")] == [2, 0]


async def test_each_is_looked_up_by_their_id_and_no_index_is_asked_for_all_who_may_be_seen(
    service: Service, attributes: Attributes
) -> None:
    """A plan for whatever ids come counts on ten. In a small house it may be as good to go through all whom the grant lets be
    seen, but that plan is kept while the house grows."""
    asked = people._some(select(service.plain_grant("read", "person", rows=IN_SOFIA), attributes))
    plan = await _plan_for_any(service, asked)
    found = re.findall(r"(Function Scan|Bitmap \w+ Scan|Index Scan using \w+)", plan)
    assert found == ["Function Scan", "Index Scan using persons_pkey"], plan


async def _plan_for_any(service: Service, asked: Spoken) -> str:
    """For values that are not known yet, as for those that have been asked for a few times."""
    nothing = ", ".join(["NULL"] * len(asked.names))
    async with service.vault.people.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        await driver.execute(f"PREPARE asked AS {asked.text}")
        plan = await driver.fetch(f"EXPLAIN EXECUTE asked ({nothing})")
        await connection.invalidate()
    return "\n".join(line for (line,) in plan)


@asynccontextmanager
async def _statements(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    said: list[str] = []
    asked = Statements.fetch

    async def fetch(self: Statements, text: str, *arguments: Any) -> Any:
        if "FROM persons, unnest" in text or "= ANY($" in text:  # not whoever looks again and again at what is due
            said.append(text)
        return await asked(self, text, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Statements, "fetch", fetch)
        yield said
