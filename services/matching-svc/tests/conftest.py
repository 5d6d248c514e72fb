"""matching-svc on a real PostgreSQL, with two tiny services around it: policy-svc's keys and the gateway's feed."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from joserfc.jwk import OKPKey

import matching_svc.migrations
from matching_svc.main import create_app
from matching_svc.routes.parts import Parts
from matching_svc.settings import MatchingSettings
from stena import grants, migrations
from stena.contracts.access import Grant
from stena.upstreams import Http, inside

POLICY, GATEWAY, MATCHING = "http://policy", "http://gateway", "http://matching"


@dataclass
class Feed:
    """The gateway as far as matching-svc sees it: answers by purpose, in order; the last one is repeated, empty."""

    answers: dict[str, deque[tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    preferred: list[str | None] = field(default_factory=list)
    tokens: int = 0
    secret: str = "s3cret:with/signs"
    revoked: set[str] = field(default_factory=set)
    down: bool = False

    def page(
        self,
        purpose: str,
        people: dict[str, dict[str, Any] | None],
        cursor: str,
        *,
        more: bool = False,
        replaces: dict[str, list[str]] | None = None,
    ) -> None:
        former = replaces or {}
        changes = [
            {"id": id_, "replaces": former.get(id_, []), "person": None if known is None else _person(id_, known)}
            for id_, known in people.items()
        ]
        self.answer(purpose, 200, {"changes": changes, "cursor": cursor, "more": more, "disclosure": {"purpose": purpose}})

    def answer(self, purpose: str, status: int, body: dict[str, Any] | None = None) -> None:
        self.answers.setdefault(purpose, deque()).append((status, body or {"type": "/problems/x", "status": status}))

    def next(self, purpose: str, since: str | None) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {"status": 503}
        self.asked.append((purpose, since))
        waiting = self.answers.get(purpose)
        return waiting.popleft() if waiting else (200, {"changes": [], "cursor": since or "start", "more": False})


def _person(id_: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "attributes": attributes, "provenance": {}, "withheld": {"gender": "not-necessary"}, "updated_at": None}


def gateway_app(feed: Feed) -> FastAPI:
    app = FastAPI()

    @app.post("/oauth2/token")
    async def token(request: Request) -> Response:
        # "s3cret:with/signs", form-encoded as RFC 6749 wants it before it is joined and base64-encoded
        if request.headers["authorization"] != "Basic Y2xpX21hdGNoaW5nOnMzY3JldCUzQXdpdGglMkZzaWducw==":
            return JSONResponse({"error": "invalid_client"}, 401)
        if (await request.body()) != b"grant_type=client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        feed.tokens += 1
        return JSONResponse({"access_token": f"token-{feed.tokens}", "token_type": "Bearer", "expires_in": 600})

    @app.get("/v1/persons/changes")
    async def changes(request: Request) -> Response:
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        if bearer in feed.revoked or not bearer.startswith("token-"):
            return JSONResponse({"status": 401}, 401)
        feed.preferred.append(request.headers.get("prefer"))
        status, body = feed.next(request.headers["processing-purpose"], request.query_params.get("since"))
        return JSONResponse(body, status)

    return app


def policy_app(key: OKPKey) -> FastAPI:
    app = FastAPI()

    @app.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False)]}

    return app


class Town(httpx.AsyncBaseTransport):
    """Every service of a test in one process; an address that is not of the town is refused."""

    def __init__(self, **services: FastAPI) -> None:
        self._services = {host: httpx.ASGITransport(app) for host, app in services.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host not in self._services:
            raise httpx.ConnectError("refused")
        return await self._services[request.url.host].handle_async_request(request)


@dataclass
class Service:
    """matching-svc running. ``call`` sends a grant for exactly the call, unless told otherwise."""

    app: FastAPI
    http: httpx.AsyncClient
    key: OKPKey
    feed: Feed

    async def follow(self, people: dict[str, dict[str, Any] | None], purpose: str = "job-ranking", **how: Any) -> None:
        """Let the feed tell of ``people``, and wait until they are known: then it is asked for what comes after them."""
        cursor = f"c{uuid4().hex}"
        self.feed.page(purpose, people, cursor, **how)
        await self.until(lambda: (purpose, cursor) in self.feed.asked)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so; five seconds are enough for anything here."""
        for _ in range(500):
            if condition():
                return
            await asyncio.sleep(0.01)
        pytest.fail("it did not come to pass")

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    def grant(self, operation: str, target: str | None = None, **changes: Any) -> str:
        now = int(time.time())
        bound = {"iss": "policy-svc", "aud": "matching-svc", "iat": now, "exp": now + 60, "jti": "j"}
        said = {"organisation": "vitosha-bakery", "operation": operation, "resource": "opportunity", "target": target}
        rest = {"purpose": "opportunity-management", "rulebook": "sha256:0", "rows": True, "kinds": ("job",)}
        return grants.sign(Grant.model_validate(bound | said | rest | changes), self.key)

    async def call(
        self,
        method: str,
        path: str,
        operation: str,
        target: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        **how: Any,
    ) -> httpx.Response:
        body = how.pop("json", None)
        authorization = {"Authorization": f"Bearer {self.grant(operation, target, **how)}"}
        return await self.http.request(method, path, headers={**authorization, **(headers or {})}, json=body)

    async def create(self, new: dict[str, Any], **how: Any) -> dict[str, Any]:
        response = await self.call("POST", "/opportunities", "create", json=new, **how)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created


@pytest.fixture(scope="session")
def key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", auto_kid=True)


@pytest.fixture(scope="module")
def database(postgres: Any) -> Iterator[Any]:
    """A migrated database for the tests of one module."""
    made = postgres.database("matching")
    migrations.upgrade(made.owner_url, Path(matching_svc.migrations.__file__).parent)
    yield made
    made.drop()


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def gateway_http(feed: Feed) -> AsyncIterator[Http]:
    async with inside("gateway", GATEWAY, within=10, transport=httpx.ASGITransport(gateway_app(feed))) as http:
        yield http


@pytest.fixture
def start(database: Any, key: OKPKey, feed: Feed, tmp_path: Path) -> Callable[[], Any]:
    """Start matching-svc anew on the same database, as often as a test likes."""
    secret = tmp_path / "secret"
    secret.write_text(feed.secret + "\n")
    url = database.app_url.render_as_string(hide_password=False)
    settings = MatchingSettings(
        database_url=url, policy_url=POLICY, gateway_url=GATEWAY, client_id="cli_matching", client_secret_file=secret
    )

    @asynccontextmanager
    async def running() -> AsyncIterator[Service]:
        app = create_app(settings, transport=Town(policy=policy_app(key), gateway=gateway_app(feed)))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=MATCHING) as http,
        ):
            yield Service(app, http, key, feed)

    return running


@pytest.fixture
async def service(start: Callable[[], Any]) -> AsyncIterator[Service]:
    async with start() as running:
        yield running
