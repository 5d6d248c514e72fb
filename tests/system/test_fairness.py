"""An audit from outside: right counts, hidden where they are small, never a record, and for nobody but the auditor."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from .house import GATEWAY, MATCHING, Caller, House, put
from .loopback import served
from .people import line
from .test_matching import BAKER, baker, until
from .test_refusals import RECORD

AUDIT = "fairness-audit"
WOMEN, MEN, OTHERS = 24, 36, 3


def today() -> str:
    return datetime.now(UTC).date().isoformat()


@pytest.fixture(scope="module")
async def audited(house: House) -> tuple[str, list[str]]:
    """A course that 60 people and some more fit, and those people: everybody was shown, half of the men were chosen."""
    catalogue = await house.parts.rulebook.catalogue()
    everybody = [("female", at) for at in range(WOMEN)] + [("male", at) for at in range(MEN)]
    everybody += [("non-binary", at) for at in range(OTHERS)]
    languages = [{"language": "mlt", **dict.fromkeys(("listening", "reading", "interaction", "production", "writing"), "C2")}]
    lines = [
        line(catalogue, f"audited-{gender}-{at}", RECORD, **baker(gender=gender, languages=languages))
        for gender, at in everybody
    ]
    people = await put(house, *lines)
    agency = await house.caller("employment-agency")
    # Only they speak the language that is needed, so that other tests' people are no part of it.
    body = {
        "kind": "job",
        "title": "Baker",
        "essential_skills": list(BAKER.essential_skills),
        "languages": [{"language": "mlt", "level": "C1"}],
    }
    made = await agency("POST", "/v1/opportunities", "opportunity-management", json=body)
    assert made.status_code == 201, made.text
    vacancy = str(made.json()["id"])

    async def all_shown() -> bool:
        answer = await agency("GET", f"/v1/opportunities/{vacancy}/candidates?limit=100", "job-ranking")
        assert answer.status_code in (200, 503), answer.text
        return len(answer.json().get("candidates", ())) == len(people)

    await until(all_shown, 30)
    why = {"outcome": "selected", "reason": "other"}
    for internal in people[WOMEN : WOMEN + MEN : 2]:
        named = await house.pairwise(internal, "employment-agency", "job-ranking")
        where = f"/v1/opportunities/{vacancy}/candidates/{named}/decision"
        decided = await agency("POST", where, "job-ranking", json=why, headers={"Acting-User": "petrov"})
        assert decided.status_code == 201, decided.text
    return vacancy, people


async def run(house: House, vacancy: str, attribute: str = "gender", **changes: Any) -> Any:
    lab = await house.caller("fairness-lab")
    body = {"opportunity": vacancy, "since": today(), "until": today(), "attribute": attribute} | changes
    return await lab("POST", "/v1/audits", AUDIT, json=body)


async def test_counts_are_right_and_small_ones_are_hidden(house: House, audited: tuple[str, list[str]]) -> None:
    answer = await run(house, audited[0])
    assert answer.status_code == 200, answer.text
    report = answer.json()
    # Three people are told with the smallest of the large groups, and all counts to the nearest five.
    assert report["groups"] == [{"group": "male", "considered": 35}, {"group": "other-groups", "considered": 25}]
    shown = report["stages"][0]
    assert {cell["hidden"] for cell in shown["cells"]} == {"nearly-all"}
    assert report["decisions"] == {"selected": {"other": 20}}
    assert report["models"]


async def test_a_choice_that_people_made_is_found(house: House, audited: tuple[str, list[str]]) -> None:
    """Half of the men were chosen, and none of the women. Who was shown is not told, so neither is what follows from it."""
    report = (await run(house, audited[0])).json()
    assert {cell["hidden"] for cell in report["stages"][1]["cells"]} == {"base-hidden"}
    assert {each["finding"] for each in report["stages"][1]["comparisons"]} == {"not-known"}


async def test_nothing_of_a_record_is_in_any_byte(house: House, audited: tuple[str, list[str]]) -> None:
    vacancy, people = audited
    answer = await run(house, vacancy)
    for person in people:
        assert person not in answer.text
        for organisation, purpose in (("fairness-lab", AUDIT), ("stena-matching", "job-ranking")):
            assert await house.pairwise(person, organisation, purpose) not in answer.text
    assert "psn_" not in answer.text


async def test_the_matcher_never_hears_of_a_group(house: House, audited: tuple[str, list[str]]) -> None:
    seen = len(house.board.seen)
    assert (await run(house, audited[0])).status_code == 200
    told = [each for each in house.board.seen[seen:] if f"http://{each.url.host}" == MATCHING and each.method == "POST"]
    assert told
    for request in told:
        assert "gender" not in (await request.aread()).decode()


async def test_an_audit_says_the_same_again(house: House, audited: tuple[str, list[str]]) -> None:
    first, second = (await run(house, audited[0])).json(), (await run(house, audited[0])).json()
    assert {**first, "disclosure": None} == {**second, "disclosure": None}


async def test_an_audit_of_almost_the_same_people_is_refused(house: House, audited: tuple[str, list[str]]) -> None:
    """Before and after one person is gone: the difference of the two would be that person's group."""
    vacancy, people = audited
    assert (await run(house, vacancy)).status_code == 200
    agency = await house.caller("employment-agency")
    themselves = await house.caller("self-service", people[0])
    named = await house.pairwise(people[0], "self-service", "data-subject-access")
    assert (await themselves("DELETE", f"/v1/persons/{named}", "data-subject-access")).status_code in (204, 403, 409)
    body = {"kind": "job", "title": "Baker", "languages": [{"language": "mlt", "level": "C1"}]}
    other = (await agency("POST", "/v1/opportunities", "opportunity-management", json=body)).json()["id"]

    async def shown() -> bool:
        answer = await agency("GET", f"/v1/opportunities/{other}/candidates?limit=59", "job-ranking")
        return len(answer.json().get("candidates", ())) == 59

    await until(shown)
    answer = await run(house, other)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "audit-too-close")


async def test_where_no_two_groups_may_be_told_apart_nothing_is_told(house: House, audited: tuple[str, list[str]]) -> None:
    answer = await run(house, audited[0], "age_band")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "audit-too-few")


@pytest.mark.parametrize("attribute", ["given_name", "religion", "health_needs", "right_to_work"])
async def test_groups_are_made_by_few_attributes(house: House, audited: tuple[str, list[str]], attribute: str) -> None:
    assert (await run(house, audited[0], attribute)).status_code == 400


async def test_one_opportunity_or_one_kind(house: House, audited: tuple[str, list[str]]) -> None:
    assert (await run(house, audited[0], kind="job")).status_code == 400
    assert (await run(house, audited[0], until="2020-01-01")).status_code == 400
    assert (await run(house, "opp_nothing")).status_code == 404


@pytest.mark.parametrize(
    ("organisation", "purpose"),
    [
        ("employment-agency", AUDIT),
        ("employment-agency", "job-ranking"),
        ("vitosha-bakery", "anonymous-shortlist"),
        ("privacy-office", "data-protection-audit"),
        ("stena-operator", "administration"),
        ("return-desk", AUDIT),
    ],
)
async def test_nobody_else_counts_groups(house: House, audited: tuple[str, list[str]], organisation: str, purpose: str) -> None:
    caller: Caller = await house.caller(organisation)
    body = {"opportunity": audited[0], "since": today(), "until": today(), "attribute": "gender"}
    assert (await caller("POST", "/v1/audits", purpose, json=body)).status_code == 403


async def test_an_audit_is_in_the_ledger(house: House, audited: tuple[str, list[str]]) -> None:
    answer = await run(house, audited[0])
    decided = await house.parts.ledger.of_decision(answer.json()["disclosure"]["decision"])
    assert (decided.operation, decided.resource, decided.outcome, decided.people) == ("run", "audit", "done", 0)


@pytest.fixture
async def door(house: House) -> AsyncIterator[str]:
    """The gateway at a port of this machine, for a command that knows nothing but HTTP."""
    async with served(house.apps[GATEWAY]) as url:
        yield url


async def test_the_command_prints_what_the_api_says(
    house: House, audited: tuple[str, list[str]], door: str, tmp_path: Path
) -> None:
    client_id, secret = await house.register("fairness-lab")
    await house.token(client_id, secret)
    (tmp_path / "secret").write_text(secret + "\n")
    named = ("--client-id", client_id, "--client-secret-file", str(tmp_path / "secret"), "--url", door)

    async def stena(*arguments: str) -> tuple[int, str, str]:
        command = (sys.executable, "-m", "stena_local", "audit", *arguments, *named)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, complaint = await process.communicate()
        return await process.wait(), out.decode(), complaint.decode()

    status, out, complaint = await stena("gender", "--opportunity", audited[0], "--json")
    assert status == 0, complaint
    api = (await run(house, audited[0], since=json.loads(out)["since"])).json()
    assert {**json.loads(out), "disclosure": None} == {**api, "disclosure": None}
    _, table, _ = await stena("gender", "--opportunity", audited[0])
    assert "gender: selected of those shown" in table
    assert "selected: other 20" in table
    status, _, complaint = await stena("religion", "--opportunity", audited[0])
    assert (status, "/attribute" in complaint) == (1, True)


async def test_a_source_that_sends_ids_with_its_report_is_an_incident(house: House, audited: tuple[str, list[str]]) -> None:
    def leak(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/audits":
            return response
        return httpx.Response(200, json={"people": audited[1]})

    house.board.tamper = leak
    try:
        answer = await run(house, audited[0])
    finally:
        house.board.tamper = None
    assert answer.status_code == 500
    assert audited[1][0] not in answer.text
