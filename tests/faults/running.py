"""One run: a deployment, callers who go on with their work, and one fault after another; then all that was seen is judged."""

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from gateway.record.commands import ledger
from stena_local.layout import Layout
from tests.leaks.matrix import left_behind
from tests.leaks.report import Progress

from .faults import Fault
from .judging import Bounds, Span, Verdict, verdict
from .lies import Liar
from .load import KINDS, REGISTRAR, REGISTRATION, Load, Registration, at_work, prepared
from .place import Means, Place, harmable, sql

CALM: Final = 1.5  # seconds without a failure after which nobody looks any longer
LOOKED_FOR: Final = 12.0  # seconds after which that is no longer waited for
SEVERAL: Final = ("list", "search", "changes", "candidates", "matches")
BOUNDS: Final = Bounds(dict.fromkeys(SEVERAL, 6.0), otherwise=2.0, recovered=5.0)
"""Of many people: five seconds, as long as whoever is asked shows that they are well. A second is for the machine."""

Choose = Callable[[Liar], Sequence[Fault]]


@dataclass(frozen=True)
class Outcome:
    """``untried``: faults that this machine has no means for. ``broken``: what is wrong at the end, of no single fault."""

    verdicts: Sequence[Verdict]
    untried: Sequence[Fault]
    registered: int
    broken: Sequence[str]

    @property
    def kept(self) -> bool:
        return not self.broken and not any(each.broken for each in self.verdicts)


async def run(folder: Path, choose: Choose, means: Means, bounds: Bounds, told: Progress) -> Outcome:
    """Below ``folder``, which is empty."""
    async with harmable(folder, means) as (place, target):
        chosen = choose(Liar(place.layout.secrets.folder))
        possible = [fault for fault in chosen if fault.possible(means)]
        load = await prepared(target)
        spans = await _through(possible, place, load, told)
        broken = [
            *await still_true(place.layout, load),
            *(fault.text for fault in await left_behind(target, load.asking.finder)),
            *await verified(place.layout, load, place.disks.get("heads", place.home / "ledger"), folder),
        ]
        entries = await entries_of(place.layout)
        verdicts = [verdict(span, load.asking.calls, entries, bounds) for span in spans]
        untried = [fault for fault in chosen if fault not in possible]
        return Outcome(verdicts, untried, len(load.registered), broken)


async def _through(faults: Sequence[Fault], place: Place, load: Load, told: Progress) -> list[Span]:
    spans = []
    async with at_work(load):
        await _calm(load, time.monotonic())
        for number, fault in enumerate(faults):
            told(number, len(faults))
            spans.append(await _through_one(fault, place, load))
        told(len(faults), len(faults))
    return spans


async def _through_one(fault: Fault, place: Place, load: Load) -> Span:
    seen: list[str] = []
    begun = in_force = ended = time.monotonic()
    try:
        async with fault.harm(place, load):
            in_force = time.monotonic()
            await asyncio.sleep(fault.stays)
            ended = time.monotonic()
    except AssertionError as failure:
        seen.append(str(failure))
        ended = time.monotonic()
    await _calm(load, ended)
    return Span(fault, begun, in_force, ended, time.monotonic(), tuple(seen))


async def _calm(load: Load, ended: float) -> None:
    """Until every kind of call has succeeded since, and none has failed for a while."""
    while time.monotonic() < ended + LOOKED_FOR:
        await asyncio.sleep(0.1)
        after = [call for call in load.asking.calls if call.begun > ended]
        last = max((call.ended for call in after if not call.is_well), default=ended)
        well = {call.kind for call in after if call.is_well and call.begun > last}
        if well == KINDS and time.monotonic() > last + CALM:
            return


async def still_true(layout: Layout, load: Load) -> list[str]:
    """What was acknowledged is there, once; what was taken back is not in effect."""
    broken = []
    for one in load.registered:
        await _until_known(load, one)
        answer = await load.callers[REGISTRAR]("GET", f"/v1/persons/{one.id}", REGISTRATION)
        if answer.status_code != 200:
            broken.append(f"somebody whose registration was acknowledged is not there ({answer.status_code})")
        if one.others:
            broken.append("the same Idempotency-Key made somebody twice")
    (stored,) = await sql(layout, _REGISTERED, "profile")
    if stored != len(load.registered):
        broken.append(f"{len(load.registered)} were registered, {stored} are there")
    for wavering in load.wavering:
        if not await load.look(wavering):
            broken.append("a consent cannot be looked at in the end")
    return [*broken, *load.broken]


_REGISTERED: Final = "SELECT count(*) FROM persons WHERE created_by = 'reception-agency' AND external_ref IS NULL"


async def _until_known(load: Load, one: Registration) -> None:
    for _ in range(20):
        await load.send(one)
        if one.id is not None:
            return
        await asyncio.sleep(0.2)


async def entries_of(layout: Layout) -> Mapping[str, int]:
    """Decision → of how many people the ledger says that something was shown with it."""
    told = await sql(layout, _SHOWN)
    return {decision: int(people) for decision, people in (line.split(" ") for line in told)}


_SHOWN: Final = """
    SELECT decision || ' ' || max(people) FROM ledger
    WHERE outcome IN ('answered', 'done') AND decision IS NOT NULL GROUP BY decision
"""


async def verified(layout: Layout, load: Load, heads: Path, folder: Path) -> list[str]:
    """The ledger is what was signed. The heads first: of those that are made meanwhile the export lacks the last entries."""
    kept = shutil.copytree(heads, folder / "kept")
    known = await load.callers[REGISTRAR]("GET", "/.well-known/ledger-keys.json")
    keys, export = folder / "keys.json", folder / "export.ndjson"
    keys.write_bytes(known.content)
    for command in (["export", "--output", str(export)], ["verify", str(export), "--heads", str(kept), "--key", str(keys)]):
        done = await asyncio.to_thread(CliRunner().invoke, ledger, command, env=layout.operator_environment())
        if done.exit_code != 0:
            return [f"the ledger does not verify: {done.output}"]
    return []
