"""policy-svc as an application: what it is built of, in the order in which a request meets it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from policy_svc import store
from policy_svc.decision_point import DecisionPoint
from policy_svc.echo import EchoRequestId
from policy_svc.enforcement_points import EnforcementPointsError, read_enforcement_points
from policy_svc.faults import RulebookError
from policy_svc.loading import load
from policy_svc.routes import router
from policy_svc.settings import PolicySettings
from stena import application, health, keys, logging
from stena.database import create_engine


def app_from_environment() -> FastAPI:
    """What uvicorn serves: ``uvicorn policy_svc.main:app_from_environment --factory``.

    What it cannot start with is told on stderr in plain words, and the process ends with 1.
    """
    try:
        settings = PolicySettings()
        logging.configure("policy-svc", settings.log_level)
        app = create_app(settings)
    except ValidationError as error:
        # Only names: a setting's value may hold a password.
        refuse("\n".join(f"POLICY_{str(fault['loc'][0]).upper()}: {fault['msg']}." for fault in error.errors()))
    except (RulebookError, keys.KeyFileError, EnforcementPointsError) as error:
        refuse(str(error))
    health.serve_metrics(settings)
    return app


def refuse(reason: str) -> NoReturn:
    print(f"policy-svc does not start:\n{reason}", file=sys.stderr)
    raise SystemExit(1) from None


def create_app(settings: PolicySettings) -> FastAPI:
    """The service, which calls no other. Raises ``RulebookError``: nothing is decided by a broken rulebook."""
    point = DecisionPoint(
        rulebook=load(settings.rulebook_dir),
        key=keys.signing_key(settings.grant_key_file),
        enforcement_points=read_enforcement_points(settings.enforcement_points_file),
    )
    engine = create_engine(settings.database, pool_size=2)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        recording = asyncio.create_task(store.record_when_possible(engine, point.rulebook))
        yield
        recording.cancel()
        with suppress(asyncio.CancelledError):
            await recording
        await engine.dispose()

    app = application.create(lifespan, EchoRequestId)
    app.state.decision_point = point
    app.include_router(router)
    app.include_router(health.router(checks(engine, point)))
    return app


def checks(engine: AsyncEngine, point: DecisionPoint) -> dict[str, health.Check]:
    """Ready: a rulebook decides, and its revision can be read back. Without the second it goes on deciding all the same."""

    async def rulebook() -> object:
        return point.rulebook.revision

    async def database() -> None:
        if not await store.recorded(engine, point.rulebook.revision):
            raise LookupError("the active revision is not recorded")

    return {"rulebook": rulebook, "database": database}
