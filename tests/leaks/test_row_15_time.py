"""Row 15, differencing in time: who looks twice learns what changed of what they may see, and nothing of why it ended."""

import asyncio
import time
from typing import Any

import pytest

from .rows import SETTLED, VARNA, ask, bring, path
from .target import Target

COACH = ("bread-and-bridges", "job-ranking")


class Follower:
    """One caller's feed, from where it is now."""

    def __init__(self, target: Target, asking: tuple[str, str]) -> None:
        self._target, self._asking = target, asking
        self._cursor = ""

    async def news(self, limit: int = 500) -> list[dict[str, Any]]:
        """Everything since the last time, page by page."""
        pages = []
        while True:
            where = f"/v1/persons/changes?limit={limit}{self._cursor}"
            page = (await ask(self._target, *self._asking, "GET", where)).json()
            self._cursor = f"&since={page['cursor']}"
            pages.append(page)
            if not page["more"]:
                self.pages = pages
                return [change for page in pages for change in page["changes"]]

    async def waits(self, seconds: int) -> tuple[list[dict[str, Any]], float]:
        """What is told by one question that waits for so long, and the seconds that it took."""
        begun, told = time.monotonic(), {"Prefer": f"wait={seconds}"}
        page = (await ask(self._target, *self._asking, "GET", f"/v1/persons/changes?{self._cursor[1:]}", headers=told)).json()
        return page["changes"], time.monotonic() - begun


@pytest.fixture
async def coach(target: Target) -> Follower:
    """bread-and-bridges sees people of its own region."""
    return Follower(target, COACH)


async def test_a_withheld_change_is_no_news(target: Target, coach: Follower) -> None:
    await bring(target, "timed")
    await coach.news()
    await bring(target, "timed", gender="male", religion="another", health_needs=["x"], email="timed@example.org")
    assert await coach.news() == []


async def test_nor_is_whoever_waits_for_news_woken_by_it(target: Target, coach: Follower) -> None:
    """What was withheld, and who is beyond the region, must not show in how soon an answer comes."""
    person = await bring(target, "waited for")
    await coach.news()
    waiting = asyncio.create_task(coach.waits(3))
    await asyncio.sleep(0.5)
    await bring(target, "waited for", gender="male", religion="another", health_needs=["x"])
    await bring(target, "waited for, beyond", {"region_path": VARNA})
    told, took = await waiting
    assert (told, took >= 3) == ([], True)
    waiting = asyncio.create_task(coach.waits(10))
    await asyncio.sleep(0.5)
    await bring(target, "waited for", digital_skills="none")
    told, took = await waiting
    assert [change["id"] for change in told] == [await target.pairwise(person, *COACH)]
    assert took < 10


async def test_nor_can_it_be_counted_by_asking_for_little(target: Target, coach: Follower) -> None:
    """As many changes as there were, one page each: whoever asks for one at a time must not count what it may not see."""
    for number in range(5):
        await bring(target, f"uncounted {number}", {"region_path": VARNA})
    await coach.news()
    for number in range(5):
        await bring(target, f"uncounted {number}", {"region_path": VARNA}, gender="male", digital_skills="none")
    assert await coach.news(limit=1) == []
    assert len(coach.pages) == 1


async def test_news_among_what_is_none_comes_page_by_page(target: Target, coach: Follower) -> None:
    """Three people whom the coach sees, between others: each page has somebody, and all of them come."""
    seen = [await bring(target, f"between {number}") for number in range(3)]
    await coach.news()
    for number in range(3):
        await bring(target, f"beyond {number}", {"region_path": VARNA})
        await bring(target, f"between {number}", digital_skills="none")
    told = {change["id"] for change in await coach.news(limit=1)}
    assert told == {await target.pairwise(each, *COACH) for each in seen}
    assert [len(page["changes"]) for page in coach.pages] == [1, 1, 1]


async def test_every_end_looks_the_same(target: Target, coach: Follower) -> None:
    """Restricted, moved to another region, erased: one tombstone, without a word of which."""
    restricted, moved, erased = [
        await bring(target, f"ended, {how}", procedure_stage=SETTLED) for how in ("restricted", "moved", "erased")
    ]
    await coach.news()
    await bring(target, "ended, restricted", {"restricted": True}, procedure_stage=SETTLED)
    await bring(target, "ended, moved", {"region_path": VARNA}, procedure_stage=SETTLED)
    own = await target.client("self-service", erased)
    gone = await own("DELETE", await path(target, erased, "self-service", "data-subject-access"), "data-subject-access")
    assert gone.status_code == 204
    ids = {await target.pairwise(each, *COACH) for each in (restricted, moved, erased)}
    news = await coach.news()
    assert {change["id"] for change in news} == ids
    ends = [{name: value for name, value in change.items() if name != "id"} for change in news]
    assert ends == [ends[0]] * 3
    assert ends[0]["person"] is None


async def test_of_somebody_who_was_never_there_no_end_is_told(target: Target, coach: Follower) -> None:
    await coach.news()
    never = await bring(target, "never there", {"region_path": VARNA}, procedure_stage=SETTLED)
    own = await target.client("self-service", never)
    gone = await own("DELETE", await path(target, never, "self-service", "data-subject-access"), "data-subject-access")
    assert gone.status_code == 204
    assert await coach.news() == []


async def test_a_withdrawn_consent_looks_like_one_that_was_never_given(target: Target, coach: Follower) -> None:
    one = await bring(target, "agreed", {"consents": ["job-ranking"]})
    two = await bring(target, "never agreed")
    await coach.news()
    consents = await path(target, one, "reception-agency", "consent-management", "/consents/job-ranking")
    assert (await ask(target, "reception-agency", "consent-management", "DELETE", consents)).status_code == 200
    told = {change["id"]: change["person"] for change in await coach.news()}
    other = await ask(target, *COACH, "GET", await path(target, two, *COACH))
    assert told[await target.pairwise(one, *COACH)]["withheld"] == other.json()["withheld"]
    assert set(told) == {await target.pairwise(one, *COACH)}
