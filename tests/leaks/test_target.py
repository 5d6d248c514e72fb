"""Whatever stands there gives the same to those who attack."""

from pathlib import Path
from typing import Final

import pytest

from tests.system.people import line
from tests.system.test_refusals import RECORD

from .deployed import embedded
from .target import CATALOGUE, Target

TRIES: Final = 10
"""A look waits for what is on its way; a busy machine is later still."""


async def test_a_house_in_this_process(target: Target) -> None:
    await use(target)


@pytest.mark.processes
async def test_real_processes_with_a_deployment_of_their_own(tmp_path: Path) -> None:
    async with embedded(tmp_path) as target:
        await use(target)


async def use(target: Target) -> None:
    internal = (await target.put([line(CATALOGUE, "smoke", RECORD)]))[0]
    agency = await target.client("employment-agency")
    person = await target.pairwise(internal, "employment-agency", "job-ranking")
    answer = await agency("GET", f"/v1/persons/{person}", "job-ranking")
    assert answer.status_code == 200, answer.text
    assert answer.json()["disclosure"]["decision"] in await target.ledger()
    assert (await agency("GET", "/v1/persons", "curiosity")).status_code == 403
    assert '"service"' in await target.logs()
    assert "python_info" in await target.metrics()
    for _ in range(TRIES):
        if "/v1/persons/{id}" in await target.spans():
            return
    pytest.fail("no span of the call has come")
