"""Row 6, absent or forbidden, in its short form: one shape for both, and a time that tells nothing.

With so few calls only a plain difference is found; ``python -m tests.leaks --only timing`` takes 2,000 of each.
"""

import numpy as np
import pytest

from .attacker_learning import Auc
from .target import Target
from .timing import BESIDE, Answered, Pair, Probe, different_shapes, prepared, timed, told_apart

CALLS = 60


@pytest.fixture(scope="module")
async def probes(target: Target) -> list[Probe]:
    return await prepared(target)


async def test_nobody_and_forbidden_look_alike_in_every_call(probes: list[Probe]) -> None:
    for probe in probes:
        assert different_shapes(probe, await timed(probe, 3)) == []


async def test_nobody_and_forbidden_take_the_same_time(probes: list[Probe]) -> None:
    alone, beside = probes[:2]
    pairs = [pair for each in (alone, beside) for pair in told_apart(each, await timed(each, CALLS))]
    assert (len(pairs), len(beside.beside)) == (12, BESIDE)
    found = {str(pair) for pair in pairs if not pair.alike}
    # Of few calls two or three pairs in a thousand are found by chance: what is found is asked for anew.
    anew = [pair for each in (alone, beside) if found for pair in told_apart(each, await timed(each, CALLS, seed=2))]
    assert [f"{pair}: {pair.auc}" for pair in anew if str(pair) in found and not pair.alike] == []


def test_a_shortcut_would_be_found() -> None:
    """Answers that take some 10 ms, those about nobody without a step that takes 2."""
    chance = np.random.default_rng(4)

    def answered(fastest: float) -> list[Answered]:
        return [Answered(seconds, (404,)) for seconds in fastest + chance.gamma(2.0, 0.001, size=CALLS)]

    probe = Probe("read", "job-ranking", None, {"nobody": []}, {"restricted": []})  # type: ignore[arg-type]
    assert not told_apart(probe, {"nobody": answered(0.006), "restricted": answered(0.008)})[0].alike
    assert told_apart(probe, {"nobody": answered(0.008), "restricted": answered(0.008)})[0].alike


def test_another_shape_would_be_found() -> None:
    probe = Probe("read", "job-ranking", None, {"nobody": []}, {"restricted": []})  # type: ignore[arg-type]
    answered = {"nobody": [Answered(0.01, (404,))] * 3, "restricted": [Answered(0.01, (404,))] * 2 + [Answered(0.01, (403,))]}
    assert different_shapes(probe, answered) == ["read: restricted is answered in another shape: [(403,)]"]


def test_what_may_be_chance_is_not_held_against_the_wall() -> None:
    assert Pair("read", "nobody", "restricted", Auc(0.58, 0.49, 0.67)).alike
    assert not Pair("read", "nobody", "restricted", Auc(0.58, 0.56, 0.60)).alike
