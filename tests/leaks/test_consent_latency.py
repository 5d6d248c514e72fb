"""A consent that ends is without effect within a second, wherever it had one; in short, with a margin for a busy machine."""

import pytest

from .consent_latency import LIMIT, run
from .target import Target

PLACES = ("read", "list", "export", "changes", "candidates")


async def test_a_consent_that_ended_is_without_effect_everywhere(target: Target) -> None:
    found = await run(target, people=2)
    assert found.detail.keys() == {f"{how}, {place}" for how in ("withdrawn", "run out") for place in PLACES}
    slow = {place: seconds for place, seconds in found.detail.items() if seconds["p50"] > LIMIT or seconds["max"] > 3 * LIMIT}
    if slow:
        pytest.fail(f"still in effect: {slow}")
