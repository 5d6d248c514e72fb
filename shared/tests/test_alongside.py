"""Work beside a service ends with it, whatever becomes of either."""

import asyncio

import pytest

from stena.alongside import alongside


async def test_work_goes_on_beside_and_is_over_when_the_context_is() -> None:
    begun, over = asyncio.Event(), list[str]()

    async def work(name: str) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # closing what it holds takes it a moment
            over.append(name)

    async with alongside(work("one"), work("two")):
        await begun.wait()
        assert over == []
    assert over == ["one", "two"]


async def test_what_goes_wrong_in_the_context_is_told_and_the_work_ends_all_the_same() -> None:
    over = list[bool]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            over.append(True)
            raise RuntimeError("ended badly")

    async def go_wrong() -> None:
        async with alongside(work()):
            await asyncio.sleep(0)
            raise LookupError

    with pytest.raises(LookupError):
        await go_wrong()
    assert over == [True]
