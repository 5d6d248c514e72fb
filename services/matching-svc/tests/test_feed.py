"""The feed: people come and go as the gateway says, whatever fails on the way."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from matching_svc.feed import Follower, Pace
from matching_svc.index import Index, Stale
from matching_svc.store import Database, opened
from matching_svc.upstreams import Credentials, Gateway

JOB = "job-ranking"
OLENA = {"skills": ["urn:bread"], "education_level": 4}
QUICK = Pace(idle=0.01, retry=0.01, retry_longest=0.05, denied=0.05)


@pytest.fixture
async def connected(database: Any) -> AsyncIterator[Database]:
    async with opened(database.app_url) as connected:
        async with connected.begin() as connection:
            await connection.execute(text("DELETE FROM features"))
            await connection.execute(text("UPDATE feeds SET cursor = NULL, complete = false"))
        yield connected


@pytest.fixture
def follower(connected: Database, feed: Any, gateway_http: Any, tmp_path: Any) -> Callable[..., tuple[Follower, Index]]:
    secret = tmp_path / "secret"
    secret.write_text(feed.secret)

    def follower(purpose: str = JOB) -> tuple[Follower, Index]:
        index = Index([purpose])
        return Follower(purpose, Gateway(gateway_http, Credentials("cli_matching", secret)), connected, index, QUICK), index

    return follower


async def stored(connected: Database, purpose: str = JOB) -> dict[str, Any]:
    async with connected.connect() as connection:
        rows = await connection.execute(text("SELECT person_id, features FROM features WHERE purpose = :p"), {"p": purpose})
        return {row.person_id: row.features for row in rows}


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; five seconds are enough for anything here."""
    for _ in range(500):
        if await condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to pass")


async def is_indexed(index: Index) -> bool:
    return index.size(JOB) > 0


async def test_people_come_change_and_go(follower: Any, feed: Any, connected: Database) -> None:
    following, index = follower()
    feed.page(JOB, {"psn_a": OLENA, "psn_b": {"skills": []}}, "c1", more=True)
    feed.page(JOB, {"psn_c": {"skills": None}}, "c2")
    feed.page(JOB, {"psn_a": {"skills": ["urn:cake"]}, "psn_b": None}, "c3")
    assert await following.step() == 0.0
    with pytest.raises(Stale):  # half of the people are not the people
        index.people(JOB)
    assert await following.step() == QUICK.idle
    assert set(index.people(JOB)) == {"psn_a", "psn_b", "psn_c"}
    await following.step()
    assert {id_: known.skills for id_, known in index.people(JOB).items()} == {"psn_a": {"urn:cake"}, "psn_c": None}
    assert await stored(connected) == {"psn_a": {"skills": ["urn:cake"]}, "psn_c": {}}
    assert feed.asked == [(JOB, None), (JOB, "c1"), (JOB, "c2")]


async def test_nothing_protected_is_kept_whatever_the_feed_says(follower: Any, feed: Any, connected: Database) -> None:
    following, _ = follower()
    work = [{"occupation": "urn:o", "months": 3, "country": "CANARY-country"}]
    told = {
        "gender": "CANARY-gender",
        "date_of_birth": "CANARY",
        "given_name": "CANARY",
        "notes": "CANARY",
        "work_history": work,
    }
    feed.page(JOB, {"psn_a": {**OLENA, **told, "age_band": "CANARY", "adjustments_needed": ["CANARY"]}}, "c1")
    await following.step()
    assert await stored(connected) == {
        "psn_a": {"skills": ["urn:bread"], "education_level": 4, "work_history": [{"occupation": "urn:o", "months": 3}]}
    }


async def test_where_nothing_is_new_nothing_is_written(follower: Any, feed: Any, connected: Database) -> None:
    following, _ = follower()
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    for cursor in ("c2", "c3"):
        feed.page(JOB, {}, cursor)
    for _ in range(3):
        await following.step()
    assert feed.asked == [(JOB, None), (JOB, "c1"), (JOB, "c2")]
    async with connected.connect() as connection:
        assert await connection.scalar(text("SELECT cursor FROM feeds WHERE purpose = :p"), {"p": JOB}) == "c1"
    feed.page(JOB, {"psn_b": OLENA}, "c4")
    await following.step()
    async with connected.connect() as connection:
        assert await connection.scalar(text("SELECT cursor FROM feeds WHERE purpose = :p"), {"p": JOB}) == "c4"


async def test_a_restart_goes_on_where_it_stopped(follower: Any, feed: Any) -> None:
    following, _ = follower()
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    await following.step()
    following, index = follower()
    feed.page(JOB, {"psn_b": OLENA}, "c2")
    await following.step()
    assert feed.asked[-1] == (JOB, "c1")
    assert set(index.people(JOB)) == {"psn_a", "psn_b"}


async def test_what_was_kept_is_not_used_before_the_gateway_was_heard(follower: Any, feed: Any) -> None:
    following, _ = follower()
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    await following.step()
    following, index = follower()
    feed.answer(JOB, 503)
    with pytest.raises(Exception, match="503"):
        await following.step()
    assert index.size(JOB) == 1
    with pytest.raises(Stale):
        index.people(JOB)


async def test_it_waits_for_news_of_a_gateway_that_it_has_just_heard_to_the_end(follower: Any, feed: Any) -> None:
    """A service that starts, or whose gateway was away, is to know at once what there is, or that there is nothing."""
    following, _ = follower()
    feed.page(JOB, {"psn_a": OLENA}, "c1", more=True)
    feed.page(JOB, {}, "c2")
    feed.page(JOB, {}, "c3")
    feed.answer(JOB, 503)
    for _ in range(3):
        await following.step()
    with pytest.raises(Exception, match="503"):
        await following.step()
    await following.step()
    await following.step()
    assert feed.preferred == [None, None, "wait=5", "wait=5", None, "wait=5"]


@pytest.mark.parametrize("status", [410, 400])  # the rulebook has changed; the cursor cannot be read any more
async def test_a_feed_that_begins_anew_keeps_nobody_of_before(
    follower: Any, feed: Any, connected: Database, status: int
) -> None:
    following, index = follower()
    feed.page(JOB, {"psn_a": OLENA, "psn_b": OLENA}, "c1")
    feed.answer(JOB, status)
    feed.page(JOB, {"psn_b": {"education_level": 2}}, "d1", more=True)
    feed.page(JOB, {"psn_c": OLENA}, "d2")
    await following.step()
    await following.step()
    assert set(await stored(connected)) == {"psn_b"}
    with pytest.raises(Stale):
        index.people(JOB)
    await following.step()
    assert set(index.people(JOB)) == set(await stored(connected)) == {"psn_b", "psn_c"}


NEW = {"psn_a2": ["psn_a1"], "psn_b2": ["psn_b1"], "psn_c2": ["psn_c1"]}


async def test_who_gets_a_new_id_is_neither_missing_nor_there_twice(follower: Any, feed: Any, connected: Database) -> None:
    following, index = follower()
    feed.page(JOB, dict.fromkeys(("psn_a1", "psn_b1", "psn_c1"), OLENA), "c1")
    feed.page(JOB, {"psn_a2": {"education_level": 5}}, "c2", more=True, replaces=NEW)
    feed.page(JOB, {"psn_b2": OLENA}, "c3", more=True, replaces=NEW)
    feed.page(JOB, {"psn_c2": None}, "c4", replaces=NEW)  # a tombstone of somebody who is still known by the old id
    await following.step()
    for expected in (
        {"psn_a2", "psn_b1", "psn_c1"},
        {"psn_a2", "psn_b2", "psn_c1"},
        {"psn_a2", "psn_b2"},
    ):
        await following.step()
        assert set(index.people(JOB)) == set(await stored(connected)) == expected
    assert index.people(JOB)["psn_a2"].education_level == 5


async def test_a_restart_among_new_ids_goes_on_where_it_stopped(follower: Any, feed: Any, connected: Database) -> None:
    following, index = follower()
    feed.page(JOB, {"psn_a1": OLENA, "psn_b1": OLENA}, "c1")
    feed.page(JOB, {"psn_a2": OLENA}, "c2", more=True, replaces=NEW)
    feed.page(JOB, {"psn_b2": OLENA, "psn_\0": OLENA}, "c3", replaces=NEW)  # cannot be stored, so nothing of it counts
    await following.step()
    await following.step()
    with pytest.raises(Exception, match="invalid byte sequence"):
        await following.step()
    assert set(index.people(JOB)) == {"psn_a2", "psn_b1"}
    following, index = follower()
    feed.page(JOB, {"psn_b2": OLENA}, "c3", replaces=NEW)
    await following.step()
    assert feed.asked[-1] == (JOB, "c2")
    assert set(index.people(JOB)) == set(await stored(connected)) == {"psn_a2", "psn_b2"}


async def test_a_purpose_that_is_denied_forgets_everybody(follower: Any, feed: Any, connected: Database) -> None:
    following, index = follower()
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    feed.answer(JOB, 403)
    feed.answer(JOB, 403)
    feed.page(JOB, {"psn_b": OLENA}, "c9")
    await following.step()
    for _ in range(2):
        assert await following.step() == QUICK.denied
        assert dict(index.people(JOB)) == await stored(connected) == {}
    await following.step()
    assert set(index.people(JOB)) == set(await stored(connected)) == {"psn_b"}
    assert feed.asked[-1] == (JOB, None)


async def test_a_page_that_cannot_be_stored_is_not_shown_and_is_read_again(
    follower: Any, feed: Any, connected: Database, database: Any
) -> None:
    following, index = follower()
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    await following.step()
    feed.page(JOB, {"psn_a": None, "psn_\0": OLENA}, "c2")  # PostgreSQL keeps no NUL in a text
    with pytest.raises(Exception, match="invalid byte sequence"):
        await following.step()
    assert set(index.people(JOB)) == set(await stored(connected)) == {"psn_a"}
    feed.page(JOB, {"psn_a": None}, "c2")
    await following.step()
    assert feed.asked[-2:] == [(JOB, "c1"), (JOB, "c1")]
    assert dict(index.people(JOB)) == await stored(connected) == {}


async def test_whatever_fails_the_following_goes_on(follower: Any, feed: Any, connected: Database) -> None:
    following, index = follower()
    feed.answer(JOB, 503)
    feed.answer(JOB, 500, {"cursor": 1})
    feed.answer(JOB, 200, {"changes": "nonsense"})
    feed.answer(JOB, 429)
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    feed.revoked.add("token-1")
    running = asyncio.create_task(following.run())
    await until(lambda: is_indexed(index))
    running.cancel()
    assert set(index.people(JOB)) == {"psn_a"}
    assert feed.tokens == 2  # the revoked token was given up once, and only that one


async def test_a_secret_that_comes_late_is_waited_for(follower: Any, feed: Any, tmp_path: Any) -> None:
    following, index = follower()
    (tmp_path / "secret").unlink()
    feed.page(JOB, {"psn_a": OLENA}, "c1")
    running = asyncio.create_task(following.run())
    await asyncio.sleep(0.1)
    assert feed.tokens == 0
    (tmp_path / "secret").write_text(feed.secret)
    await until(lambda: is_indexed(index))
    running.cancel()


async def test_a_consent_that_ends_is_gone_within_a_second(service: Any, feed: Any) -> None:
    feed.page(JOB, {"psn_z": OLENA}, "z1")
    made = await service.create({"kind": "job", "title": "Baker"})
    path = f"/opportunities/{made['id']}/candidates"

    async def is_found() -> bool:
        response = await service.call("POST", path, "match", made["id"], json={"attributes": ["skills"]})
        return "psn_z" in {candidate["person"] for candidate in response.json().get("candidates", [])}

    async def is_gone() -> bool:
        return not await is_found()

    await until(is_found)
    feed.page(JOB, {"psn_z": None}, "z2")
    withdrawn = time.monotonic()
    await until(is_gone)
    assert time.monotonic() - withdrawn < 2, "a second, and one more for a busy machine"
