"""Exports through the whole wall: what a list shows and nothing else, under the decision of each part's own moment."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.routes import export

from .house import Caller, House, put
from .people import line
from .test_refusals import RECORD
from .test_revisions import WITHOUT_SKILLS, edited, under

PATH = "/v1/persons/export"


@pytest.fixture
async def people(house: House) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    lines = [line(catalogue, f"exported-{number}", RECORD, education_level=number) for number in range(5)]
    withheld = line(catalogue, "exported-restricted", RECORD | {"restricted": True})
    await put(house, *lines, withheld)


async def exported(caller: Caller, purpose: str, method: str = "GET", path: str = PATH, **rest: Any) -> list[dict[str, Any]]:
    answer = await caller(method, path, purpose, **rest)
    assert answer.status_code == 200, answer.text
    return [json.loads(each) for each in answer.text.splitlines()]


@pytest.mark.usefixtures("people")
async def test_an_export_is_the_whole_of_the_list(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    agency = await house.caller("employment-agency")
    listed = (await agency("GET", "/v1/persons?limit=500", "job-ranking")).json()["people"]
    assert len(listed) >= 5
    said = await exported(agency, "job-ranking")
    assert [each["person"] for each in said if "person" in each] == listed
    assert (said[-1]["export"]["complete"], said[-1]["export"]["people"]) == (True, len(listed))
    body = {"filters": [{"attribute": "education_level", "operator": "le", "value": 2}], "sort": "-education_level"}
    searched = (await agency("POST", "/v1/persons/search", "job-ranking", json=body)).json()["people"]
    said = await exported(agency, "job-ranking", "POST", json=body)
    assert [each["person"] for each in said if "person" in each] == searched
    table = await agency("GET", f"{PATH}?filter=education_level:le:2", "job-ranking", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert {row["id"] for row in rows[:-1]} == {person["id"] for person in searched}
    assert not {"gender", "given_name", "date_of_birth"} & rows[0].keys()


@pytest.mark.parametrize(
    ("organisation", "purpose"),
    [
        ("reception-agency", "registration"),
        ("employment-agency", "training-placement"),
        ("bread-and-bridges", "mentoring"),
        ("fairness-lab", "fairness-audit"),
        ("return-desk", "return-enforcement"),
        ("self-service", "data-subject-access"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_purpose_that_does_not_export_gets_nothing(house: House, organisation: str, purpose: str, method: str) -> None:
    caller = await house.caller(organisation)
    answer = await caller(method, PATH, purpose, **({"json": {}} if method == "POST" else {}))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("filter=gender:eq:female", 403, "attribute-not-disclosed"),
        ("sort=date_of_birth", 403, "attribute-not-disclosed"),
        ("fields=gender", 403, "attribute-not-disclosed"),
        ("fields=shoe_size", 400, "unknown-attribute"),
        ("limit=5", 400, "unknown-parameter"),
        ("cursor=AAAA", 400, "unknown-parameter"),
    ],
)
async def test_an_export_asks_only_for_what_is_disclosed(house: House, query: str, status: int, slug: str) -> None:
    agency = await house.caller("employment-agency")
    answer = await agency("GET", f"{PATH}?{query}", "job-ranking")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")


@pytest.fixture
async def between_parts() -> AsyncIterator[Any]:
    """Calls what a test sets as ``do`` before the third part is asked for."""

    class Between:
        calls = 0
        do: Any = None

    between = Between()
    original = export._chunk

    async def chunk(*arguments: Any) -> Any:
        between.calls += 1
        if between.calls == 3 and between.do is not None:
            await between.do()
        return await original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "_chunk", chunk)
        patch.setattr(export, "CHUNK", 2)
        yield between


@pytest.mark.usefixtures("people")
async def test_a_rulebook_that_is_activated_meanwhile_decides_about_what_is_left(house: House, between_parts: Any) -> None:
    agency = await house.caller("employment-agency")
    other = under(house, edited(*WITHOUT_SKILLS))
    between_parts.do = other.__aenter__
    try:
        said = await exported(agency, "job-ranking")
    finally:
        await other.__aexit__(None, None, None)
    shown = [("skills" in each["person"]["attributes"]) for each in said if "person" in each]
    assert shown[:4] == [True] * 4
    assert len(shown) > 4
    assert not any(shown[4:])
    revisions = [each["disclosure"]["rulebook"] for each in said if "disclosure" in each]
    assert len(set(revisions)) == 2
    assert revisions[1] != revisions[2]
    assert said[-1]["export"]["complete"] is True


@pytest.mark.usefixtures("people")
async def test_who_is_hidden_meanwhile_is_not_in_what_is_left(house: House, between_parts: Any) -> None:
    catalogue = await house.parts.rulebook.catalogue()
    agency = await house.caller("employment-agency")
    lines = [line(catalogue, f"exported-hidden-{number}", RECORD) for number in range(5)]
    named = {
        await house.pairwise(person, "employment-agency", "job-ranking"): each
        for person, each in zip(await put(house, *lines), lines, strict=True)
    }
    in_order = [each["person"]["id"] for each in await exported(agency, "job-ranking") if "person" in each]
    name = max(named, key=in_order.index)  # of five, one at least comes after the four that are shown before

    async def hide() -> None:
        await put(house, named[name] | {"restricted": True})

    between_parts.calls, between_parts.do = 0, hide
    said = await exported(agency, "job-ranking")
    assert name not in {each["person"]["id"] for each in said if "person" in each}
    assert said[-1]["export"]["complete"] is True


async def test_the_source_exports_under_a_grant_to_export_alone(house: House) -> None:
    """A grant to list is for a page, whoever holds it."""
    agency = await house.caller("employment-agency")
    await agency("GET", "/v1/persons?limit=1", "job-ranking")
    search = next(each for each in reversed(house.board.seen) if each.url.path == "/persons/search")
    for operation, status in (("list", 200), ("export", 401)):
        async with httpx.AsyncClient(transport=house.board, base_url=f"{search.url.scheme}://{search.url.host}") as http:
            where, told = {"operation": operation}, dict(search.headers)
            answer = await http.post("/persons/search", params=where, content=search.content, headers=told)
        assert answer.status_code == status
