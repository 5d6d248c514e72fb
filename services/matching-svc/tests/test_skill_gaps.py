"""Skill gaps over HTTP: what a course closes, which courses count, and nothing of the person but what the request allows."""

from typing import Any

import pytest

from .test_matches import ALL, BREAD, CAKE, fill, job

HYGIENE = "http://data.europa.eu/esco/skill/00000000-0000-4000-8000-000000000003"
ICING = "http://data.europa.eu/esco/skill/00000000-0000-4000-8000-000000000004"


@pytest.fixture
async def ranked(service: Any, feed: Any) -> Any:
    await fill(service, feed)
    return service


async def gaps(service: Any, person: str, attributes: Any = ALL, **how: Any) -> Any:
    body = {"person": person, "kind": "job", "attributes": list(attributes), "limit": 5}
    return await service.call("POST", "/skill-gaps", "match", json=body, **how)


async def course(service: Any, title: str, **changes: Any) -> str:
    made = await service.create({"kind": "training", "title": title, "teaches": [CAKE], **changes})
    return str(made["id"])


async def test_gaps_name_what_opens_most_and_the_courses_that_can_still_be_joined(ranked: Any) -> None:
    for skills in ([BREAD, CAKE, HYGIENE], [CAKE], [BREAD], [HYGIENE, CAKE, BREAD]):
        await job(ranked, essential_skills=skills)
    later = await course(ranked, "later", starts_on="2090-05-01")
    sooner = await course(ranked, "sooner", starts_on="2090-04-01", apply_until="2090-03-01")
    await course(ranked, "over", apply_until="2020-01-01")
    await course(ranked, "full", capacity=2, filled=2)
    await course(ranked, "something else", teaches=[HYGIENE])
    found = (await gaps(ranked, "psn_2")).json()
    assert (found["considered"], found["open"]) == (4, 1)
    best, second = found["gaps"]
    assert (best["uri"], best["opens"], best["raises"]) == (CAKE, 3, 3)
    assert [each["id"] for each in best["courses"]] == [sooner, later]
    assert (second["uri"], second["opens"], second["uses"]) == (HYGIENE, 2, ["skills", "work_history"])


async def test_without_skills_to_be_seen_nothing_is_said(ranked: Any) -> None:
    await job(ranked)
    assert (await gaps(ranked, "psn_2", ["municipality"])).json() == {"gaps": [], "considered": 0, "open": 0}
    assert (await gaps(ranked, "psn_unknown")).json()["gaps"] == []


async def test_a_kind_that_the_purpose_does_not_match_is_refused(ranked: Any) -> None:
    assert (await gaps(ranked, "psn_2", kinds=("training",))).status_code == 403


async def test_rows_of_the_grant_hide_opportunities_and_courses(ranked: Any) -> None:
    await job(ranked, essential_skills=[ICING])
    mine = await course(ranked, "mine", teaches=[ICING])
    theirs = await ranked.create({"kind": "training", "title": "theirs", "teaches": [ICING]}, organisation="language-house")

    async def taught(rows: Any) -> set[str]:
        found = {gap["uri"]: gap["courses"] for gap in (await gaps(ranked, "psn_2", rows=rows)).json()["gaps"]}
        return {each["id"] for each in found[ICING]}

    def only(owner: str) -> dict[str, Any]:
        return {"op": "is_in", "fact": "created_by", "values": [owner]}

    assert await taught(True) == {mine, theirs["id"]}
    assert await taught(only("vitosha-bakery")) == {mine}
    assert (await gaps(ranked, "psn_2", rows=only("somebody-else"))).json() == {"gaps": [], "considered": 0, "open": 0}


async def test_what_is_no_course_teaches_nothing(ranked: Any) -> None:
    refused = await ranked.call("POST", "/opportunities", "create", json={"kind": "job", "title": "t", "teaches": [CAKE]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/teaches")
