"""A gateway that runs on a real PostgreSQL, and callers with tokens of their own."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway import store
from gateway.credentials.clients import Directory
from gateway.credentials.tokens import new_secret, secret_hash
from gateway.record import keys as ledger_keys
from gateway.record.head_keeping import HeadKeeper
from gateway.record.heads_file import HeadsFolder
from gateway.record.keys import LedgerKeys
from gateway.settings import GatewaySettings
from stena.problems import Unavailable

from .neighbours import Neighbours

PUBLIC_URL = "https://stena.example"


def _now() -> datetime:
    return datetime.now(UTC)


def settings(database: URL, folder: Path) -> GatewaySettings:
    return GatewaySettings(
        public_url=PUBLIC_URL,
        database_url=database.render_as_string(hide_password=False),
        policy_url="http://policy",
        profile_url="http://profile",
        matching_url="http://matching",
        policy_key_file=folder / "policy",
        token_key_file=folder / "token",
        id_keys_dir=folder / "ids",
        cursor_key_file=folder / "cursor",
        ledger_keys_dir=folder / "ledger",
        ledger_heads_dir=folder,
    )


def head_keeper(engine: AsyncEngine, key_files: Path, folder: Path, clock: Callable[[], datetime] = _now) -> HeadKeeper:
    return HeadKeeper(engine, LedgerKeys(ledger_keys.read(key_files / "ledger")), HeadsFolder(folder), clock=clock)


def operator_environment(key_files: Path, **more: object) -> dict[str, str]:
    """What the operator's commands are told, in the words of the gateway's settings."""
    told = {f"{name}_KEY_FILE": key_files / name.lower() for name in ("POLICY", "TOKEN", "CURSOR")}
    told |= {"ID_KEYS_DIR": key_files / "ids", "LEDGER_KEYS_DIR": key_files / "ledger", "LEDGER_HEADS_DIR": key_files}
    return {f"GATEWAY_{name}": str(value) for name, value in {**told, "DATABASE_URL": "postgresql://x", **more}.items()}


@dataclass(frozen=True)
class Caller:
    """An HTTP client of the gateway with the token of one registered client."""

    http: httpx.AsyncClient
    client_id: str
    secret: str
    token: str = ""

    async def authenticated(self) -> "Caller":
        response = await self.http.post(
            "/oauth2/token", auth=(self.client_id, self.secret), data={"grant_type": "client_credentials"}
        )
        return replace(self, token=response.json()["access_token"])

    async def call(self, method: str, path: str, *, purpose: str | None = "job-ranking", **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | rest.pop("headers", {})
        if purpose is not None:
            headers["Processing-Purpose"] = purpose
        return await self.http.request(method, path, headers=headers, **rest)


async def register(engine: AsyncEngine, organisation: str, person: uuid.UUID | None = None) -> tuple[str, str]:
    client_id, secret = f"cli_{uuid.uuid4().hex[:20]}", new_secret()
    row = store.Client(client_id, "a test", organisation, person, secret_hash(secret), datetime.now(UTC))
    await store.register(engine, row)
    return client_id, secret


@dataclass(frozen=True)
class Running:
    app: FastAPI
    http: httpx.AsyncClient
    neighbours: Neighbours
    engine: AsyncEngine

    async def caller(self, organisation: str = "employment-agency", person: uuid.UUID | None = None) -> Caller:
        client_id, secret = await register(self.engine, organisation, person)
        directory = self.app.state.parts.directory
        while await directory.active(client_id) is None:  # a reading that began before the client was registered
            await _read(directory)
        return await Caller(self.http, client_id, secret).authenticated()

    async def ledger(self) -> list[dict[str, Any]]:
        async with self.engine.begin() as connection:
            rows = await connection.execute(text("SELECT * FROM ledger ORDER BY entry_id"))
            return [dict(row._mapping) for row in rows]

    async def people_in_ledger(self) -> list[dict[str, Any]]:
        async with self.engine.begin() as connection:
            rows = await connection.execute(
                text("SELECT * FROM ledger_people JOIN ledger_subjects USING (subject) ORDER BY person_id, entry_id")
            )
            return [dict(row._mapping) for row in rows]


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=PUBLIC_URL) as http,
    ):
        await _read(app.state.parts.directory)
        yield http


async def _read(directory: Directory) -> None:
    """A busy machine may take longer to connect for the first time than the directory waits."""
    for _ in range(20):
        with suppress(Unavailable):
            return await directory.refresh()
    return await directory.refresh()
