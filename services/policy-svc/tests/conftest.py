"""A small rulebook as text and in memory, and policy-svc served in this process on a real database."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from policy_svc import commands
from policy_svc.loading import parse, read_files
from policy_svc.main import create_app
from policy_svc.rulebook import Rulebook
from policy_svc.settings import PolicySettings
from stena import keys
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.migrations import upgrade

HERE = Path(__file__).parent
KEY = "an enforcement point's key, long and random in a deployment"
KNOWN = {"Authorization": f"Bearer {KEY}"}
ADMINISTRATOR = {"Authorization": "Bearer an administrator's key, long and random too"}
SECOND = {"Authorization": "Bearer another administrator's key, as long and random"}


@pytest.fixture(scope="session")
def files() -> dict[str, str]:
    return read_files(HERE / "rulebook")


@pytest.fixture(scope="session")
def rulebook(files: dict[str, str]) -> Rulebook:
    return parse(files)[0]


@pytest.fixture(scope="session")
def noon() -> datetime:
    return datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def ask() -> Callable[..., Evaluation]:
    def question(
        organisation: str = "lantern",
        purpose: object = "counselling",
        action: str = "read",
        resource: str = "person",
        record: str = "someone",
        person: str | None = None,
        **context: Any,
    ) -> Evaluation:
        return Evaluation(
            subject=Subject(type="organisation", id=organisation, properties={"person": person} if person else {}),
            action=Action(name=action),
            resource=Resource(type=resource, id=record),
            context={"purpose": purpose, **context},
        )

    return question


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, postgres: Any) -> PolicySettings:
    """Of a deployment of its own: a migrated database, keys, one enforcement point."""
    database = postgres.database("policy")
    upgrade(database.owner_url, commands.migrations())
    folder = tmp_path_factory.mktemp("policy-svc")
    keys.make_signing_key(folder / "grant-key")
    (folder / "points.json").write_text(_holders({"gateway": KNOWN}))
    (folder / "administrators.json").write_text(_holders({"privacy officer": ADMINISTRATOR, "operator": SECOND}))
    return PolicySettings(
        database_url=database.app_url.render_as_string(hide_password=False),
        rulebook_dir=HERE / "rulebook",
        grant_key_file=folder / "grant-key",
        enforcement_points_file=folder / "points.json",
        administrators_file=folder / "administrators.json",
    )


@pytest.fixture(scope="session")
def known() -> dict[str, str]:
    """The headers of an enforcement point."""
    return KNOWN


@pytest.fixture(scope="session")
def administrator() -> dict[str, str]:
    """The headers of somebody who may change what decides."""
    return ADMINISTRATOR


@pytest.fixture(scope="session")
async def stranger(settings: PolicySettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running service that presents no key."""
    app = create_app(settings)
    async with app.router.lifespan_context(app), _client(app, {}) as client:
        yield client


@pytest.fixture(scope="session")
async def service(settings: PolicySettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running service that presents the enforcement point's key."""
    app = create_app(settings)
    async with app.router.lifespan_context(app), _client(app, KNOWN) as client:
        yield client


@pytest.fixture(scope="session")
def second() -> dict[str, str]:
    """The header by which another administrator confirms what opens."""
    return {"Confirmed-By": SECOND["Authorization"].removeprefix("Bearer ")}


def _holders(headers: dict[str, dict[str, str]]) -> str:
    keys = {name: header["Authorization"].removeprefix("Bearer ") for name, header in headers.items()}
    return json.dumps({name: hashlib.sha256(key.encode()).hexdigest() for name, key in keys.items()})


def _client(app: FastAPI, headers: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://policy-svc", headers=headers)
