"""Asking together without a service: who is asked for with whom, and what each hears."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar

import pytest

from stena import request_id, together
from stena.problems import Unavailable
from stena.request_id import Kind, Open, Trace
from stena.together import Together
from stena.upstreams import CannotAnswer

speaker: ContextVar[int] = ContextVar("speaker", default=-1)


class Oracle:
    """Answers a number with its negative; a test can make it slow, gone, or unable to answer some numbers."""

    def __init__(self) -> None:
        self.alone: list[int] = []
        self.groups: list[list[int]] = []
        self.speakers: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.unknown: set[int] = set()
        self.gone = False
        self.answers = 0
        self.broken: Exception | None = None

    async def one(self, number: int) -> int:
        self.alone.append(number)
        await asyncio.sleep(0)
        await self.open.wait()
        if number in self.unknown:
            raise KeyError(number)
        return -number

    async def several(self, numbers: Sequence[int]) -> Sequence[int | None]:
        self.groups.append(list(numbers))
        self.speakers.append(speaker.get())
        await asyncio.sleep(0)
        await self.open.wait()
        if self.gone:
            raise Unavailable("gone")
        if self.broken:
            raise self.broken
        return [None if number in self.unknown else -number for number in numbers][self.answers :]


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def asking(oracle: Oracle) -> Together[int, int]:
    return Together(oracle.one, oracle.several)


async def _asked(asking: Together[int, int], *numbers: int) -> list["asyncio.Task[int]"]:
    """They have asked, and wait for the answer or for their turn."""
    tasks = [asyncio.create_task(asking.ask(number)) for number in numbers]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_who_comes_alone_asks_alone_and_who_comes_at_once_or_meanwhile_goes_together(
    oracle: Oracle, asking: Together[int, int]
) -> None:
    assert await asking.ask(1) == -1
    assert await asyncio.gather(*map(asking.ask, range(2, 6))) == [-2, -3, -4, -5]
    assert (oracle.alone, oracle.groups) == ([1], [[2, 3, 4, 5]])
    oracle.open.clear()
    first, meanwhile = await _asked(asking, 6), await _asked(asking, 7, 8, 9)
    assert (oracle.alone, oracle.groups[1:]) == ([1, 6], [])
    oracle.open.set()
    assert await asyncio.gather(*first, *meanwhile) == [-6, -7, -8, -9]
    assert (oracle.alone, oracle.groups[1:]) == ([1, 6], [[7, 8, 9]])
    assert await asking.ask(10) == -10
    assert oracle.alone == [1, 6, 10]


async def test_who_is_alone_behind_others_asks_on_their_own(oracle: Oracle, asking: Together[int, int]) -> None:
    oracle.open.clear()
    first, behind = await _asked(asking, 1, 2), await _asked(asking, 3)
    assert (oracle.alone, oracle.groups) == ([], [[1, 2]])
    oracle.open.set()
    assert await asyncio.gather(*behind) == [-3]
    assert await asyncio.gather(*first) == [-1, -2]
    assert (oracle.alone, oracle.groups) == ([3], [[1, 2]])


async def test_no_group_is_heavier_than_it_may_be(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 5)
    asking = Together(oracle.one, oracle.several, weigh=lambda number: number)
    assert await asyncio.gather(*map(asking.ask, (2, 3, 1, 4, 9, 2, 2))) == [-2, -3, -1, -4, -9, -2, -2]
    assert oracle.groups == [[2, 3], [1, 4], [2, 2]]
    assert oracle.alone == [9]


async def test_who_cannot_be_answered_in_company_asks_alone_and_hears_why_not(
    oracle: Oracle, asking: Together[int, int]
) -> None:
    oracle.unknown = {3}
    told = await asyncio.gather(*map(asking.ask, (1, 2, 3, 4)), return_exceptions=True)
    assert [each if isinstance(each, int) else type(each) for each in told] == [-1, -2, KeyError, -4]
    assert (oracle.alone, oracle.groups) == ([3], [[1, 2, 3, 4]])


@pytest.mark.parametrize("answers", [1, -1])
async def test_an_answer_too_few_is_nobodys(oracle: Oracle, asking: Together[int, int], answers: int) -> None:
    """Which of them is missing cannot be told: everybody asks alone."""
    oracle.answers = answers
    assert await asyncio.gather(*map(asking.ask, (1, 2, 3, 4))) == [-1, -2, -3, -4]
    assert sorted(oracle.alone) == [1, 2, 3, 4]


@pytest.mark.parametrize("failure", [CannotAnswer("busy"), KeyError("a bug")])
async def test_of_a_failure_that_may_be_one_of_theirs_each_hears_alone(
    oracle: Oracle, asking: Together[int, int], failure: Exception
) -> None:
    oracle.broken = failure
    assert await asyncio.gather(*map(asking.ask, (1, 2))) == [-1, -2]
    assert (sorted(oracle.alone), oracle.groups) == ([1, 2], [[1, 2]])


async def test_all_hear_that_nobody_answers(oracle: Oracle, asking: Together[int, int]) -> None:
    oracle.gone = True
    told = await asyncio.gather(*map(asking.ask, (1, 2, 3)), return_exceptions=True)
    assert [type(each) for each in told] == [Unavailable] * 3
    assert told[1] is not told[2], "each its own: an exception carries the way that it came"
    oracle.gone = False
    assert await asking.ask(4) == -4


async def test_nobody_waits_long_for_those_before_them(oracle: Oracle, asking: Together[int, int]) -> None:
    oracle.open.clear()
    stuck, later = await _asked(asking, 1), await _asked(asking, 2, 3)
    assert oracle.groups == []
    await _until(lambda: oracle.groups == [[2, 3]])
    later += await _asked(asking, 4, 5)
    await _until(lambda: oracle.groups == [[2, 3], [4, 5]])
    later += await _asked(asking, 6)
    await _until(lambda: oracle.alone == [1, 6])
    oracle.open.set()
    assert await asyncio.gather(*stuck, *later) == [-1, -2, -3, -4, -5, -6]


async def _until(there: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not there():
        assert time.monotonic() < ends
        await asyncio.sleep(0.001)


async def test_who_gives_up_takes_nobody_along(oracle: Oracle, asking: Together[int, int]) -> None:
    oracle.open.clear()
    first, waiting = await _asked(asking, 1), await _asked(asking, 2, 3, 4)
    for task in (*first, waiting[1]):  # the first is the one that the others wait for
        task.cancel()
    oracle.open.set()
    told = await asyncio.gather(*first, *waiting, return_exceptions=True)
    assert [each if isinstance(each, int) else type(each).__name__ for each in told] == [
        "CancelledError",
        -2,
        "CancelledError",
        -4,
    ]
    assert oracle.groups == [[2, 4]]
    oracle.open.clear()
    group = await _asked(asking, 5, 6, 7)
    group[1].cancel()
    oracle.open.set()
    told = await asyncio.gather(*group, return_exceptions=True)
    assert [each if isinstance(each, int) else type(each).__name__ for each in told] == [-5, "CancelledError", -7]
    assert await asking.ask(9) == -9
    assert oracle.alone == [1, 9]


async def test_a_group_is_asked_for_as_the_first_of_it(oracle: Oracle, asking: Together[int, int]) -> None:
    async def ask(number: int) -> int:
        speaker.set(number)
        return await asking.ask(number)

    await asyncio.gather(*map(ask, (1, 2, 3)))
    oracle.open.clear()
    stuck, waiting = await _asked(asking, 4), [asyncio.create_task(ask(number)) for number in (5, 6)]
    await asyncio.sleep(0)
    oracle.open.set()
    await asyncio.gather(*stuck, *waiting)
    assert (oracle.groups, oracle.speakers) == ([[1, 2, 3], [5, 6]], [1, 5])


async def test_whose_trace_is_collected_is_asked_for_alone(oracle: Oracle, asking: Together[int, int]) -> None:
    class Deaf:
        def open(self, kind: Kind, caller: Trace | None, began: int) -> Open:
            raise AssertionError("nothing is opened here")

    async def heard(number: int) -> int:
        request_id.use(Trace("1" * 32, "2" * 16, collector=Deaf()))
        return await asking.ask(number)

    await asyncio.gather(asking.ask(1), asking.ask(2), heard(3), asking.ask(4), heard(5))
    assert (sorted(oracle.alone), oracle.groups) == ([3, 5], [[1, 2, 4]])
