"""Another rulebook is activated while everything runs: the whole wall follows within a second, and back again."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from policy_svc import revisions
from policy_svc.loading import read_files

from .house import POLICY, RULEBOOK, Caller, House, put
from .people import line
from .test_matching import baker, matches, until
from .test_refusals import RECORD

Files = Mapping[str, str]


def edited(*changes: str) -> dict[str, str]:
    """The starter rulebook without its golden cases, with the first of each two texts replaced by the second."""
    files = {name: content for name, content in read_files(RULEBOOK).items() if not name.startswith("tests/")}
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert any(old in content for content in files.values())
        files = {name: content.replace(old, new) for name, content in files.items()}
    return files


WITHOUT_SKILLS = (
    "values: [education, experience, skills, languages, preferences, right_to_work]}\n"
    "        $.attribute: {condition: IsNotIn, values: [qualification_dates, work_dates, mother_tongue]}",
    "values: [education, experience, languages, preferences, right_to_work]}\n"
    "        $.attribute: {condition: IsNotIn, values: [qualification_dates, work_dates, mother_tongue]}",
)


@asynccontextmanager
async def under(house: House, files: Files) -> AsyncIterator[None]:
    """The house with another rulebook, taken back afterwards."""
    key = (house.secrets / "administrator-key").read_text().strip()
    transport = httpx.ASGITransport(house.apps[POLICY])
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url=POLICY, headers=headers) as administrator:
        loaded = await administrator.post("/rulebook/revisions", json={"files": files})
        assert loaded.status_code == 201, loaded.text
    desk = house.apps[POLICY].state.desk
    await revisions.activate(desk.archive, loaded.json()["revision"], by="a test", widen=True)
    await desk.follower.look_in_time()
    try:
        yield
    finally:
        await revisions.roll_back(desk.archive, by="a test", widen=True)
        await desk.follower.look_in_time()


@pytest.fixture
async def internal(house: House) -> str:
    catalogue = await house.parts.rulebook.catalogue()
    return (await put(house, line(catalogue, "revisions", RECORD, **baker())))[0]


async def ask(agency: Caller, path: str) -> httpx.Response:
    """A read for job ranking. Everybody who follows begins anew at this moment, in this one process: busy is no answer."""

    async def answered() -> httpx.Response | None:
        answer = await agency("GET", path, "job-ranking")
        return None if answer.status_code == 503 else answer

    found = await until(answered)
    assert isinstance(found, httpx.Response)
    return found


async def read(agency: Caller, person: str) -> dict[str, Any]:
    answer = await ask(agency, f"/v1/persons/{person}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def published(agency: Caller) -> str:
    """The revision that the catalogue and the documentation speak of, which nobody has to read anything for."""
    revision = str((await agency("GET", "/v1/attributes")).json()["rulebook"])
    assert revision in (await agency("GET", "/openapi.json")).text
    return revision


async def test_a_narrower_rulebook_holds_for_the_next_call_and_a_rollback_restores(house: House, internal: str) -> None:
    agency = await house.caller("employment-agency")
    person = await house.pairwise(internal, "employment-agency", "job-ranking")
    before = await read(agency, person)
    skills = {each.name for each in (await house.parts.rulebook.catalogue()).attributes if each.category == "skills"}
    assert skills <= before["attributes"].keys()
    cursor = (await ask(agency, "/v1/persons/changes?limit=1")).json()["cursor"]
    async with under(house, edited(*WITHOUT_SKILLS)):
        assert await published(agency) != before["disclosure"]["rulebook"]
        narrow = await read(agency, person)
        assert narrow["attributes"].keys() == before["attributes"].keys() - skills
        assert narrow["withheld"]["skills"] == "not-necessary"
        assert narrow["disclosure"]["rulebook"] == await published(agency)
        listed = await ask(agency, "/v1/persons?limit=1")
        assert not skills & listed.json()["people"][0]["attributes"].keys()
        gone = await ask(agency, f"/v1/persons/changes?limit=1&since={cursor}")
        assert (gone.status_code, gone.json()["type"]) == (410, "/problems/rulebook-changed")
        anew = await ask(agency, "/v1/persons/changes?limit=1")
        assert not skills & anew.json()["changes"][0]["person"]["attributes"].keys()
    after = await read(agency, person)
    assert (after["attributes"], after["withheld"]) == (before["attributes"], before["withheld"])
    assert after["disclosure"]["rulebook"] == before["disclosure"]["rulebook"] == await published(agency)


async def test_matching_forgets_what_is_no_longer_disclosed_and_recovers(house: House, internal: str) -> None:
    bakery, agency = await house.caller("vitosha-bakery"), await house.caller("employment-agency")
    person = await house.pairwise(internal, "employment-agency", "job-ranking")
    body = {
        "kind": "job",
        "title": "Baker",
        "occupation": baker()["wanted_occupations"][0],
        "essential_skills": baker()["skills"],
        "region": "BG411",
        "municipality": "Sofia",
    }
    vacancy = (await bakery("POST", "/v1/opportunities", "opportunity-management", json=body)).json()["id"]

    async def matched(with_skills: bool) -> bool:
        found = [each for each in await matches(agency, person) if each["opportunity"]["id"] == vacancy]
        return bool(found) and bool(found[0]["explanation"]["matched"]) is with_skills

    await until(lambda: matched(True))
    async with under(house, edited(*WITHOUT_SKILLS)):
        # The wall follows at once, whatever matching-svc still holds.
        begun = time.monotonic()
        assert not await matched(True)
        await until(lambda: matched(False))
        assert time.monotonic() - begun < 5
    await until(lambda: matched(True))


async def test_ids_that_reach_otherwise_are_read_anew(house: House, internal: str) -> None:
    """Whoever holds an id of the other reach holds nobody's."""
    agency = await house.caller("employment-agency")
    old = await house.pairwise(internal, "employment-agency", "job-ranking")
    purposes = read_files(RULEBOOK)["purposes.yaml"]
    own = purposes[purposes.index("job-ranking:") : purposes.index("ids: purpose") + len("ids: purpose")]
    async with under(house, edited(own, own.replace("ids: purpose", "ids: organisation"))):
        assert (await ask(agency, f"/v1/persons/{old}")).status_code == 404
        new = await house.pairwise(internal, "employment-agency", "job-ranking")
        assert new != old
        assert (await read(agency, new))["id"] == new
    assert (await read(agency, old))["id"] == old
    assert (await ask(agency, f"/v1/persons/{new}")).status_code == 404
