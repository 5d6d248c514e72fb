"""A deployment of real processes, on this machine or in containers: used over HTTP and through the operator's commands."""

import asyncio
import json
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from stena_local.settings import inherited
from stena_local.testing import free_row
from tests.observing.receiver import Collector, collecting

from .target import Line, Registered, Target, named

NO_LIMITS: Final = Path(__file__).parents[1] / "no_limits.yaml"
SHARE: Final = 1.0
"""Of the calls that are traced."""
FLUSHED: Final = 0.5  # seconds after which a service has told of its spans
INSIDE: Final = Path(__file__).parent / "inside"
"""Small programs that run where a service does, with what it is told."""

SERVICES: Final = ("gateway", "policy-svc", "profile-svc", "matching-svc")


class Machine(Protocol):
    """Where the processes are: how a program is run beside a service, and how its logs and metrics are read."""

    name: str
    base_url: str
    id_keys: Path

    def run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str: ...

    def logs(self) -> str: ...

    def metrics(self) -> str: ...

    def spans(self) -> str: ...


class Deployed:
    """A ``Target``. Commands of the operator block, so they run beside the event loop."""

    def __init__(self, machine: Machine, stack: AsyncExitStack) -> None:
        self._machine, self._stack = machine, stack
        self.name, self.base_url = machine.name, machine.base_url
        self._clients: dict[tuple[str, str | None], Registered] = {}

    def http(self, **options: Any) -> httpx.AsyncClient:
        trusted = ssl.create_default_context()  # with the certificate in SSL_CERT_FILE, where that is set
        return httpx.AsyncClient(base_url=self.base_url, trust_env=False, timeout=30, verify=trusted, **options)

    async def client(self, organisation: str, person: str | None = None) -> Registered:
        if (organisation, person) not in self._clients:
            bound = ("--person", person) if person else ()
            wanted = ("client", "add", "--organisation", organisation, "--name", "leaks", *bound, "--json")
            made = json.loads(await self._run("gateway", ["stena", *wanted]))
            http = await self._stack.enter_async_context(self.http())
            caller = Registered(http, made["client_id"], made["client_secret"])
            await caller.renew()
            self._clients[organisation, person] = caller
        return self._clients[organisation, person]

    async def put(self, lines: Iterable[Line]) -> list[str]:
        people = list(lines)
        body = "".join(json.dumps(line) + "\n" for line in people)
        await self._run("profile-svc", ["stena", "import", "/dev/stdin"], body.encode())
        wanted = [[line["created_by"], line["external_id"]] for line in people]
        return list(json.loads(await self._run("profile-svc", _inside("find_people"), json.dumps(wanted).encode())))

    async def pairwise(self, internal: str, organisation: str, purpose: str) -> str:
        return named(self._machine.id_keys, internal, organisation, purpose)

    async def logs(self) -> str:
        return await asyncio.to_thread(self._machine.logs)

    async def metrics(self) -> str:
        return await asyncio.to_thread(self._machine.metrics)

    async def spans(self) -> str:
        return await asyncio.to_thread(self._machine.spans)

    async def ledger(self) -> str:
        return await self._run("gateway", _inside("read_ledger"))

    async def _run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str:
        return await asyncio.to_thread(self._machine.run, service, program, feed)


class Embedded:
    """A deployment of its own on this machine, in ``home``."""

    name = "embedded"

    def __init__(self, home: Path, collector: Collector) -> None:
        self._collector = collector
        self._port = free_row()
        self.base_url = f"http://127.0.0.1:{self._port}"
        self.id_keys = home / "secrets" / "id-keys"
        self._logs = home / "logs"
        self._environment = {
            **inherited(),
            "STENA_HOME": str(home),
            "STENA_PORT": str(self._port),
            "STENA_LOG_LEVEL": "DEBUG",
            "STENA_LIMITS_FILE": str(NO_LIMITS),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_TRACES_SAMPLER_ARG": str(SHARE),
            "OTEL_BSP_SCHEDULE_DELAY": str(1000 * FLUSHED),
        }
        self._told: Mapping[str, str] = {}

    def up(self) -> None:
        self.run("", ["stena", "up", "--detach"])
        exports = self.run("", ["stena", "env"]).splitlines()
        told = dict(line.removeprefix("export ").split("=", 1) for line in exports)
        self._told = {name: value.strip("'") for name, value in told.items()}

    def down(self) -> None:
        self.run("", ["stena", "down"])
        self.run("", ["stena", "remove", "--yes"])

    def run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str:
        here = {"stena": [sys.executable, "-m", "stena_local"], "python": [sys.executable]}[program[0]]
        return _output([*here, *program[1:]], feed, {**self._environment, **self._told})

    def logs(self) -> str:
        return "\n".join(log.read_text(errors="replace") for log in sorted(self._logs.glob("*.log")))

    def spans(self) -> str:
        time.sleep(2 * FLUSHED)
        return self._collector.text()

    def metrics(self) -> str:
        ports = range(self._port + 10, self._port + 10 + len(SERVICES))
        return "\n".join(httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text for port in ports)


class Compose:
    """Containers that run already; ``compose`` is how they are spoken to, ``secrets`` the folder that they were given."""

    name = "compose"

    def __init__(self, compose: Sequence[str], url: str, secrets: Path) -> None:
        self._compose = list(compose)
        self.base_url = url
        self.id_keys = secrets / "id-keys"

    def run(self, service: str, program: Sequence[str], feed: bytes = b"") -> str:
        return _output([*self._compose, "exec", "-T", service, *program], feed)

    def logs(self) -> str:
        return _output([*self._compose, "logs", "--no-color", *SERVICES, "nginx", "postgres"])

    def spans(self) -> str:
        return ""  # nobody collects them there

    def metrics(self) -> str:
        return "\n".join(self.run(service, _inside("read_metrics")) for service in SERVICES)


@asynccontextmanager
async def embedded(place: Path) -> AsyncIterator[Target]:
    """Real processes on free ports, with data and keys below ``place``, ended and removed afterwards."""
    async with AsyncExitStack() as stack:
        machine = Embedded(place / "home", stack.enter_context(collecting()))
        try:
            await asyncio.to_thread(machine.up)
            yield Deployed(machine, stack)
        finally:
            await asyncio.to_thread(machine.down)


@asynccontextmanager
async def containers(compose: Sequence[str], url: str, secrets: Path) -> AsyncIterator[Target]:
    """The containers that `deploy/compose-test.sh` has brought up and will take down."""
    async with AsyncExitStack() as stack:
        yield Deployed(Compose(compose, url, secrets), stack)


def _inside(name: str) -> list[str]:
    return ["python", "-c", (INSIDE / f"{name}.py").read_text()]


def _output(command: Sequence[str], feed: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, input=feed, env=environment, capture_output=True, timeout=180, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[:4]} failed:\n{(done.stderr or done.stdout).decode(errors='replace')[-2000:]}")
    return done.stdout.decode()
