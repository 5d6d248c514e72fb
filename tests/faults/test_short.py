"""A few of the faults of ``make faults``, with more patience: machines that run tests are busy."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Final

import pytest

from tests.leaks.report import unwatched

from .asked import LONGEST
from .faults import Fault, all_faults
from .judging import Bounds
from .lies import Liar
from .place import Means
from .running import run

pytestmark = pytest.mark.processes
CHOSEN: Final = ("kill PostgreSQL", "policy-svc says: of another purpose", "cut: gateway to profile-svc")
PATIENT: Final = Bounds({}, otherwise=LONGEST, recovered=inf)


def chosen(liar: Liar) -> Sequence[Fault]:
    return [replace(fault, stays=min(fault.stays, 1.0)) for fault in all_faults(liar) if fault.name in CHOSEN]


async def test_whatever_is_done_to_it_the_wall_holds(tmp_path: Path) -> None:
    outcome = await run(tmp_path, chosen, Means(mounts=False, clocks=False), PATIENT, unwatched)
    assert {each.name: each.broken for each in outcome.verdicts} == dict.fromkeys(CHOSEN, ())
    assert outcome.broken == []
