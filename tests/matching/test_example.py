"""The worked example of the page is what the code computes today."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .example import allocated, audited, scored

PAGE = (Path(__file__).parents[2] / "docs" / "matching.md").read_text()


@pytest.mark.parametrize("part", [scored, allocated, audited])
def test_the_page_shows_what_is_computed(part: Callable[[], Iterator[str]]) -> None:
    """`python -m tests.matching.example` prints it anew."""
    assert "\n".join(part()) in PAGE
