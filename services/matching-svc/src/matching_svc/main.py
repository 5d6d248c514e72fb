"""matching-svc: opportunities, and who fits them. Knows people only through the gateway, as any other client does."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
from fastapi import FastAPI

from matching_svc import offers_following, vocabulary_following
from matching_svc.allocation_running import Runner
from matching_svc.feed import Follower
from matching_svc.index import Index
from matching_svc.routes import allocations, approvals, arrivals, concepts, opportunities, outcomes, ranking, skill_gaps
from matching_svc.routes.parts import Parts
from matching_svc.settings import MatchingSettings
from matching_svc.store import Database, opened, ping
from matching_svc.upstreams import Credentials, Gateway
from stena import application, health, logging
from stena.alongside import alongside
from stena.contracts.matching import KIND_PURPOSE
from stena.upstreams import OF_POLICY, PolicyService, inside

AUDIENCE = "matching-svc"


def create_app(settings: MatchingSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The service. ``transport`` is given by tests that run the services in one process."""
    app = application.create(AUDIENCE, settings, _lifespan(settings, transport))
    app.include_router(opportunities.router)
    app.include_router(approvals.router)
    app.include_router(ranking.router)
    app.include_router(skill_gaps.router)
    app.include_router(outcomes.router)
    app.include_router(allocations.router)
    app.include_router(arrivals.router)
    app.include_router(concepts.router)
    checks = {
        "database": lambda: _ping(app),
        "feed": lambda: _require_feed(app),
        "vocabulary": lambda: _require_vocabulary(app),
    }
    app.include_router(health.router(checks, every=settings.readiness_every))
    return app


def app_from_environment() -> FastAPI:
    """What uvicorn runs, with ``--factory``."""
    settings = MatchingSettings()
    logging.configure(AUDIENCE, settings.log_level)
    health.serve_metrics(settings)
    return create_app(settings)


def _lifespan(
    settings: MatchingSettings, transport: httpx.AsyncBaseTransport | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        index = Index(dict.fromkeys(KIND_PURPOSE.values()))
        async with (
            opened(settings.database) as database,
            inside("policy-svc", settings.policy_url, within=1, longest=OF_POLICY, transport=transport) as policy,
            inside("gateway", settings.gateway_url, within=10, transport=transport) as http,
        ):
            vocabulary = vocabulary_following.Follower(database)
            await vocabulary.look_in_time()
            rules = PolicyService(policy, audience=AUDIENCE)
            parts = app.state.parts = Parts(database, rules, index, vocabulary, offers_following.Follower(database))
            gateway = Gateway(http, Credentials(settings.client_id, settings.client_secret_file))
            allocating = Runner(database, index, lambda: parts.knowledge)
            async with _following(gateway, database, index, vocabulary), _running(allocating):
                yield

    return lifespan


def _following(
    gateway: Gateway, database: Database, index: Index, vocabulary: vocabulary_following.Follower
) -> AbstractAsyncContextManager[None]:
    """A follower for each purpose while the service runs, the gateway may come later than we do; and one of the vocabulary."""
    followers = (Follower(purpose, gateway, database, index).run() for purpose in index.purposes)
    return alongside(*followers, vocabulary.follow())


def _running(allocating: Runner) -> AbstractAsyncContextManager[None]:
    """The runner of allocations; what it was working on when the service ends, another takes over or we do later."""
    return alongside(allocating.run())


async def _ping(app: FastAPI) -> None:
    await ping(app.state.parts.database)


async def _require_feed(app: FastAPI) -> None:
    """Not ready before the gateway was heard, nor when it has fallen silent; a full index is not waited for."""
    index: Index = app.state.parts.index
    index.require_heard(*index.purposes)


async def _require_vocabulary(app: FastAPI) -> object:
    return app.state.parts.vocabulary.current
