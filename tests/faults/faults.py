"""Everything that is done to the house: how it begins and how it ends. What must hold meanwhile is for ``judging`` to say."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal

import httpx
import psutil

from stena_local.processes import HOST

from .lies import Liar
from .load import Load
from .place import CLOCKED, Means, Place, mount
from .wires import WELL, Manner

SERVICES: Final = ("gateway", "policy-svc", "profile-svc", "matching-svc")
STAYS: Final = 3.0  # seconds for which a fault stays
JUMP: Final = 600  # seconds
NOTICED: Final = 10.0  # seconds within which a process notices that its clock was set
HEADS_DUE: Final = 14.0  # seconds in which a head of the ledger is surely made

Harm = Callable[[Place, Load], AbstractAsyncContextManager[None]]
Need = Literal["mounts", "clocks"]


@dataclass(frozen=True)
class Fault:
    """``harm`` begins when entered and has ended when left; it raises ``AssertionError`` for what it sees itself.

    ``away``: callers reach nobody meanwhile. ``shut``: nobody may be shown anything meanwhile. ``felt``: some call of the load
    fails or waits meanwhile, or it was no fault.
    """

    name: str
    harm: Harm
    stays: float = STAYS
    away: bool = False
    shut: bool = False
    felt: bool = True
    needs: Need | None = None

    def possible(self, means: Means) -> bool:
        return self.needs is None or bool(getattr(means, self.needs))


def all_faults(liar: Liar) -> list[Fault]:
    """In an order in which no process is killed so often that the supervisor takes it for lost."""
    return [*_of_processes(), *_of_policy(liar), *_of_wires(), *_of_disks(), *_of_clocks()]


def _of_processes() -> Iterator[Fault]:
    for service in SERVICES:
        yield Fault(f"kill {service}", partial(_killed, service), stays=0, away=service == "gateway", felt=False)
    for service in SERVICES:
        shut = service not in ("gateway", "matching-svc")
        yield Fault(f"stop {service}", partial(_stopped, service), away=service == "gateway", shut=shut)
    yield Fault("restart PostgreSQL", partial(_ended, signal.SIGINT), stays=0)
    yield Fault("stop PostgreSQL", partial(_stopped, "postgres"), shut=True)
    yield Fault("kill PostgreSQL", partial(_ended, signal.SIGKILL), stays=0)


def _of_policy(liar: Liar) -> Iterator[Fault]:
    for lie, retell in liar.all().items():
        harm = partial(_wired, ("gateway to policy-svc",), Manner(retell=retell))
        yield Fault(f"policy-svc says: {lie}", harm, stays=1.5, shut=True)


def _of_wires() -> Iterator[Fault]:
    everywhere = tuple(sorted(_EVERYWHERE))
    yield Fault("2 s later everywhere", partial(_wired, everywhere, Manner(delay=2.0)), shut=True)
    yield Fault("5 % lost everywhere", partial(_wired, everywhere, Manner(lost=0.05)), stays=6, felt=False)
    yield Fault("5 % reset everywhere", partial(_wired, everywhere, Manner(reset=0.05)), stays=6)
    for name, manner in (("deaf", Manner(deaf=True)), ("noise", Manner(noise=True)), ("cut", Manner(cut=True))):
        yield Fault(f"{name}: gateway to policy-svc", partial(_wired, ("gateway to policy-svc",), manner), shut=True)
        yield Fault(f"{name}: gateway to profile-svc", partial(_wired, ("gateway to profile-svc",), manner), shut=True)
        yield Fault(f"{name}: gateway to matching-svc", partial(_wired, ("gateway to matching-svc",), manner))
    yield Fault(
        "deaf: profile-svc to policy-svc", partial(_wired, ("profile-svc to policy-svc",), Manner(deaf=True)), felt=False
    )


_EVERYWHERE: Final = frozenset(
    {"gateway to policy-svc", "gateway to profile-svc", "gateway to matching-svc", "profile-svc to policy-svc"}
    | {"matching-svc to policy-svc", "matching-svc to gateway"}
)


def _of_disks() -> Iterator[Fault]:
    yield Fault("disk of the ledger full", _ledger_full, stays=4, needs="mounts")
    yield Fault("disk of the heads full", _heads_full, stays=HEADS_DUE, felt=False, needs="mounts")
    yield Fault("journal of erasures read-only", _journal_read_only, felt=False, needs="mounts")


def _of_clocks() -> Iterator[Fault]:
    for service in ("policy-svc", "gateway"):
        for seconds in (JUMP, -JUMP):
            harm = partial(_clock_set, service, seconds)
            name = f"clock of {service} {seconds // 60:+} min"
            yield Fault(name, harm, shut=True, needs="clocks")


@asynccontextmanager
async def _killed(service: str, place: Place, load: Load) -> AsyncIterator[None]:
    place.process(service).kill()
    yield


@asynccontextmanager
async def _ended(how: signal.Signals, place: Place, load: Load) -> AsyncIterator[None]:
    """PostgreSQL alone: its workers notice by themselves that nobody is there any more."""
    place.process("postgres").send_signal(how)
    yield


@asynccontextmanager
async def _stopped(name: str, place: Place, load: Load) -> AsyncIterator[None]:
    """It is there, and does nothing: harder to notice than one that is gone."""
    process = place.process(name)
    stopped = [process, *process.children(recursive=True)]
    for each in stopped:
        each.suspend()
    try:
        yield
    finally:
        for each in reversed(stopped):
            _resume(each)


def _resume(process: psutil.Process) -> None:
    try:
        process.resume()
    except psutil.NoSuchProcess:
        return


@asynccontextmanager
async def _wired(names: Iterable[str], manner: Manner, place: Place, load: Load) -> AsyncIterator[None]:
    wires = [place.wires[name] for name in names]
    for wire in wires:
        wire.manner = manner
    try:
        yield
    finally:
        for wire in wires:
            wire.manner = WELL


@asynccontextmanager
async def _ledger_full(place: Place, load: Load) -> AsyncIterator[None]:
    with _filled(place.disks["ledger"]):
        yield


@asynccontextmanager
async def _heads_full(place: Place, load: Load) -> AsyncIterator[None]:
    """The wall goes on, and says that something has to be mended; afterwards every head is there."""
    with _filled(place.disks["heads"]):
        yield
        assert await _degraded(place), "nobody was told that heads are not kept"
    for _ in range(40):
        if not await _degraded(place):
            return
        await asyncio.sleep(0.25)
    raise AssertionError("heads are not kept again")


async def _degraded(place: Place) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = (await http.get(f"{place.machine.base_url}/readyz")).json()
    return answer["checks"].get("ledger heads") is False


@asynccontextmanager
async def _journal_read_only(place: Place, load: Load) -> AsyncIterator[None]:
    """Whoever asks to be erased is not until that can be written down, and hears so."""
    folder = str(place.disks["erasures"])
    mount("-o", "remount,ro", folder)
    try:
        assert await load.leave() == 503, "somebody was told that they are erased, and it was not written down"
        assert await load.is_there(), "somebody was erased without its being written down"
        yield
    finally:
        mount("-o", "remount,rw", folder)
    left = await _left(load)
    assert left in (204, 401, 404), f"nobody can be erased any more: {left}"
    assert not await load.is_there(), "somebody is still there after they were erased"


async def _left(load: Load) -> int:
    """What they hear in the end who ask to be erased; whoever asks again after that is nobody any more."""
    for _ in range(40):
        if (said := await load.leave()) != 503:
            break
        await asyncio.sleep(0.25)
    return said


@asynccontextmanager
async def _clock_set(service: str, seconds: int, place: Place, load: Load) -> AsyncIterator[None]:
    """Entered, and left, when the process has noticed."""
    await _set(place, service, seconds)
    try:
        yield
    finally:
        await _set(place, service, 0)


async def _set(place: Place, service: str, seconds: int) -> None:
    file = place.clocks[service]
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+}")
    new.replace(file)
    for _ in range(int(NOTICED / 0.1)):
        if abs(await _ahead(place, service) - seconds) < JUMP / 2:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the clock of {service} did not come to be {seconds} seconds ahead")


async def _ahead(place: Place, service: str) -> float:
    """By how many seconds: each of its answers says what time it is."""
    (port,) = (place.layout.port(each) for each in CLOCKED if each.name == service)
    async with httpx.AsyncClient(trust_env=False, timeout=NOTICED) as http:
        answer = await http.get(f"http://{HOST}:{port}/healthz")
    return parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()


@contextmanager
def _filled(folder: Path) -> Iterator[None]:
    """No byte more goes on the disk of ``folder``."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            _fill(file.fileno(), size)
    try:
        yield
    finally:
        ballast.unlink()


def _fill(file: int, size: int) -> None:
    try:
        while os.write(file, b"\0" * size):
            pass
    except OSError:
        return
