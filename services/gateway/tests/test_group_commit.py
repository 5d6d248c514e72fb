"""Group commit without a database: who is told what, and when."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from gateway.record import group_commit
from gateway.record.group_commit import GroupCommit
from stena.problems import Unavailable


class Books:
    """Somewhere to write that a test can make slow, gone or particular."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.refused: set[int] = set()
        self.gone = False

    async def write(self, items: Sequence[int]) -> None:
        await self.open.wait()
        if self.gone:
            raise Unavailable("gone")
        if refused := self.refused & set(items):
            raise ValueError(str(min(refused)))
        self.groups.append(list(items))


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def commits(books: Books) -> GroupCommit[int]:
    return GroupCommit(books.write, 0.3, "too late")


async def test_who_comes_alone_does_not_wait_and_who_comes_meanwhile_goes_together(
    books: Books, commits: GroupCommit[int]
) -> None:
    await commits.add(0, 1)
    assert books.groups == [[0]]
    await asyncio.gather(*(commits.add(number, 1) for number in range(1, 951)))
    assert [len(group) for group in books.groups] == [1, 400, 400, 150]
    assert sorted(each for group in books.groups for each in group) == list(range(951))


async def test_where_several_come_at_once_the_next_wait_for_company_and_who_comes_alone_never_does(
    books: Books, commits: GroupCommit[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "EVERY", 0.2)
    began = time.perf_counter()
    await commits.add(0, 1)
    await commits.add(1, 1)
    assert time.perf_counter() - began < 0.2
    await asyncio.gather(commits.add(2, 1), commits.add(3, 1))
    later = []
    for number in (4, 5, 6):
        later.append(asyncio.create_task(commits.add(number, 1)))
        await asyncio.sleep(0.001)
    await asyncio.gather(*later)
    assert books.groups == [[0], [1], [2, 3], [4, 5, 6]]


async def test_what_is_heavy_goes_in_small_groups_or_alone(books: Books) -> None:
    commits = GroupCommit(books.write, 1, "too late", weigh=lambda item: item)
    await asyncio.gather(*(commits.add(weight, 1) for weight in (100, 200, 150, 1_000, 390, 10, 1)))
    assert books.groups == [[100, 200], [150], [1_000], [390, 10], [1]]


async def test_each_hears_of_its_own_failure_alone(books: Books, commits: GroupCommit[int]) -> None:
    books.refused = {3, 7}
    told = await asyncio.gather(*(commits.add(number, 1) for number in range(10)), return_exceptions=True)
    assert [str(each) for each in told if each is not None] == ["3", "7"]
    assert sorted(each for group in books.groups for each in group) == [0, 1, 2, 4, 5, 6, 8, 9]


async def test_nobody_waits_longer_than_they_said(books: Books, commits: GroupCommit[int]) -> None:
    books.open.clear()
    began = time.perf_counter()
    told = await asyncio.gather(*(commits.add(number, 0.2) for number in range(5)), return_exceptions=True)
    assert {type(each) for each in told} == {Unavailable}
    assert time.perf_counter() - began < 1
    books.open.set()
    await commits.add(9, 1)
    assert [9] in books.groups, "what was given up holds nobody up"


async def test_what_was_given_up_before_its_turn_is_not_written(books: Books) -> None:
    commits = GroupCommit(books.write, 5, "too late")
    books.open.clear()
    stuck = asyncio.create_task(commits.add(1, 5))
    await asyncio.sleep(0.02)
    with pytest.raises(Unavailable):
        await commits.add(2, 0.05)
    books.open.set()
    await stuck
    await commits.add(3, 5)
    assert books.groups == [[1], [3]]


async def test_a_slow_group_is_given_up_for_the_next(books: Books, commits: GroupCommit[int]) -> None:
    """Who comes while a group is stuck has their time still."""
    books.open.clear()
    stuck = asyncio.create_task(commits.add(1, 5))
    await asyncio.sleep(0.05)
    later = asyncio.create_task(commits.add(2, 5))
    with pytest.raises(Unavailable):
        await stuck
    books.open.set()
    await later
    assert [2] in books.groups


async def test_all_hear_that_the_database_is_gone(books: Books, commits: GroupCommit[int]) -> None:
    books.gone = True
    told = await asyncio.gather(*(commits.add(number, 1) for number in range(5)), return_exceptions=True)
    assert {type(each) for each in told} == {Unavailable}
    assert len({id(each) for each in told}) == 5, "each its own: an exception carries the way that it came"


async def test_who_is_cancelled_takes_nobody_along(books: Books, commits: GroupCommit[int]) -> None:
    books.open.clear()
    tasks = [asyncio.create_task(commits.add(number, 5)) for number in range(4)]
    await asyncio.sleep(0.02)
    tasks[0].cancel()
    tasks[2].cancel()
    books.open.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each).__name__ for each in told] == ["CancelledError", "NoneType", "CancelledError", "NoneType"]
    assert {1, 3} <= {each for group in books.groups for each in group}


async def test_more_than_can_wait_are_refused_at_once(
    books: Books, commits: GroupCommit[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "WAITING", 3)
    books.open.clear()
    waiting = [asyncio.create_task(commits.add(0, 5))]
    await asyncio.sleep(0.02)  # that one is being written now
    waiting += [asyncio.create_task(commits.add(number, 5)) for number in range(1, 4)]
    await asyncio.sleep(0.02)
    with pytest.raises(Unavailable):
        await commits.add(9, 5)
    books.open.set()
    await asyncio.gather(*waiting)
    assert books.groups == [[0], [1, 2, 3]]
