"""How a service leaves: whoever was let in is answered, and nobody is let in who would not be."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes
HOST, DRAIN, PATIENCE = "127.0.0.1", 0.5, 20.0
NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
"""As in a container: whatever only an administrator may tell a socket, the service may not."""


@contextmanager
def served(drain: float) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The busy service in a process of its own, and its port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [*NO_RIGHTS, sys.executable, "-m", "stena.serving", "busy_app:app", "--port", str(port), "--drain", str(drain)]
    process = subprocess.Popen(command, cwd=Path(__file__).parent, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        deadline = time.monotonic() + PATIENCE
        while _get(port, "/healthz") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process, port
    finally:
        process.kill()
        process.wait()


def test_nobody_who_was_let_in_is_lost() -> None:
    """Sixteen callers knock all the time: at every moment some are let in by the kernel whom the service has not seen yet."""
    with served(DRAIN) as (process, port), ThreadPoolExecutor(16) as callers:
        calling = [callers.submit(_call_until_nobody_opens, port) for _ in range(16)]
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        answered = [each.result(PATIENCE) for each in calling]
        assert process.wait(PATIENCE) == -signal.SIGTERM
    assert all(answered), "each of them was answered, before the end"


def test_it_says_that_it_leaves_and_goes_on_answering() -> None:
    with served(DRAIN) as (process, port), closing(http.client.HTTPConnection(HOST, port, timeout=PATIENCE)) as kept:
        kept.request("GET", "/readyz")
        before = kept.getresponse()
        assert (before.status, before.read(), before.headers["connection"]) == (200, b'{"status":"ready","checks":{}}', None)
        process.send_signal(signal.SIGTERM)
        while before.status == 200:
            kept.request("GET", "/readyz")
            before = kept.getresponse()
            told = before.read()
        assert (before.status, told) == (503, b'{"status":"leaving","checks":{}}')
        assert before.headers["connection"] == "close", "whoever kept a connection uses it no more"
        assert _get(port, "/") == 200
        assert process.wait(PATIENCE) == -signal.SIGTERM


def test_a_second_signal_ends_it_at_once() -> None:
    with served(PATIENCE * 10) as (process, port):
        process.send_signal(signal.SIGTERM)
        while _get(port, "/readyz") != 503:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM


def _call_until_nobody_opens(port: int) -> int:
    """Calls, each on a connection of its own, until none can be made; a connection without a whole answer is a failure."""
    answered = 0
    while True:
        try:
            connection = socket.create_connection((HOST, port), timeout=0.5)
        except OSError:
            return answered
        with connection:
            connection.settimeout(PATIENCE)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            said = connection.makefile("rb").read()
        assert said.endswith(b'"whole"'), said
        answered += 1


def _get(port: int, path: str) -> int | None:
    with closing(http.client.HTTPConnection(HOST, port, timeout=PATIENCE)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
