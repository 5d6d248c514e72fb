"""Real processes, one of them killed: nothing leaves without a decision, and the ledger tells of it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from stena_local.running import Running
from stena_local.settings import inherited
from stena_local.testing import free_row

pytestmark = pytest.mark.processes
PATIENCE = 60


class Deployment:
    """A deployment of its own, seen through the command `stena` and over HTTP."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {**inherited(), "STENA_HOME": str(home), "STENA_PORT": str(port)}

    def stena(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "stena_local", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def outcomes(self) -> list[str]:
        """What the ledger says, oldest first, of everybody but matching-svc."""
        told = dict(line.removeprefix("export ").split("=", 1) for line in self.stena("env").splitlines())
        password = Path(told["GATEWAY_DATABASE_PASSWORD_FILE"]).read_text().strip()
        url = make_url(told["GATEWAY_DATABASE_URL"]).set(drivername="postgresql+asyncpg", password=password)
        return asyncio.run(_outcomes(url))


async def _outcomes(url: Any) -> list[str]:
    engine = create_async_engine(url)
    query = "SELECT outcome FROM ledger WHERE organisation <> 'stena-matching' ORDER BY entry_id"
    async with engine.connect() as connection:
        rows = list(await connection.scalars(text(query)))
    await engine.dispose()
    return rows


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path_factory.mktemp("killed") / "home", free_row())
    try:
        deployment.stena("up", "--detach")
        yield deployment
    finally:
        deployment.stena("down")
        deployment.stena("remove", "--yes")


@pytest.fixture(scope="module")
def agency(deployment: Deployment) -> Iterator[httpx.Client]:
    added = deployment.stena("client", "add", "--organisation", "employment-agency", "--name", "test", "--json")
    client = json.loads(added)
    with httpx.Client(base_url=deployment.url, trust_env=False) as http:
        credentials = (client["client_id"], client["client_secret"])

        def token() -> httpx.Response:
            return http.post("/oauth2/token", auth=credentials, data={"grant_type": "client_credentials"})

        _until(lambda: token().status_code == 200)
        http.headers["Authorization"] = f"Bearer {token().json()['access_token']}"
        http.headers["Processing-Purpose"] = "job-ranking"
        yield http


def test_with_policy_svc_killed_nobody_is_answered_and_the_ledger_tells_of_it(
    deployment: Deployment, agency: httpx.Client
) -> None:
    assert agency.get("/v1/persons").status_code == 200
    running = Running.read(deployment.home)
    assert running is not None
    os.kill(running.children["policy-svc"], signal.SIGKILL)
    begun = time.monotonic()
    answer = agency.get("/v1/persons")
    assert time.monotonic() - begun < 1
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"]
    _until(lambda: agency.get("/v1/persons").status_code == 200)
    outcomes = deployment.outcomes()
    assert (outcomes[0], outcomes[1], outcomes[-1]) == ("answered", "undecided", "answered")


def test_only_the_gateway_speaks_without_a_grant(deployment: Deployment) -> None:
    """An attacker inside: profile-svc and matching-svc are asked directly."""
    port = int(deployment.url.rsplit(":", 1)[1])
    for service, path in ((port + 2, "/persons/search"), (port + 3, "/opportunities/search")):
        answer = httpx.post(f"http://127.0.0.1:{service}{path}", json={}, trust_env=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
