"""The key of ids is renewed in a running house: old ids are read for ever, followers learn who is who, matching goes on."""

import asyncio
import base64
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from gateway import id_keys
from gateway.identity import PairwiseIds, Scope
from stena import grants, keys
from stena.contracts.access import Grant

from .house import MATCHING, PROFILE, Caller, House, put
from .people import line
from .test_matching import BAKER, baker, until
from .test_refusals import RECORD

SETTLED = {"stage": "closed", "registered_on": "2024-01-01", "accelerated": False}
"""A procedure that is over: the law does not want the record kept."""


def renew(house: House) -> int:
    """Stage and activate a version, and let the gateway look at once."""
    folder = house.secrets / "id-keys"
    id_keys.stage(folder)
    version = id_keys.activate(folder, rest=0)
    house.parts.ids.learn(id_keys.read(folder).by_version)
    return version


def version_of(name: str) -> int:
    return base64.b32decode(name.removeprefix("psn_").upper() + "=")[0]


async def add(house: House, external_id: str, **changes: Any) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    record = RECORD | changes.pop("record", {})
    return (await put(house, line(catalogue, external_id, record, procedure_stage=SETTLED, **changes)))[0]


async def erase(house: House, person: str) -> None:
    now = int(time.time())
    grant = Grant(
        iss=grants.ISSUER,
        aud="profile-svc",
        iat=now,
        exp=now + 60,
        jti="erase",
        organisation="self-service",
        operation="erase",
        resource="person",
        target=person,
        purpose="data-subject-access",
        rulebook=(await house.parts.rulebook.active()).revision,
        rows=True,
    )
    headers = {"Authorization": f"Bearer {grants.sign(grant, keys.signing_key(house.secrets / 'grant-key'))}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.apps[PROFILE]), base_url=PROFILE) as http:
        assert (await http.delete(f"/persons/{person}", headers=headers)).status_code in (204, 404)


async def answered(caller: Caller, path: str, purpose: str) -> Any:
    """What is there once there is an answer: a busy machine may say 503, which says nothing of anybody."""

    async def found() -> Any:
        answer = await caller("GET", path, purpose)
        assert answer.status_code in (200, 503), answer.text
        return answer.json() if answer.status_code == 200 else None

    return await until(found, 30)


@dataclass
class Follower:
    """Does what the API says a follower does, and keeps what it was told."""

    house: House
    agency: Caller
    purpose: str
    mirror: dict[str, Any] = field(default_factory=dict)
    cursor: str | None = None

    async def turn_pages(self, most: int, limit: int) -> bool:
        """Take so many pages at most; whether there is more."""
        for _ in range(most):
            parameters = {"limit": str(limit)} | ({"since": self.cursor} if self.cursor else {})
            page = await answered(self.agency, f"/v1/persons/changes?{urlencode(parameters)}", self.purpose)
            for item in page["changes"]:
                self.take(item)
            self.cursor = page["cursor"]
            if not page["more"]:
                return bool(page["changes"])
        return True

    def take(self, item: Mapping[str, Any]) -> None:
        for former in item["replaces"]:
            self.mirror.pop(former, None)
        if item["person"] is None:
            self.mirror.pop(item["id"], None)
        else:
            self.mirror[item["id"]] = item["person"]
        internal = [self.internal(name) for name in self.mirror]
        assert len(set(internal)) == len(internal), "somebody is there twice"

    def internal(self, name: str) -> str:
        return str(self.house.parts.ids.open(name, Scope("purpose", "employment-agency", self.purpose)))

    async def catch_up(self) -> None:
        while await self.turn_pages(1, 500):
            pass

    async def listed(self) -> dict[str, Any]:
        page = await answered(self.agency, "/v1/persons?limit=500", self.purpose)
        return {person["id"]: person for person in page["people"]}


async def do_something(house: House, people: dict[str, str], lab: str, name: str, chance: random.Random) -> None:
    """``name`` becomes visible, vanishes, changes or is erased, or somebody else comes."""
    match chance.choice(["come", "hide", "hide", "show", "change", "erase"]):
        case "come":
            people[name := f"{lab}-{uuid.UUID(int=chance.getrandbits(128))}"] = await add(house, name)
        case "hide":
            await add(house, name, record={"restricted": True})
        case "show" | "change":
            await add(house, name, education_level=chance.randint(0, 8))
        case "erase" if len(people) > 3:
            await erase(house, people.pop(name))


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_meanwhile_a_follower_holds_what_a_list_shows(house: House, seed: int) -> None:
    chance, lab = random.Random(seed), f"renewed-{seed}"  # noqa: S311 -- chosen by chance, kept from nobody
    people = {f"{lab}-{number}": await add(house, f"{lab}-{number}") for number in range(6)}
    untouched = {await add(house, f"{lab}-untouched-{number}") for number in range(3)}
    agency = await house.caller("employment-agency")
    followers = [Follower(house, agency, purpose) for purpose in ("job-ranking", "training-placement")]
    for follower in followers:
        await follower.catch_up()
    for _ in range(10):
        some = chance.sample(sorted(people), chance.randint(1, 3))
        work = [do_something(house, people, lab, name, chance) for name in some]
        pages = [each.turn_pages(chance.randint(1, 3), chance.choice([1, 2, 5])) for each in followers]
        await asyncio.gather(*work, *pages)
        if chance.random() < 0.3:
            renew(house)
        for follower in followers:
            assert untouched <= set(map(follower.internal, follower.mirror)), "somebody is missing on the way"
    version = renew(house)
    for follower in followers:
        await follower.catch_up()
        assert follower.mirror == await follower.listed()
        assert {version_of(name) for name in follower.mirror} == {version}


async def test_what_a_follower_is_told_stands_in_the_ledger_as_ever(house: House) -> None:
    person = await add(house, "renewed-ledger")
    agency = await house.caller("employment-agency")
    follower = Follower(house, agency, "job-ranking")
    await follower.catch_up()
    before = len(await house.parts.ledger.of_person(uuid.UUID(person), 200, None))
    renew(house)
    await follower.catch_up()
    told = await house.parts.ledger.of_person(uuid.UUID(person), 200, None)
    ours = [entry for entry in told[: len(told) - before] if entry.organisation == "employment-agency"]
    # Once by the walk; once more by the log, if somebody's transaction kept it from telling of the coming before.
    assert {(entry.operation, entry.outcome, "skills" in entry.attributes) for entry in ours} == {("changes", "answered", True)}


async def test_old_ids_are_read_and_those_of_others_are_nobodys(house: House) -> None:
    person = await add(house, "renewed-foreign")
    agency, legal = await house.caller("employment-agency"), await house.caller("open-door-legal")
    old = await house.pairwise(person, "employment-agency", "job-ranking")
    foreign = await house.pairwise(person, "open-door-legal", "legal-aid")
    version = renew(house)
    named = (await answered(agency, f"/v1/persons/{old}", "job-ranking"))["id"]
    assert version_of(named) == version > version_of(old)
    assert await answered(legal, f"/v1/persons/{foreign}", "legal-aid")
    stranger = PairwiseIds({version: bytes(64)})
    scope = Scope("purpose", "employment-agency", "job-ranking")
    nobody = house.parts.ids.name(str(uuid.uuid4()), scope)
    wrong = [nobody, foreign, stranger.name(person, scope), PairwiseIds({200: bytes(64)}).name(person, scope)]
    answers = [await agency("GET", f"/v1/persons/{each}", "job-ranking") for each in wrong]
    assert {each.status_code for each in answers} == {404}
    assert len({each.content.replace(each.json()["instance"].encode(), b"") for each in answers}) == 1


async def test_a_staged_version_is_read_before_it_makes_ids_and_found_without_a_restart(house: House) -> None:
    person = await add(house, "renewed-staged")
    agency, folder, ids = await house.caller("employment-agency"), house.secrets / "id-keys", house.parts.ids
    before = ids.making
    staged = id_keys.stage(folder)

    async def reads() -> bool:
        return staged in ids.versions

    await until(reads, 30)
    # Another replica has activated it already.
    name = ids.name(person, Scope("purpose", "employment-agency", "job-ranking"), staged)
    assert version_of((await answered(agency, f"/v1/persons/{name}", "job-ranking"))["id"]) == before
    id_keys.activate(folder, rest=0)

    async def makes() -> bool:
        return version_of((await answered(agency, f"/v1/persons/{name}", "job-ranking"))["id"]) == staged

    await until(makes, 30)


async def test_matching_loses_nobody_and_shows_nobody_twice(house: House) -> None:
    person = await add(house, "renewed-baker", **baker())
    agency, bakery = await house.caller("employment-agency"), await house.caller("vitosha-bakery")
    body = {"kind": "job", "title": "Baker", "occupation": BAKER.uri, "essential_skills": list(BAKER.essential_skills)}

    async def offered() -> Any:
        return (await bakery("POST", "/v1/opportunities", "opportunity-management", json=body)).json().get("id")

    vacancy = await until(offered, 30)
    path = f"/v1/opportunities/{vacancy}/candidates?limit=100"
    scope = Scope("purpose", "vitosha-bakery", "anonymous-shortlist")
    index = house.apps[MATCHING].state.parts.index

    async def candidates() -> list[str]:
        found = (await answered(bakery, path, "anonymous-shortlist"))["candidates"]
        return [house.parts.ids.open(each["person"]["id"], scope) for each in found]

    async def known() -> bool:
        return person in await candidates()

    await until(known, 30)
    for _ in range(3):
        version, size = renew(house), index.size("job-ranking")
        deadline = time.monotonic() + 60
        while {version_of(name) for name in index.people("job-ranking")} != {version}:
            assert time.monotonic() < deadline, "the feed did not bring the new ids"
            here = await house.pairwise(person, "employment-agency", "job-ranking")
            fits = (await answered(agency, f"/v1/persons/{here}/matches?kind=job&limit=100", "job-ranking"))["matches"]
            assert vacancy in {each["opportunity"]["id"] for each in fits}
            assert (await candidates()).count(person) == 1
        assert index.size("job-ranking") == size
