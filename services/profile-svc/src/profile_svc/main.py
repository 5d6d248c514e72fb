"""profile-svc, assembled: this module reads like a table of contents."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from fastapi import FastAPI

from profile_svc import upkeep
from profile_svc.routes import audits, cases, consents, notes, people, referrals, refusals, shares
from profile_svc.settings import ProfileSettings
from profile_svc.store.vault import open_vault
from profile_svc.upstreams import open_policy
from stena import application, health, logging


def create_app(settings: ProfileSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The service; ``transport`` stands for the network where tests keep several services in one process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.policy = await stack.enter_async_context(open_policy(settings.policy_url, transport))
            app.state.vault = await stack.enter_async_context(open_vault(settings))
            await stack.enter_async_context(upkeep.running(app.state.vault))
            yield

    app = application.create(lifespan)
    refusals.install(app)
    for routes in (people, consents, notes, shares, cases, referrals, audits):
        app.include_router(routes.router)
    app.include_router(
        health.router(
            {
                "people": lambda: app.state.vault.answers(),
                "person-keys": lambda: app.state.vault.person_keys.answers(),
                "policy-svc": lambda: app.state.policy.attributes(),
            }
        )
    )
    return app


def app_from_environment() -> FastAPI:
    """What uvicorn runs: settings from the environment, logs and metrics on."""
    settings = ProfileSettings()
    logging.configure("profile-svc", settings.log_level)
    health.serve_metrics(settings)
    return create_app(settings)
