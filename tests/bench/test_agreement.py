"""What is measured is the same work: py-abac and Cedar see what Stena sees, on the starter rulebook and on a generated one."""

from collections.abc import Callable

import pytest

from tests.bench.deciding import Subject, agreement, read_generated, read_starter


@pytest.mark.parametrize("read", [read_starter, lambda: read_generated(100)], ids=["starter", "generated"])
def test_all_engines_see_the_same(read: Callable[[], Subject]) -> None:
    assert agreement(read()) > 10
