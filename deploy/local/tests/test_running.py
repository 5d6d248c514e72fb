"""Whom a note of a running deployment still speaks of: process ids are used again, and signals must not reach a stranger."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stena_local.processes import begun
from stena_local.running import Running

LOOKS_LIKE = ("policy_svc", "--host", "127.0.0.1")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose command line could be a child's, as another deployment's is."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *LOOKS_LIKE])
    yield process
    process.kill()
    process.wait()


def test_a_process_that_took_the_number_of_another_is_left_alone(stranger: subprocess.Popen[bytes], tmp_path: Path) -> None:
    written = Running.of(stranger.pid, 8400, {"policy-svc": stranger.pid}, ready=True)
    assert written.left_behind() == {"policy-svc": stranger.pid}
    reused = Running(stranger.pid, 8400, written.children, ready=True, begun={str(stranger.pid): "1"})
    reused.write(tmp_path)
    assert Running.read(tmp_path) is None
    reused.stop(timeout=0)
    time.sleep(0.1)
    assert stranger.poll() is None, "it was sent a signal"
    written.write(tmp_path)
    assert Running.read(tmp_path) == written


def test_of_no_process_nothing_began(stranger: subprocess.Popen[bytes]) -> None:
    before = begun(stranger.pid)
    stranger.kill()
    stranger.wait()
    assert before
    assert begun(stranger.pid) == ""
