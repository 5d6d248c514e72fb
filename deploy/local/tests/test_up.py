"""`stena up` with real processes: what runs, what listens, and what is said and left behind when something ends."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from stena_local.layout import GATEWAY, POLICY, Layout
from stena_local.processes import HOST, command_line
from stena_local.running import Running
from stena_local.settings import Settings, inherited
from stena_local.testing import free_row
from stena_local.upstreams import is_ready

from .sockets import listening

pytestmark = pytest.mark.processes
PATIENCE = 90


@pytest.fixture(autouse=True)
def nothing_left_running(deployment: "Deployment") -> Iterator[None]:
    """A test that fails half-way must not make the next one fail."""
    yield
    if Running.read(deployment.layout.home) is not None:
        deployment.stena("down")


@dataclass(frozen=True)
class Deployment:
    """A deployment in a folder and on ports of its own, seen only through its command and its processes."""

    layout: Layout

    @property
    def environment(self) -> dict[str, str]:
        return {**inherited(), "STENA_HOME": str(self.layout.home), "STENA_PORT": str(self.layout.settings.port)}

    def stena(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stena_local", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def up(self) -> subprocess.Popen[bytes]:
        """`stena up` in the foreground, ready."""
        command = [sys.executable, "-m", "stena_local", "up"]
        with self.output.open("wb") as output:
            process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            running = Running.read(self.layout.home)
            if running is not None and running.ready:
                return process
            time.sleep(0.05)
        process.kill()
        process.wait()
        raise AssertionError(self.output.read_text())

    @property
    def output(self) -> Path:
        return self.layout.home.with_name("output")

    @property
    def running(self) -> Running:
        running = Running.read(self.layout.home)
        assert running is not None
        return running


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    home = tmp_path_factory.mktemp("deployment") / "home"
    deployment = Deployment(Layout(Settings(home=home, port=free_row())))
    yield deployment
    deployment.stena("down")
    deployment.stena("remove", "--yes")


def test_everything_is_ready_on_loopback_alone_and_gone_after_down(deployment: Deployment) -> None:
    started = deployment.stena("up", "--detach")
    assert started.returncode == 0, started.stderr
    assert deployment.layout.url(GATEWAY) in started.stdout
    assert deployment.stena("status").returncode == 0
    children = dict(deployment.running.children)
    assert set(children) == {"gateway", "policy-svc", "profile-svc", "matching-svc", "postgres"}

    addresses = {name: listening(pid) for name, pid in children.items()}
    assert all(found and all(address.startswith(f"{HOST}:") for address in found) for found in addresses.values()), addresses

    assert _opened(deployment.layout) == []
    assert _shown(deployment) == []

    again = deployment.stena("up", "--detach")
    assert again.returncode == 0
    assert deployment.running.children == children, "a second start must not disturb the first"
    assert "runs already" in deployment.stena("up").stderr

    assert deployment.stena("down").returncode == 0
    assert [name for name, pid in children.items() if command_line(pid)] == []
    assert deployment.stena("status").returncode == 1


def test_ctrl_c_stops_all_and_the_next_start_finds_its_data(deployment: Deployment) -> None:
    process = deployment.up()
    added = deployment.stena("client", "add", "--organisation", "employment-agency", "--name", "kept", "--json")
    assert added.returncode == 0, added.stderr
    children = deployment.running.children
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert [name for name, pid in children.items() if command_line(pid)] == []

    process = deployment.up()
    try:
        assert "kept" in deployment.stena("client", "list").stdout
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{deployment.layout.url(GATEWAY)}/readyz").json()["status"] == "ready"
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_a_service_that_ends_is_started_again(deployment: Deployment) -> None:
    process = deployment.up()
    before = deployment.running.children["policy-svc"]
    os.kill(before, signal.SIGKILL)
    assert _until(lambda: deployment.running.children["policy-svc"] != before)
    assert _until(lambda: is_ready(deployment.layout.url(POLICY)))
    assert "policy-svc ended by itself (killed by SIGKILL) and is started again" in _folded(deployment)
    process.terminate()
    assert process.wait(PATIENCE) == 0


def test_a_part_that_keeps_ending_is_named_and_everything_else_is_stopped(deployment: Deployment) -> None:
    process = deployment.up()
    children = deployment.running.children
    killed: set[int] = set()
    while process.poll() is None:
        running = Running.read(deployment.layout.home)
        if running is not None and (victim := running.children.get("policy-svc")) and victim not in killed:
            killed.add(victim)
            os.kill(victim, signal.SIGKILL)
        time.sleep(0.02)
    # Three restarts; one of them may have been spent on an end that nobody here brought about.
    assert process.returncode == 1
    assert 1 < len(killed) <= 4
    _assert_named_and_stopped(deployment, "policy-svc", children)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
def test_a_database_that_ends_is_started_again_with_all_that_it_knew(deployment: Deployment, how: signal.Signals) -> None:
    process = deployment.up()
    deployment.stena("client", "add", "--organisation", "employment-agency", "--name", "kept")
    before = deployment.running.children["postgres"]
    os.kill(before, how)
    assert _until(lambda: deployment.running.children["postgres"] != before)
    assert _until(lambda: is_ready(deployment.layout.url(GATEWAY)))
    assert "kept" in deployment.stena("client", "list").stdout
    process.terminate()
    assert process.wait(PATIENCE) == 0


def _assert_named_and_stopped(deployment: Deployment, victim: str, children: Mapping[str, int]) -> None:
    output = _folded(deployment)
    assert re.search(rf"{victim} ended by itself \([\w ]+\); everything is being stopped", output)
    assert "stena up" in output
    assert str(deployment.layout.log(victim)) in output.replace(" ", ""), "where to look"
    assert [name for name, pid in children.items() if command_line(pid)] == []


def _folded(deployment: Deployment) -> str:
    """What it said, without the line ends that the console put in."""
    return " ".join(deployment.output.read_text().split())


def _until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_what_a_killed_supervisor_leaves_behind_is_ended_by_down(deployment: Deployment) -> None:
    process = deployment.up()
    children = deployment.running.children
    process.kill()
    process.wait(PATIENCE)
    assert deployment.stena("up").returncode == 1, "it must not start beside what still runs"
    assert deployment.stena("down").returncode == 0
    assert [name for name, pid in children.items() if command_line(pid)] == []


def test_a_taken_port_is_named_with_its_option_and_nothing_is_started(deployment: Deployment) -> None:
    port = deployment.layout.settings.port + 2
    with socket.create_server((HOST, port)):
        refused = deployment.stena("up")
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert "profile-svc" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert Running.read(deployment.layout.home) is None


def _opened(layout: Layout) -> list[Path]:
    """Folders and secrets that somebody else could read."""
    paths = (layout.home, layout.logs, layout.secrets.folder, *layout.secrets.folder.rglob("*"))
    return [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


def _shown(deployment: Deployment) -> list[str]:
    """Names of secrets whose value stands in a command line or a log."""
    texts = [command_line(pid) for pid in deployment.running.children.values()]
    texts += [log.read_text(errors="replace") for log in deployment.layout.logs.iterdir()]
    files = [path for path in deployment.layout.secrets.folder.rglob("*") if path.is_file() and path.suffix != ".json"]
    secrets = {path.name: path.read_text().strip() for path in files if path.name != "matching-client-id"}
    return [name for name, secret in secrets.items() if any(secret in text for text in texts)]
