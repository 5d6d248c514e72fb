"""Telling a real receiver of an alert: until it listens, over restarts, signed, and once for all that it knows."""

import asyncio
import base64
import hmac
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.alerting import telling, watching
from gateway.calls import Caller, Entry, Stated
from gateway.credentials.key_files import read
from gateway.main import create_app
from gateway.record.ledger import Ledger
from gateway.settings import GatewaySettings
from stena.keys import KeyFileError
from stena.problems import Unavailable
from stena_local.testing import Database

from .neighbours import Neighbours
from .running import serving, settings

SECRET = base64.b64encode(b"a secret that receivers know").decode()
FORBIDDEN = Entry(
    Caller("cli_x", "return-desk"),
    Stated(None, "return-enforcement"),
    "list",
    "person",
    "denied",
    decision="dec_x",
    reason="purpose-forbidden",
)


@dataclass
class Listening:
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{(self.folder / 'port').read_text()}/alerts"

    @property
    def received(self) -> list[dict[str, Any]]:
        file = self.folder / "received"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def answer(self, status: int) -> None:
        (self.folder / "status").write_text(str(status))

    async def until(self, number: int) -> list[dict[str, Any]]:
        for _ in range(200):
            if len(self.received) >= number:
                return self.received
            await asyncio.sleep(0.05)
        raise AssertionError(f"{len(self.received)} messages came, not {number}")


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Listening]:
    listening = Listening(tmp_path)
    listening.answer(200)
    program = str(Path(__file__).with_name("receiver.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, program, str(tmp_path))
    try:
        for _ in range(200):
            if (tmp_path / "port").exists() and (tmp_path / "port").read_text():
                break
            await asyncio.sleep(0.05)
        yield listening
    finally:
        process.kill()
        await process.wait()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.05)
    monkeypatch.setattr(telling, "FIRST_WAIT", timedelta(seconds=0.2))


def told(database: Database, key_files: Path, folder: Path, url: str | None) -> GatewaySettings:
    (folder / "secret").write_text(f"whsec_{SECRET}\n")
    known = settings(database.app_url, key_files)
    return known.model_copy(update={"alert_webhook_url": url, "alert_webhook_secret_file": folder / "secret"})


@asynccontextmanager
async def gateway(database: Database, key_files: Path, receiver: Listening) -> AsyncIterator[None]:
    app = create_app(told(database, key_files, receiver.folder, receiver.url), transport=Neighbours())
    async with serving(app):
        yield


async def record(engine: AsyncEngine) -> None:
    for attempt in range(5):  # a machine that is busy with other tests is asked again
        try:
            await Ledger(engine).record(FORBIDDEN)
        except Unavailable:
            if attempt == 4:
                raise
        else:
            return


async def test_a_receiver_hears_of_an_alert_signed_and_once(
    database: Database, key_files: Path, receiver: Listening, engine: AsyncEngine
) -> None:
    async with gateway(database, key_files, receiver), gateway(database, key_files, receiver):
        await record(engine)
        (message,) = await receiver.until(1)
        await record(engine)
        await asyncio.sleep(0.3)
    assert len(receiver.received) == 1
    headers, body = message["headers"], message["body"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    wanted = base64.b64encode(hmac.digest(base64.b64decode(SECRET), signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    said = json.loads(body)["data"]
    assert (said["id"], said["organisation"], said["rule"]) == (headers["webhook-id"], "return-desk", "forbidden-purpose")


@pytest.mark.parametrize("status", [500, 302, 429])
async def test_it_is_told_again_also_after_a_restart_until_it_listens(
    database: Database, key_files: Path, receiver: Listening, engine: AsyncEngine, status: int
) -> None:
    receiver.answer(status)
    async with gateway(database, key_files, receiver):
        await record(engine)
        await receiver.until(2)
    receiver.answer(204)
    refused = len(receiver.received)
    async with gateway(database, key_files, receiver):
        messages = await receiver.until(refused + 1)
        await asyncio.sleep(0.5)
    assert len(receiver.received) == refused + 1
    assert len({message["headers"]["webhook-id"] for message in messages}) == 1
    assert {message["path"] for message in messages} == {"/alerts"}


def test_a_webhook_without_a_secret_keeps_the_gateway_from_starting(
    database: Database, key_files: Path, tmp_path: Path
) -> None:
    known = told(database, key_files, tmp_path, "http://127.0.0.1:9/alerts")
    assert read(known).webhook == base64.b64decode(SECRET)
    with pytest.raises(KeyFileError, match="ALERT_WEBHOOK_SECRET_FILE"):
        read(known.model_copy(update={"alert_webhook_secret_file": None}))
    (tmp_path / "secret").write_text("whsec_short")
    with pytest.raises(KeyFileError, match="whsec_"):
        read(known)
