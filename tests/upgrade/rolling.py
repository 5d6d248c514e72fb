"""A deployment that goes from the previous release to this one, a service after the other, behind wires that are moved over."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import stena_local.running
from stena_local.layout import GATEWAY, MATCHING, POLICY, PROFILE, SERVICES, Layout, Service
from stena_local.processes import HOST, command_line
from stena_local.running import Running
from stena_local.settings import Settings, inherited
from stena_local.testing import free_row
from stena_local.trouble import last_lines
from stena_local.upstreams import is_ready
from tests.faults import supervised
from tests.faults.place import Near, logs_below, remove
from tests.faults.wires import Wire
from tests.leaks.deployed import NO_LIMITS, _output

from .previous import CHECKOUT, Previous

ROW: Final = 14 + len(SERVICES)
READY_WITHIN: Final = 120.0  # seconds
LAST_ANSWER: Final = 3.0  # seconds in which every connection to a service that was replaced has had its last answer
CALLED_BY: Final = {
    POLICY: ("GATEWAY_POLICY_URL", "PROFILE_POLICY_URL", "MATCHING_POLICY_URL"),
    PROFILE: ("GATEWAY_PROFILE_URL",),
    MATCHING: ("GATEWAY_MATCHING_URL",),
    GATEWAY: ("MATCHING_GATEWAY_URL",),
}


@dataclass
class Releases:
    """A ``Machine``: both releases on one set of databases. ``wires``: service → the way to whichever release serves."""

    home: Path
    previous: Previous
    port: int
    beside: int
    wires: Mapping[Service, Wire]
    name: str = "two releases"
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base_url = f"http://{HOST}:{self.wires[GATEWAY].port}"
        self.id_keys = self.layout.secrets.id_keys

    @property
    def layout(self) -> Layout:
        return Layout(Settings(home=self.home, port=self.port, limits_file=NO_LIMITS))

    @property
    def _urls(self) -> dict[str, str]:
        return {
            variable: f"http://{HOST}:{self.wires[service].port}"
            for service, variables in CALLED_BY.items()
            for variable in variables
        }

    @property
    def _environment(self) -> dict[str, str]:
        return {**inherited(), "STENA_HOME": str(self.home), "STENA_PORT": str(self.port)}

    def up(self) -> None:
        """The previous release, whole. Its supervisor does not stay: it would start again what is taken out of service."""
        told = json.dumps({service.name: self._urls for service in SERVICES})
        self.home.mkdir(parents=True)
        with (self.home / "supervisor.log").open("wb") as log:
            supervisor = subprocess.Popen(
                [self.previous.python, supervised.__file__, told],
                cwd=self.previous.code,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _until(lambda: supervisor.poll() is not None or self._is_up())
            assert supervisor.poll() is None, (self.home / "supervisor.log").read_text()
        finally:
            supervisor.kill()
            supervisor.wait()

    def migrate(self) -> None:
        """As the operator does: with this release's command, on the databases that the previous one serves from."""
        self.layout.secrets.make()
        _output([sys.executable, "-m", "stena_local", "migrate"], environment=self._environment)

    def start(self, service: Service) -> None:
        """This release's, beside the previous one's; nobody is led to it yet."""
        environment = {
            **inherited(),
            **self.layout.environment(service),
            **self._urls,
            f"{service.name.removesuffix('-svc').upper()}_METRICS_PORT": str(self.beside + 10 + service.offset),
        }
        self._serve(service, f"new {service.name}", sys.executable, CHECKOUT, self.beside, environment)

    def start_gateway_again(self) -> None:
        """The previous release's, where it was, with whatever is left of the secrets that it knows."""
        python = str(self.previous.python)
        environment = {**self._environment, **self._operator(python), **self._urls}
        self._serve(GATEWAY, "old gateway", python, self.previous.code, self.port, environment)

    def _serve(
        self, service: Service, name: str, python: str, code: Path, first_port: int, environment: Mapping[str, str]
    ) -> None:
        port = first_port + service.offset
        with self.layout.log(name).open("wb") as log:
            process = subprocess.Popen(
                [python, "-m", *service.program, "--host", HOST, "--port", str(port)],
                cwd=code,
                env=dict(environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        try:
            _until(lambda: process.poll() is not None or is_ready(f"http://{HOST}:{port}"))
            assert process.poll() is None, "it has ended by itself"
        except AssertionError as failure:
            raise AssertionError(last_lines(self.layout.log(name))) from failure

    def lead_to(self, service: Service, *, new: bool) -> None:
        self.wires[service].to = (self.beside if new else self.port) + service.offset

    def retire(self, service: Service) -> None:
        """The previous release's, once nobody is led to it any more."""
        running = Running.read(self.home)
        assert running is not None
        pid = running.children[service.name]
        os.kill(pid, signal.SIGTERM)
        _until(lambda: not command_line(pid))

    def down(self) -> None:
        for process in self.started:
            process.terminate()
            process.wait(30)
        if (running := Running.read(self.home)) is not None:
            running.stop()
        stena_local.running.forget(self.home)
        remove(self.layout)

    def run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str:
        """With the previous release's code as long as nothing of this one runs."""
        python = sys.executable if self.started else str(self.previous.python)
        here = {"stena": [python, "-m", "stena_local"], "python": [python]}[program[0]]
        told = self._operator(python)
        return _output([*here, *program[1:]], feed, {**self._environment, **told})

    def logs(self) -> str:
        return logs_below(self.layout)

    def metrics(self) -> str:
        return ""

    def spans(self) -> str:
        return ""

    def _operator(self, python: str) -> dict[str, str]:
        exports = _output([python, "-m", "stena_local", "env"], environment=self._environment).splitlines()
        told = dict(line.removeprefix("export ").split("=", 1) for line in exports)
        return {name: value.strip("'") for name, value in told.items()}

    def _is_up(self) -> bool:
        running = Running.read(self.home)
        return running is not None and running.ready


@asynccontextmanager
async def two_releases(folder: Path, previous: Previous) -> AsyncIterator[tuple[Releases, Near]]:
    """The previous release serves; everything is ended and removed afterwards."""
    port, beside = free_row(ROW), free_row()
    wires = {service: Wire(service.name, port + 14 + number, port + service.offset) for number, service in enumerate(SERVICES)}
    async with AsyncExitStack() as stack:
        for wire in wires.values():
            await stack.enter_async_context(wire.open())
        releases = Releases(folder / "home", previous, port, beside, wires)
        try:
            await asyncio.to_thread(releases.up)
            yield releases, Near(releases, stack, releases.layout)
        finally:
            await asyncio.to_thread(releases.down)


def _until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
