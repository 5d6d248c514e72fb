"""Starts the deployment in order, watches over it and stops it in reverse. Owns processes; knows nothing of what they do."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stena_local import running
from stena_local.layout import GATEWAY, MATCHING, POLICY, PROFILE, SERVICES, Layout, Service
from stena_local.postgres import Server
from stena_local.processes import HOST, require_free
from stena_local.registration import register_matching
from stena_local.running import Running
from stena_local.settings import inherited
from stena_local.trouble import DeploymentError, last_lines
from stena_local.upstreams import is_ready

Say = Callable[[str], None]
_LOG_LIMIT = 20 * 1024 * 1024
_MOST_RESTARTS, _RESTART_WINDOW = 3, 60.0
"""So many restarts of one process in so many seconds; one more end, and everything is stopped with a message that says what to
do."""


@dataclass
class Supervisor:
    """One deployment. ``run`` returns after a clean stop and raises ``DeploymentError`` with what to do otherwise."""

    layout: Layout
    say: Say
    stopped: threading.Event = field(default_factory=threading.Event)
    server: Server | None = None
    children: dict[Service, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: dict[str, list[float]] = field(default_factory=dict)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call ``on_ready``, and stay until a signal asks to stop or a part cannot be kept running."""
        self._refuse_second()
        self._prepare()
        self._listen_to_signals()
        steps = [self._start_postgres, self._migrate, self._start_wall, self._start_matching, self._wait_until_all_ready]
        try:
            for step in (*steps, on_ready):
                if not self.stopped.is_set():
                    step()
            while not self.stopped.wait(0.2):
                self._start_again_what_ended()
                self._require_all_alive()
        finally:
            self._stop()

    def _prepare(self) -> None:
        """Everything that can be refused before anything runs."""
        layout = self.layout
        layout.make_folders()
        layout.secrets.make()
        for service in SERVICES:
            require_free(layout.port(service), service.name)
            require_free(layout.metrics_port(service), f"the metrics of {service.name}")
        for name in ("postgres", "migrations", *(service.name for service in SERVICES)):
            _limit(layout.log(name))

    def _start_postgres(self) -> None:
        self.say("PostgreSQL …")
        server = self.layout.server()
        is_new = not server.data.exists()
        self.server = server
        server.start()
        self._note(ready=False)
        server.provision_all()
        if is_new:
            self.layout.secrets.forget_client()

    def _migrate(self) -> None:
        self.say("Migrations …")
        log = self.layout.log("migrations")
        with log.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "-m", "stena_local", "migrate"],
                env={**inherited(), **self.layout.operator_environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                start_new_session=True,
            )
        if done.returncode != 0:
            raise DeploymentError(
                f"A migration failed; the databases are as they were before it. {log} ends with:\n{last_lines(log)}"
            )

    def _start_wall(self) -> None:
        self.say("Services …")
        self._start_services(GATEWAY, POLICY, PROFILE)

    def _start_matching(self) -> None:
        """After the others: the first time it must become a client of the gateway, which asks policy-svc who that may be."""
        if not self.layout.secrets.client_id.exists():
            self._wait_until_ready(POLICY)
            register_matching(self.layout.secrets, {**inherited(), **self.layout.operator_environment()})
        self._start_services(MATCHING)

    def _wait_until_all_ready(self) -> None:
        self._wait_until_ready(*SERVICES)
        self._note(ready=not self.stopped.is_set())

    def _start_services(self, *services: Service) -> None:
        for service in services:
            with self.layout.log(service.name).open("ab") as log:
                environment = {**inherited(), **self.layout.environment(service)}
                self.children[service] = _serve(service, self.layout.port(service), environment, log.fileno())
        self._note(ready=False)

    def _wait_until_ready(self, *services: Service, timeout: float = 60) -> None:
        waiting, deadline = list(services), time.monotonic() + timeout
        while waiting and not self.stopped.is_set():
            self._require_all_alive()
            waiting = [service for service in waiting if not is_ready(self.layout.url(service))]
            if waiting and time.monotonic() > deadline:
                log = self.layout.log(waiting[0].name)
                names = ", ".join(service.name for service in waiting)
                raise DeploymentError(f"Not ready within {timeout:.0f} s: {names}. {log} ends with:\n{last_lines(log)}")
            self.stopped.wait(0.1)

    def _start_again_what_ended(self) -> None:
        """Meanwhile the wall answers 503. Whatever keeps ending has a cause that starting again would only hide."""
        server = self.server
        if server is not None and server.process is not None and self._starts_again("postgres", server.process):
            server.start()  # nothing that was committed is lost: it reads its log of writes first
            self._note(ready=True)
        for service, process in list(self.children.items()):
            if self._starts_again(service.name, process):
                self._start_services(service)
                self._note(ready=True)

    def _starts_again(self, name: str, process: subprocess.Popen[bytes]) -> bool:
        """Whether it has ended by itself, and not too often of late."""
        lately = [at for at in self.restarts.get(name, []) if at > time.monotonic() - _RESTART_WINDOW]
        if process.poll() is None or len(lately) >= _MOST_RESTARTS:
            return False
        self.restarts[name] = [*lately, time.monotonic()]
        cause, log = _cause(process.returncode), self.layout.log(name)
        self.say(f"{name} ended by itself ({cause}) and is started again. Why it ended may stand in {log}.")
        return True

    def _require_all_alive(self) -> None:
        processes = {service.name: process for service, process in self.children.items()}
        if self.server is not None and self.server.process is not None:
            processes["postgres"] = self.server.process
        for name, process in processes.items():
            if process.poll() is not None:
                log = self.layout.log(name)
                raise DeploymentError(
                    f"{name} ended by itself ({_cause(process.returncode)}); everything is being stopped. "
                    f"Mend what it says and start again with `stena up`. {log} ends with:\n{last_lines(log)}"
                )

    def _stop(self) -> None:
        """The door first, what stands behind it afterwards, the data last."""
        self.say("Stopping …")
        for service in (MATCHING, GATEWAY, PROFILE, POLICY):
            process = self.children.pop(service, None)
            if process is not None:
                _end(process)
        if self.server is not None:
            self.server.stop()
        running.forget(self.layout.home)

    def _refuse_second(self) -> None:
        note = Running.read(self.layout.home)
        if note is not None:
            raise DeploymentError(
                f"Stena runs already from {self.layout.home} (process {note.supervisor}). Stop it with `stena down`."
            )

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopped.set())

    def _note(self, *, ready: bool) -> None:
        children = {service.name: process.pid for service, process in self.children.items()}
        if self.server is not None and self.server.process is not None:
            children["postgres"] = self.server.process.pid
        Running.of(os.getpid(), self.layout.settings.port, children, ready=ready).write(self.layout.home)


def _serve(service: Service, port: int, environment: Mapping[str, str], log: int) -> subprocess.Popen[bytes]:
    """One worker on loopback. Its own session, so that a Ctrl-C reaches the supervisor alone, which knows the order."""
    return subprocess.Popen(
        [sys.executable, "-m", *service.program, "--host", HOST, "--port", str(port)],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _cause(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _limit(log: Path) -> None:
    """Begin a log anew, keeping one old one, when it has grown large."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
