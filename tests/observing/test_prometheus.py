"""A real Prometheus over a running house: it takes what is served, sees who is there, and raises an alert for what breaks."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import start_http_server

from stena_local.testing import Database, free_row
from tests.system.house import POLICY, House, standing

PROMETHEUS = shutil.which("prometheus") or ""
FILES = Path(__file__).parents[2] / "deploy" / "prometheus"
JOBS = {"gateway", "policy-svc", "profile-svc", "matching-svc"}

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not PROMETHEUS, reason="prometheus is not installed (apt-get install prometheus)"),
]


@contextmanager
def served_metrics(port: int) -> Iterator[None]:
    server, thread = start_http_server(port, "127.0.0.1")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def prometheus(place: Path, metrics: int, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Prometheus with the files as they are, but at once: each look a second after the last, and alerts without waiting."""
    config = (FILES / "prometheus.yaml").read_text().replace("10s", "1s")
    (place / "prometheus.yaml").write_text(re.sub(r"127\.0\.0\.1:84\d\d", f"127.0.0.1:{metrics}", config))
    (place / "alerts.yaml").write_text(re.sub(r"for: \d+[sm]", "for: 0s", (FILES / "alerts.yaml").read_text()))
    arguments = [f"--config.file={place}/prometheus.yaml", f"--storage.tsdb.path={place}/data"]
    where = f"--web.listen-address=127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(PROMETHEUS, *arguments, where, "--log.level=error")
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as http:
            yield http
    finally:
        process.terminate()
        await process.wait()


async def in_time(http: httpx.AsyncClient, path: str, wanted: Callable[[Any], bool]) -> Any:
    """What ``path`` gives once it is as ``wanted``."""
    found: Any = None
    for _ in range(120):
        try:
            found = (await http.get(path)).json()["data"]
            if wanted(found):
                return found
        except (httpx.HTTPError, ValueError):
            pass
        await asyncio.sleep(0.25)
    raise AssertionError(found)


def firing(found: Any) -> set[tuple[str, str]]:
    told = (each["labels"] for each in found["alerts"] if each["state"] == "firing")
    return {(labels["alertname"], labels.get("check", "")) for labels in told}


def is_calm(found: Any) -> bool:
    """Waited for, not asserted: on a busy machine one look that takes longer than its second is an alert, until the next."""
    return not firing(found) & {("StenaNotReady", "policy-svc"), ("StenaServiceGone", "")}


async def is_ready(house: House) -> bool:
    async with house.http() as http:
        return (await http.get("/readyz")).status_code == 200


async def until_ready(house: House) -> None:
    """A busy machine may take longer for a check than it may take."""
    for _ in range(150):
        if await is_ready(house):
            return
        await asyncio.sleep(0.2)
    raise AssertionError


def values_are(value: str) -> Callable[[Any], bool]:
    return lambda found: bool(found["result"]) and all(each["value"][1] == value for each in found["result"])


async def test_prometheus_sees_the_house_and_what_breaks(databases: Mapping[str, Database], tmp_path: Path) -> None:
    port = free_row()
    async with standing(tmp_path, databases) as house, prometheus(tmp_path, port, port + 1) as http:
        with served_metrics(port):
            targets = await in_time(
                http, "/targets", lambda found: {each["health"] for each in found["activeTargets"]} == {"up"}
            )
            assert {each["labels"]["job"] for each in targets["activeTargets"]} == JOBS
            await until_ready(house)
            await in_time(http, '/query?query=stena_ready{check="policy-svc"}', values_are("1"))
            await in_time(http, "/alerts", is_calm)
            house.board.cut.add(POLICY)
            assert not await is_ready(house)
            await in_time(http, "/alerts", lambda found: ("StenaNotReady", "policy-svc") in firing(found))
            house.board.cut.clear()
            await until_ready(house)
            await in_time(http, "/alerts", is_calm)
        await in_time(http, "/alerts", lambda found: ("StenaServiceGone", "") in firing(found))
