"""Real processes, killed: nothing leaves without a decision, and every answer that somebody received has its entry.

``KILLED_READS=2000`` reads so often while the gateway and PostgreSQL are killed; without it some hundred times.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import httpx
import psutil
import pytest

from stena_local.running import Running

from .deploying import Deployment, deployed, until

pytestmark = pytest.mark.processes
READS = int(os.environ.get("KILLED_READS", "300"))
CALLERS = 8


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("killed") / "home") as deployment:
        yield deployment


@pytest.fixture(scope="module")
def agency(deployment: Deployment) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {deployment.token('employment-agency')}", "Processing-Purpose": "job-ranking"}
    with httpx.Client(base_url=deployment.url, headers=headers, trust_env=False) as http:
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
    until(lambda: agency.get("/v1/persons").status_code == 200)
    query = "SELECT outcome FROM ledger WHERE organisation <> 'stena-matching' AND client <> 'shell' ORDER BY entry_id"
    outcomes = deployment.ask_ledger(query)
    assert (outcomes[0], outcomes[1], outcomes[-1]) == ("answered", "undecided", "answered")


def test_only_the_gateway_speaks_without_a_grant(deployment: Deployment) -> None:
    """An attacker inside: profile-svc and matching-svc are asked directly."""
    port = int(deployment.url.rsplit(":", 1)[1])
    for service, path in ((port + 2, "/persons/search"), (port + 3, "/opportunities/search")):
        answer = httpx.post(f"http://127.0.0.1:{service}{path}", json={}, trust_env=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


@dataclass
class Reading:
    """Many who read at once, whatever happens, until so many answers have arrived whole."""

    url: str
    token: str
    decisions: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Processing-Purpose": "job-ranking"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=5, trust_env=False) as http:
            listed = (await http.get("/v1/persons?limit=20")).raise_for_status().json()
            people = cycle([person["id"] for person in listed["people"]])
            async with asyncio.TaskGroup() as group:
                for _ in range(CALLERS):
                    group.create_task(self._read(http, people))

    async def _read(self, http: httpx.AsyncClient, people: Iterator[str]) -> None:
        while len(self.decisions) < READS:
            try:
                answer = await http.get(f"/v1/persons/{next(people)}")
            except httpx.TransportError as failure:
                self.failures[type(failure).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.decisions.append(answer.json()["disclosure"]["decision"])
            else:
                self.failures[str(answer.status_code)] += 1
                await asyncio.sleep(0.05)


def kill(deployment: Deployment, name: str) -> None:
    """With everything below it, at once."""
    running = Running.read(deployment.home)
    assert running is not None
    process = psutil.Process(running.children[name])
    for each in (process, *process.children(recursive=True)):
        each.kill()


def kill_both(deployment: Deployment, reading: Reading) -> None:
    """Each is started again by itself."""
    until(lambda: len(reading.decisions) > READS / 3)
    kill(deployment, "gateway")
    until(lambda: len(reading.decisions) > 2 * READS / 3)
    kill(deployment, "postgres")


async def test_every_answer_that_was_received_has_its_entry(deployment: Deployment, tmp_path: Path) -> None:
    people = tmp_path / "people.ndjson"
    people.write_text(await asyncio.to_thread(deployment.stena, "demo", "people", "--count", "20", "--seed", "1"))
    await asyncio.to_thread(deployment.stena, "import", str(people))
    reading = Reading(deployment.url, await asyncio.to_thread(deployment.token, "employment-agency"))
    async with asyncio.timeout(600):
        await asyncio.gather(reading.run(), asyncio.to_thread(kill_both, deployment, reading))
    assert reading.failures, "nobody noticed that anything was killed"
    written = await asyncio.to_thread(
        deployment.ask_ledger, "SELECT decision FROM ledger WHERE outcome = 'answered' AND operation = 'read'"
    )
    assert len(reading.decisions) >= READS
    assert set(reading.decisions) <= set(written), "somebody was answered, and the ledger does not know"
    assert len(written) == len(set(written)), "an answer stands there twice"

    keys = tmp_path / "keys.json"
    keys.write_bytes((await asyncio.to_thread(httpx.get, f"{deployment.url}/.well-known/ledger-keys.json")).content)
    export = tmp_path / "export.ndjson"
    await asyncio.to_thread(deployment.stena, "ledger", "export", "--output", str(export))
    heads = deployment.home / "ledger"
    await asyncio.to_thread(deployment.stena, "ledger", "verify", str(export), "--heads", str(heads), "--key", str(keys))
