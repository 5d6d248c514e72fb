"""policy-svc alone in a process of its own, as a stranger would start it, and a client that presents its key."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stena_local.processes import HOST
from stena_local.testing import free_port

HERE = Path(__file__).parent
STENA = [sys.executable, "-c", "from stena_local.main import main; main()"]


@contextmanager
def alone(rulebook: Path, log: Path, *options: str, key: str | None = None) -> Iterator[httpx.Client]:
    """The running service. Unless ``key`` is its own, the key is read where an operator reads it: on its first line."""
    port = free_port()
    command = [*STENA, "policy", "--rulebook", str(rulebook), "--port", str(port), *options]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            key = key or process.stdout.readline().strip().rpartition(" ")[2]
            transport = httpx.HTTPTransport(retries=10)  # it prints the key before it listens
            with httpx.Client(
                base_url=f"http://{HOST}:{port}", headers={"Authorization": f"Bearer {key}"}, transport=transport
            ) as client:
                yield client
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policy-svc-alone") / "log"


@pytest.fixture(scope="session")
def service(log: Path) -> Iterator[httpx.Client]:
    """On the certification scenario's rulebook, under an address that is not where it listens."""
    with alone(HERE / "rulebook", log, "--public-url", "https://pdp.example/tenant") as client:
        yield client
