"""The four services in one process, on a real PostgreSQL, with real keys, tokens and grants between them.

Calls go through httpx's ASGI transports; a host that is not one of the four is refused, so nothing reaches a network.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
from fastapi import FastAPI

import gateway.main
import matching_svc.main
import policy_svc.main
import profile_svc.main
from gateway import store as gateway_store
from gateway.credentials.tokens import new_secret, secret_hash
from gateway.settings import GatewaySettings
from matching_svc.settings import MatchingSettings
from policy_svc.settings import PolicySettings
from profile_svc.importing import import_people, reference
from profile_svc.settings import ProfileSettings
from profile_svc.store import records
from stena_local.secret_files import SecretFiles
from stena_local.testing import Database, Postgres

NAMES = ("gateway", "policy", "profile", "profile_keys", "matching")
RULEBOOK = Path(__file__).parents[2] / "deploy" / "rulebook"
NO_LIMITS = Path(__file__).parents[1] / "no_limits.yaml"
GATEWAY, POLICY, PROFILE, MATCHING = (f"http://{name}.test" for name in ("gateway", "policy", "profile", "matching"))


class Switchboard(httpx.AsyncBaseTransport):
    """Connects the services with each other. ``cut`` names hosts that do not answer; ``tamper`` may change an answer.

    ``outside`` are what is really reached over the loopback.
    """

    def __init__(self) -> None:
        self.apps: dict[str, FastAPI] = {}
        self.outside: set[str] = set()
        self.cut: set[str] = set()
        self.tamper: Any = None
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if f"http://{request.url.netloc.decode()}" in self.outside:
            return await self._over_the_loopback(request)
        app = self.apps.get(f"http://{request.url.host}")
        if app is None or f"http://{request.url.host}" in self.cut:
            raise httpx.ConnectError(f"nobody answers at {request.url.host}")
        self.seen.append(request)
        response = await httpx.ASGITransport(app, raise_app_exceptions=False).handle_async_request(request)
        return self.tamper(request, response) if self.tamper else response

    async def _over_the_loopback(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.send(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content, request=request)


@dataclass
class Caller:
    """An organisation's client with a token."""

    http: httpx.AsyncClient

    async def __call__(self, method: str, path: str, purpose: str | None = None, **kwargs: Any) -> httpx.Response:
        headers = ({"Processing-Purpose": purpose} if purpose else {}) | dict(kwargs.pop("headers", {}))
        return await self.http.request(method, path, headers=headers, **kwargs)

    async def patiently(self, path: str, purpose: str, *, method: str = "GET", **kwargs: Any) -> httpx.Response:
        """Read, or write what has a key of its own. A busy machine may be late, which is a 503: ask again."""
        for _ in range(20):
            answer = await self(method, path, purpose, **kwargs)
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.2)
        return answer


@dataclass
class House:
    board: Switchboard
    databases: Mapping[str, Database]
    apps: Mapping[str, FastAPI]
    stack: AsyncExitStack
    secrets: Path
    _callers: dict[tuple[str, str | None], Caller] = field(default_factory=dict)

    @property
    def parts(self) -> Any:
        return self.apps[GATEWAY].state.parts

    def http(self, **kwargs: Any) -> httpx.AsyncClient:
        """Somebody outside, at the door."""
        transport = httpx.ASGITransport(self.apps[GATEWAY], raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=GATEWAY, **kwargs)

    async def caller(self, organisation: str, person: str | None = None) -> Caller:
        """A client of ``organisation`` with a token, registered when first asked for."""
        known = self._callers.get((organisation, person))
        if known is None:
            client_id, secret = await self.register(organisation, person)
            token = await self.token(client_id, secret)
            http = await self.stack.enter_async_context(self.http(headers={"Authorization": f"Bearer {token}"}))
            known = self._callers[organisation, person] = Caller(http)
        return known

    async def register(self, organisation: str, person: str | None = None) -> tuple[str, str]:
        client_id, secret = f"cli_{secrets.token_hex(8)}", new_secret()
        internal = UUID(person) if person else None
        row = gateway_store.Client(client_id, "test", organisation, internal, secret_hash(secret), datetime.now(UTC))
        engine = self.parts.ledger._reading
        await gateway_store.register(engine, row)
        return client_id, secret

    async def token(self, client_id: str, secret: str) -> str:
        async with self.http(auth=(client_id, secret)) as http:
            for _ in range(30):  # the directory learns of a new client within a second
                answer = await http.post("/oauth2/token", data={"grant_type": "client_credentials"})
                if answer.status_code == 200:
                    return str(answer.json()["access_token"])
                await asyncio.sleep(0.1)
        raise AssertionError(answer.text)

    async def pairwise(self, internal: str, organisation: str, purpose: str) -> str:
        """The id by which ``organisation`` knows a person for ``purpose``: the operator's `stena person-id`."""
        return str(self.parts.ids.name(internal, await self.parts.decisions.scope(organisation, purpose)))


def settings_of(place: Path, databases: Mapping[str, Database], client: tuple[str, str]) -> dict[str, Any]:
    """What each service is told, with the secrets of a deployment made in ``place``."""
    files = SecretFiles(place)
    files.make()
    files.keep_client(*client)
    urls = {name: database.app_url.render_as_string(hide_password=False) for name, database in databases.items()}
    return {
        POLICY: PolicySettings(
            database_url=urls["policy"],
            rulebook_dir=RULEBOOK,
            grant_key_file=files.path("grant-key"),
            enforcement_points_file=files.enforcement_points,
            administrators_file=files.administrators,
        ),
        PROFILE: ProfileSettings(
            database_url=urls["profile"],
            keys_database_url=urls["profile_keys"],
            policy_url=POLICY,
            master_keys_dir=files.master_keys,
            index_key_file=files.path("index-key"),
            erasure_journal_dir=place,
            journal_key_file=files.path("journal-key"),
        ),
        GATEWAY: GatewaySettings(
            public_url=GATEWAY,
            database_url=urls["gateway"],
            policy_url=POLICY,
            profile_url=PROFILE,
            matching_url=MATCHING,
            policy_key_file=files.path("policy-key"),
            token_key_file=files.path("token-key"),
            id_keys_dir=files.id_keys,
            cursor_key_file=files.path("cursor-key"),
            erasure_journal_dir=place,
            journal_key_file=files.path("journal-key"),
            ledger_keys_dir=files.ledger_keys,
            ledger_heads_dir=place,
            limits_file=NO_LIMITS,
            sign_in_file=providers if (providers := place / "sign-in.yaml").exists() else None,
            issuers_file=issuers if (issuers := place / "issuers.yaml").exists() else None,
        ),
        MATCHING: MatchingSettings(
            database_url=urls["matching"],
            policy_url=POLICY,
            gateway_url=GATEWAY,
            client_id=client[0],
            client_secret_file=files.client_secret,
        ),
    }


@contextmanager
def migrated(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    """The five databases, migrated by the same entry points that a deployment uses."""
    if not postgres.patterns:
        postgres.patterns.update(_patterns(postgres))
    made = {name: postgres.database(name, like=pattern) for name, pattern in postgres.patterns.items()}
    yield made
    for database in made.values():
        database.drop()


def _patterns(postgres: Postgres) -> Mapping[str, Database]:
    """Migrated once for a whole run: a copy takes a tenth of the time."""
    made = {name: postgres.database(name) for name in NAMES}
    owners = {f"{name.upper()}_OWNER_DATABASE_URL": each.owner_url.render_as_string(False) for name, each in made.items()}
    with patch.dict(os.environ, owners):
        for migration in entry_points(group="stena.migrations"):
            migration.load()()
    return made


@asynccontextmanager
async def standing(place: Path, databases: Mapping[str, Database], **everywhere: Any) -> AsyncIterator[House]:
    """A house whose services run; the databases must have been migrated. ``everywhere``: what each service is told besides."""
    client = (f"cli_{secrets.token_hex(8)}", new_secret())
    told = {url: each.model_copy(update=everywhere) for url, each in settings_of(place, databases, client).items()}
    board = Switchboard()
    apps = {
        POLICY: policy_svc.main.create_app(told[POLICY]),
        PROFILE: profile_svc.main.create_app(told[PROFILE], transport=board),
        GATEWAY: gateway.main.create_app(told[GATEWAY], transport=board),
        MATCHING: matching_svc.main.create_app(told[MATCHING], transport=board),
    }
    board.apps.update(apps)
    async with AsyncExitStack() as stack:
        house = House(board, databases, apps, stack, place)
        for url, app in apps.items():
            if url == MATCHING:
                row = gateway_store.Client(
                    *client[:1], "matching", "stena-matching", None, secret_hash(client[1]), datetime.now(UTC)
                )
                await gateway_store.register(house.parts.ledger._reading, row)
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield house


async def put(house: House, *lines: Mapping[str, Any]) -> list[str]:
    """Import people (lines as of `stena import`); their internal ids in the same order."""
    profile = house.apps[PROFILE].state
    attributes = await profile.policy.attributes()
    outcome = await import_people(profile.vault, attributes, [json.dumps(line).encode() for line in lines])
    assert not outcome.bad, outcome.bad
    references = [reference(profile.vault, line["created_by"], line["external_id"]) for line in lines]
    async with profile.vault.transaction() as connection:
        known = await records.lock_by_reference(connection, references)
    return [str(known[each].person_id) for each in references]
