"""A deployment of its own, seen through the command `stena` and over HTTP."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from stena_local.settings import inherited
from stena_local.testing import free_row

PATIENCE = 120


class Deployment:
    """Its processes are real, and may be killed."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {**inherited(), "STENA_HOME": str(home), "STENA_PORT": str(port)}

    def stena(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "stena_local", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask_ledger(self, query: str) -> list[Any]:
        """The first column of what the gateway's database answers."""
        told = dict(line.removeprefix("export ").split("=", 1) for line in self.stena("env").splitlines())
        password = Path(told["GATEWAY_DATABASE_PASSWORD_FILE"]).read_text().strip()
        url = make_url(told["GATEWAY_DATABASE_URL"]).set(drivername="postgresql+asyncpg", password=password)
        return asyncio.run(_scalars(url, query))

    def token(self, organisation: str) -> str:
        """Of a new client."""
        client = json.loads(self.stena("client", "add", "--organisation", organisation, "--name", "test", "--json"))
        credentials = (client["client_id"], client["client_secret"])

        def asked() -> httpx.Response:
            form = {"grant_type": "client_credentials"}
            return httpx.post(f"{self.url}/oauth2/token", auth=credentials, data=form, trust_env=False)

        until(lambda: asked().status_code == 200)
        return str(asked().json()["access_token"])


@contextmanager
def deployed(home: Path) -> Iterator[Deployment]:
    deployment = Deployment(home, free_row())
    try:
        deployment.stena("up", "--detach")
        yield deployment
    finally:
        deployment.stena("down")
        deployment.stena("remove", "--yes")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)


async def _scalars(url: URL, query: str) -> list[Any]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = list(await connection.scalars(text(query)))
    await engine.dispose()
    return rows
