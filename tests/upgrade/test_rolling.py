"""From the previous release to this one while organisations go on with their work: no call fails, nothing comes back that is
withheld.

``UPGRADE_QUIETLY=1``: not even a 503 that is answered when asked again, as there may be on a busy machine with one release too.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from stena_local.layout import GATEWAY, MATCHING, POLICY, PROFILE, Service
from tests.faults.asked import Asked
from tests.faults.judging import unrecorded
from tests.faults.load import KINDS, Load, at_work, prepared
from tests.faults.running import entries_of, still_true, verified
from tests.leaks.matrix import left_behind

from .previous import NoHistory, Previous, unpacked
from .rolling import LAST_ANSWER, Releases, two_releases

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif("UPGRADE" not in os.environ, reason="two releases at once want a machine of their own: make upgrade"),
]
BEHIND = (POLICY, PROFILE, MATCHING)
QUIETLY = "UPGRADE_QUIETLY" in os.environ
PATIENCE = 15.0  # seconds
FLOWS = 2.0  # seconds in which everybody has called several times


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Previous:
    try:
        return unpacked(tmp_path_factory.mktemp("previous"))
    except NoHistory as absent:
        pytest.skip(str(absent))


async def test_both_releases_serve_in_every_mixture_and_no_call_fails(previous: Previous, tmp_path: Path) -> None:
    async with two_releases(tmp_path, previous) as (releases, target):
        load = await prepared(target)
        async with at_work(load):
            async for stage in _rolled(releases):
                answered = len(load.asking.calls)
                await asyncio.sleep(FLOWS)
                assert await _answered(load, answered) == KINDS, stage
                assert _lost(load.asking.calls) == [], stage
        entries = await entries_of(releases.layout)
        broken = [
            *unrecorded(load.asking.calls, entries),
            *await still_true(releases.layout, load),
            *(fault.text for fault in await left_behind(target, load.asking.finder)),
            *await verified(releases.layout, load, releases.home / "ledger", tmp_path),
        ]
    assert broken == []


async def _rolled(releases: Releases) -> AsyncIterator[str]:
    """Every mixture of the two that an upgrade, or a step back, goes through."""
    yield "the previous release"
    await asyncio.to_thread(releases.migrate)
    yield "the previous release on migrated databases"
    for service in (GATEWAY, *BEHIND):
        await asyncio.to_thread(releases.start, service)
    releases.lead_to(GATEWAY, new=True)
    yield "this gateway, the previous services"
    releases.lead_to(GATEWAY, new=False)
    for service in BEHIND:
        await _replace(releases, service)
    yield "the previous gateway, these services"
    await _replace(releases, GATEWAY)
    yield "this release"
    await asyncio.to_thread(releases.start_gateway_again)
    releases.lead_to(GATEWAY, new=False)
    yield "a step back: the previous gateway, started anew"


async def _answered(load: Load, since: int) -> set[str]:
    """The kinds of call that were answered since then, after some time for a busy machine."""
    for _ in range(int(PATIENCE / 0.2)):
        kinds = {call.kind for call in load.asking.calls[since:] if call.is_well}
        if kinds == KINDS:
            break
        await asyncio.sleep(0.2)
    return kinds


async def _replace(releases: Releases, service: Service) -> None:
    releases.lead_to(service, new=True)
    await asyncio.sleep(LAST_ANSWER)
    await asyncio.to_thread(releases.retire, service)


def _lost(calls: Sequence[Asked]) -> list[Asked]:
    return [call for call in calls if call.broken or not (call.is_well or _answered_again(call, calls))]


def _answered_again(call: Asked, calls: Sequence[Asked]) -> bool:
    """It was told to try again, and whoever did so was answered. Of the newest calls nobody knows yet."""
    if QUIETLY or call.status != 503:
        return False
    after = [each for each in calls if each.kind == call.kind and call.ended < each.begun < call.ended + PATIENCE]
    return any(each.is_well for each in after) or calls[-1].ended < call.ended + PATIENCE
