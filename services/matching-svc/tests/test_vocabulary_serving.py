"""The running service: it answers from the vocabulary in PostgreSQL, follows an import without a restart, and needs no grant
for what is about nobody."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from matching_svc import vocabulary_following
from matching_svc.esco.importing import Asked, Progress, import_download
from matching_svc.store import opened
from stena.problems import Unavailable

from . import esco_files as files
from .conftest import Service

QUERY = {"q": "bread", "scheme": "occupation", "shown": ["bg", "en"]}


async def found(service: Service, **query: Any) -> list[tuple[str, str]]:
    response = await service.http.post("/concepts/search", json=QUERY | query)
    assert response.status_code == 200, response.text
    return [(concept["uri"], concept["label"]) for concept in response.json()["concepts"]]


async def test_before_the_first_import_the_small_set_serves(service: Service) -> None:
    assert [label for _, label in await found(service, q="зидар", language="bg")][:1] == ["зидар"]
    assert [label for _, label in await found(service, q="зидар", shown=["xx"])][:1] == ["bricklayer"]
    assert len(await found(service, q="a", limit=3)) <= 3


async def test_proposals_come_with_confidence_and_reasons_and_are_not_stored(service: Service) -> None:
    vacancy = {"title": "Bricklayer", "description": "You\n- interpret 2D plans\n- lay bricks", "lang": "en"}
    said = (await service.http.post("/concepts/proposals", json=vacancy)).json()
    first = said["occupations"][0]
    assert first["label"] == "bricklayer"
    assert first["confidence"] == max(each["confidence"] for each in said["occupations"])
    named = {each["label"]: each for each in said["essential_skills"]}
    assert set(named["lay bricks"]["because"]) == {"text", "occupation"}
    others = [each["confidence"] for each in said["essential_skills"] if each["because"] == ["occupation"]]
    assert others
    assert named["lay bricks"]["confidence"] > max(others)
    assert not {each["uri"] for each in said["essential_skills"]} & {each["uri"] for each in said["optional_skills"]}
    listed = await service.call("POST", "/opportunities/search", "list", json={})
    assert listed.json()["opportunities"] == []


@pytest.mark.parametrize("title", ["…", "1", "щ" * 200, "\u200f"])
async def test_a_title_that_says_nothing_is_answered(service: Service, title: str) -> None:
    response = await service.http.post("/concepts/proposals", json={"title": title, "description": "- \n" * 3000})
    assert response.status_code == 200


@pytest.mark.parametrize("wrong", [{"q": ""}, {"scheme": "person"}, {"limit": 51}, {"language": "bul"}, {"more": 1}])
async def test_queries_of_another_form_are_refused(service: Service, wrong: dict[str, Any]) -> None:
    assert (await service.http.post("/concepts/search", json=QUERY | wrong)).status_code == 400


async def test_without_its_database_nothing_is_answered_at_first_and_what_was_there_afterwards(
    service: Service, database: Any
) -> None:
    async with opened(database.app_url.set(port=1)) as gone:
        follower = vocabulary_following.Follower(gone)
        await follower.look_in_time()
        with pytest.raises(Unavailable):
            _ = follower.current
    async with opened(database.app_url) as there:
        follower = vocabulary_following.Follower(there)
        await follower.look()
        served = follower.current
        follower._database = gone
        await follower.look_in_time()
        assert follower.current is served


async def test_what_stands_beside_needs_its_grant_all_the_same(service: Service) -> None:
    for path in ("/matches", "/opportunities", "/opportunities/search"):
        response: httpx.Response = await service.http.post(path, json={})
        assert response.status_code in (400, 401), path


async def test_an_import_is_followed_by_a_service_that_runs(  # the last: it changes the database of this module
    start: Callable[[], Any], database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary_following, "LOOK_EVERY", 0.05)
    async with start() as service:
        assert (files.BAKER, "baker/bakeress") not in await found(service)
        async with opened(database.owner_url) as owner:
            silent = Progress(lambda what, total: None, lambda done: None)
            await import_download(owner, Asked([files.download(tmp_path)]), silent)
        for _ in range(100):
            if (files.BAKER, "baker/bakeress") in await found(service):
                break
            await asyncio.sleep(0.05)
        assert await found(service) == [(files.BAKER, "baker/bakeress")]
        assert service.parts.knowledge.vocabulary.isco(files.BAKER) == "7512"
