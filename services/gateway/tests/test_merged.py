"""Which record is part of which: known at once here, elsewhere within a second, and never after they were separated."""

import asyncio
import uuid
from uuid import UUID

import pytest
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway import merged
from gateway.firewall import BecamePart
from gateway.merged import MergedPeople
from gateway.merged_tables import separated_people
from gateway.store import merged as kept
from gateway.store.merged import Part

THIS, OTHER, THIRD, FOURTH, FIRST, SECOND = (str(uuid.uuid4()) for _ in range(6))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged, "SETTLED", 0.0)


async def test_parts_of_parts_are_one_person(engine: AsyncEngine) -> None:
    here = MergedPeople(engine)
    await here.add(THIS, OTHER, FIRST)
    await here.add(THIRD, THIS, SECOND)
    assert [await here.now(each) for each in (OTHER, THIS, THIRD)] == [THIRD] * 3
    assert await here.remove(THIRD, SECOND) == THIS
    assert [await here.now(each) for each in (OTHER, THIS, THIRD)] == [THIS, THIS, THIRD]
    assert await here.remove(THIRD, SECOND) is None


async def test_what_the_source_tells_is_noted_but_not_of_what_is_being_taken_back(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = MergedPeople(engine), MergedPeople(engine)
    news = BecamePart(THIS, OTHER, FIRST)
    assert await here.learn(news)
    assert await here.now(OTHER) == THIS
    assert await here.remove(THIS, FIRST) == OTHER
    assert not await elsewhere.learn(news), "asked before, and told behind"
    assert await elsewhere.remove(THIS, SECOND) is None
    assert not await here.learn(BecamePart(THIS, THIRD, SECOND)), "nobody had noted it"
    assert [await here.now(each) for each in (OTHER, THIRD)] == [OTHER, THIRD]
    monkeypatch.setattr(kept, "_LONG_AGO", separated_people.c.at < func.clock_timestamp())
    assert await here.learn(news), "nobody takes it back any more"
    assert await here.now(OTHER) == THIS


async def test_what_the_source_tells_is_right_but_says_nothing_of_what_was_noted_since(engine: AsyncEngine) -> None:
    here = MergedPeople(engine)
    await here.add(THIS, OTHER, FIRST)
    asked_about = here.noted(THIS)
    await here.add(OTHER, FOURTH, SECOND)
    assert await here.agree(asked_about, frozenset())
    assert [await here.now(each) for each in (OTHER, FOURTH)] == [OTHER, OTHER]
    told = frozenset({Part(UUID(FOURTH), UUID(OTHER), UUID(THIRD))})
    assert await here.agree(here.noted(OTHER), told)
    assert here.noted(FOURTH) == told
    assert not await here.agree(told, told)


async def test_parts_of_parts_are_noted_of_whom_they_are_part(engine: AsyncEngine) -> None:
    here = MergedPeople(engine)
    await here.add(THIS, OTHER, FIRST)
    await here.add(THIRD, THIS, SECOND)
    assert {(str(each.person), str(each.part)) for each in here.noted(THIRD)} == {(THIRD, THIS), (THIS, OTHER)}


async def test_what_was_separated_elsewhere_is_not_taken_for_one_a_second_later(engine: AsyncEngine) -> None:
    clock = Clock()
    here, elsewhere = MergedPeople(engine), MergedPeople(engine, clock=clock)
    await here.add(THIS, OTHER, FIRST)
    await elsewhere.look()
    assert await elsewhere.now(OTHER) == THIS
    await here.remove(THIS, FIRST)
    clock.now += 1.0  # it has not looked meanwhile, however slow it is
    assert await elsewhere.now(OTHER) == OTHER


async def test_who_began_to_look_earlier_does_not_end_later(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    here, read, slow = MergedPeople(engine), kept.everybody, asyncio.Event()

    async def slowly(engine: AsyncEngine) -> object:
        found = await read(engine)
        await slow.wait()
        return found

    monkeypatch.setattr(kept, "everybody", slowly)
    first = asyncio.create_task(here.add(THIS, OTHER, FIRST))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(here.add(THIS, THIRD, SECOND))
    await asyncio.sleep(0.1)
    slow.set()
    await asyncio.gather(first, second)
    assert [await here.now(each) for each in (OTHER, THIRD)] == [THIS, THIS]


async def test_a_database_that_is_gone_names_nobody_by_a_merge(engine: AsyncEngine, owner: AsyncEngine) -> None:
    clock = Clock()
    here = MergedPeople(engine, clock=clock)
    await here.add(THIS, OTHER, FIRST)
    clock.now += 1.0
    async with owner.begin() as connection:
        await connection.execute(text("ALTER TABLE merged_people_version RENAME TO away"))
    try:
        with pytest.raises(Exception, match="merged_people_version"):
            await here.now(OTHER)
        assert await here.now(THIRD) == THIRD
    finally:
        async with owner.begin() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO merged_people_version"))
