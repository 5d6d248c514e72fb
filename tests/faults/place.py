"""A deployment that can be harmed: wires between its services, small disks below its ledger, clocks that can be set."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.credentials.tokens import new_secret, secret_hash
from stena_local.layout import GATEWAY, MATCHING, POLICY, PROFILE, SERVICES, Layout
from stena_local.postgres import SUPERUSER
from stena_local.running import Running
from stena_local.settings import Settings, inherited
from stena_local.testing import free_row
from tests.leaks.deployed import NO_LIMITS, Deployed, Machine, _output
from tests.leaks.inside.read_ledger import LEDGER
from tests.leaks.target import Registered

from .wires import Wire

CHECKOUT: Final = Path(__file__).parents[2]
FAKETIME: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
"""Debian's package `libfaketime`."""

WIRES: Final = {
    "gateway to policy-svc": (GATEWAY, "GATEWAY_POLICY_URL", POLICY),
    "gateway to profile-svc": (GATEWAY, "GATEWAY_PROFILE_URL", PROFILE),
    "gateway to matching-svc": (GATEWAY, "GATEWAY_MATCHING_URL", MATCHING),
    "profile-svc to policy-svc": (PROFILE, "PROFILE_POLICY_URL", POLICY),
    "matching-svc to policy-svc": (MATCHING, "MATCHING_POLICY_URL", POLICY),
    "matching-svc to gateway": (MATCHING, "MATCHING_GATEWAY_URL", GATEWAY),
}
ROW: Final = 14 + len(WIRES)  # ports: of a deployment, and behind them one for each wire
CLOCKED: Final = (GATEWAY, POLICY)
UP_WITHIN: Final = 240.0  # seconds
PATIENCE: Final = 5  # times


@dataclass(frozen=True)
class Means:
    """What this machine lets be done to a deployment: ``mounts`` file systems, ``clocks`` of single processes."""

    mounts: bool
    clocks: bool


@dataclass(frozen=True)
class Place:
    """``disk``: what is mounted for it → the folder. ``clocks``: name of a service → the file that says how its clock goes."""

    home: Path
    machine: "Harmed"
    wires: Mapping[str, Wire]
    disks: Mapping[str, Path]
    clocks: Mapping[str, Path]

    @property
    def layout(self) -> Layout:
        return self.machine.layout

    def process(self, name: str) -> psutil.Process:
        """Of a service, or of PostgreSQL; after it was started again that is another one."""
        running = Running.read(self.home)
        assert running is not None, "the deployment has ended"
        return psutil.Process(running.children[name])


async def sql(layout: Layout, statement: str, database: str = "gateway", **values: Any) -> list[Any]:
    """As the superuser of a deployment: the first column of what the database says."""
    engine = create_async_engine(layout.server().url(database, SUPERUSER), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        said = await connection.execute(text(statement), values)
        rows = [row[0] for row in said] if said.returns_rows else []
    await engine.dispose()
    return rows


class Near(Deployed):
    """A ``Target`` whose operator is patient, as on a busy machine they have to be. What a command would spend a second of CPU
    time on is done without."""

    def __init__(self, machine: Machine, stack: AsyncExitStack, layout: Layout) -> None:
        super().__init__(machine, stack)
        self._callers, self._layout = stack, layout
        self._known: dict[tuple[str, str | None], Registered] = {}

    async def client(self, organisation: str, person: str | None = None) -> Registered:
        if (organisation, person) not in self._known:
            client_id, secret = f"cli_{secrets.token_hex(8)}", new_secret()
            of: dict[str, Any] = {"organisation": organisation, "person": UUID(person) if person else None}
            await sql(self._layout, _REGISTER, client=client_id, secret=secret_hash(secret), at=datetime.now(UTC), **of)
            http = await self._callers.enter_async_context(self.http())
            self._known[organisation, person] = Registered(http, client_id, secret)
            await self._known[organisation, person].renew()
        return self._known[organisation, person]

    async def ledger(self) -> str:
        return "\n".join(await sql(self._layout, LEDGER))

    async def _run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str:
        for _ in range(PATIENCE):
            try:
                return await super()._run(service, program, feed)
            except RuntimeError as failure:
                if "does not answer" not in str(failure):
                    raise
        return await super()._run(service, program, feed)


_REGISTER: Final = """
    INSERT INTO clients (client_id, name, organisation, person_id, secret_hash, created_at)
    VALUES (:client, 'faults', :organisation, :person, :secret, :at)
"""


class Harmed:
    """A ``Machine`` started by a supervisor that tells the services other addresses than their own."""

    name = "harmed"

    def __init__(self, home: Path, port: int, told: Mapping[str, Mapping[str, str]], folders: Mapping[str, str]) -> None:
        self.port, self.base_url = port, f"http://127.0.0.1:{port}"
        self.layout = Layout(Settings(home=home, port=port))
        self.id_keys = self.layout.secrets.id_keys
        self._environment = {**inherited(), "STENA_HOME": str(home), "STENA_PORT": str(port), **folders}
        self._environment["STENA_LIMITS_FILE"] = str(NO_LIMITS)
        self._home, self._services_are_told = home, json.dumps(told)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        with (self._home / "supervisor.log").open("wb") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.supervised", self._services_are_told],
                cwd=CHECKOUT,
                env={**inherited(), **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + UP_WITHIN
        while not self.is_ready():
            assert self._supervisor.poll() is None, self.supervision()
            assert time.monotonic() < deadline, self.supervision()
            time.sleep(0.1)

    def is_ready(self) -> bool:
        running = Running.read(self._home)
        return running is not None and running.ready

    def supervision(self) -> str:
        return (self._home / "supervisor.log").read_text(errors="replace")

    def down(self) -> None:
        if self._supervisor is not None:
            self._supervisor.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._supervisor.wait(60)
        if (left := Running.read(self._home)) is not None:
            left.stop()
        remove(self.layout)

    def run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str:
        here = {"stena": [sys.executable, "-m", "stena_local"], "python": [sys.executable]}[program[0]]
        return _output([*here, *program[1:]], feed, {**self._environment, **self.layout.operator_environment()})

    def logs(self) -> str:
        return logs_below(self.layout)

    def metrics(self) -> str:
        ports = [self.layout.metrics_port(service) for service in SERVICES]
        return "\n".join(httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text for port in ports)

    def spans(self) -> str:
        """Nobody collects any."""
        return ""


def remove(layout: Layout) -> None:
    """All that a deployment, which has ended, has made for itself."""
    for folder in layout.made_folders():
        shutil.rmtree(folder, ignore_errors=True)


def logs_below(layout: Layout) -> str:
    return "\n".join(log.read_text(errors="replace") for log in sorted(layout.logs.glob("*.log")))


@asynccontextmanager
async def harmable(folder: Path, means: Means) -> AsyncIterator[tuple[Place, Near]]:
    """A deployment below ``folder``, with everything in place by which ``means`` let it be harmed; removed afterwards."""
    port = free_row(ROW)
    wires = {name: Wire(name, port + 14 + number, port + to.offset) for number, (name, (_, _, to)) in enumerate(WIRES.items())}
    with ExitStack() as mounted:
        async with AsyncExitStack() as stack:
            for wire in wires.values():
                await stack.enter_async_context(wire.open())
            disks = {name: mounted.enter_context(_disk(folder / name, size)) for name, size in _DISKS.items() if means.mounts}
            clocks = {service.name: _clock(folder / f"clock of {service.name}") for service in CLOCKED if means.clocks}
            folders = {variable: str(disks[name]) for variable, name in _FOLDERS.items() if name in disks}
            machine = Harmed(folder / "home", port, _told(wires, clocks), folders)
            place = Place(folder / "home", machine, wires, disks, clocks)
            try:
                await asyncio.to_thread(machine.up)
                if disks:
                    await _move_ledger(place)
                yield place, Near(machine, stack, place.layout)
            finally:
                await asyncio.to_thread(machine.down)


_DISKS: Final = {"ledger": "96m", "heads": "1m", "erasures": "1m"}
_FOLDERS: Final = {"STENA_LEDGER_HEADS_DIR": "heads", "STENA_ERASURE_JOURNAL_DIR": "erasures"}


@contextmanager
def _disk(folder: Path, size: str) -> Iterator[Path]:
    """A small file system in memory."""
    folder.parent.chmod(0o711)  # PostgreSQL's account must pass through; what is inside is closed
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run([_program("umount"), "--lazy", str(folder)], check=True)


def mount(*arguments: str) -> None:
    subprocess.run([_program("mount"), *arguments], check=True, capture_output=True)


def _program(name: str) -> str:
    return shutil.which(name) or name


def _clock(file: Path) -> Path:
    file.write_text("+0")
    return file


def _told(wires: Mapping[str, Wire], clocks: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = {}
    for name, (service, variable, _) in WIRES.items():
        told.setdefault(service.name, {})[variable] = f"http://127.0.0.1:{wires[name].port}"
    for name, file in clocks.items():
        told.setdefault(name, {}).update(
            LD_PRELOAD=str(FAKETIME[0]),
            FAKETIME_TIMESTAMP_FILE=str(file),
            FAKETIME_CACHE_DURATION="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            DONT_FAKE_MONOTONIC="1",
        )
    return told


async def _move_ledger(place: Place) -> None:
    """The gateway's tables to the disk that can be filled. The ledger is nearly all of them."""
    server = place.layout.server()
    disk = place.disks["ledger"] / "space"
    disk.mkdir(mode=0o700)
    for folder in (disk.parent, disk):
        server.programs.account.own(folder)
    await sql(place.layout, f"CREATE TABLESPACE small LOCATION '{disk}'")
    await sql(place.layout, "ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE small")
    await sql(place.layout, "ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE small")


def means_here() -> Means:
    return Means(mounts=_may_mount(), clocks=bool(FAKETIME))


def _may_mount() -> bool:
    """Tried where nobody else sees it."""
    command = [_program("unshare"), "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
