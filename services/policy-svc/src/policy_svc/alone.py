"""policy-svc by itself on any rulebook. No database, no other service, keys in memory; nothing is kept."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from joserfc.jwk import OKPKey

from policy_svc import authzen_routes, discovery, routes
from policy_svc.decision_log import DecisionLog
from policy_svc.decision_point import DecisionPoint
from policy_svc.echo import EchoRequestId
from policy_svc.enforcement_points import EnforcementPoints
from policy_svc.loading import load
from policy_svc.plain_loading import is_plain, load_plain
from policy_svc.plain_point import PlainDecisionPoint
from policy_svc.serving import Serving
from stena import application, health
from stena.settings import ServiceSettings


def create_app(directory: Path, key: str, public_url: str) -> FastAPI:
    """The service on the rulebook in ``directory``, of either kind. Raises ``RulebookError``."""
    points = EnforcementPoints({"enforcement-point": hashlib.sha256(key.encode()).hexdigest()})

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    app = application.create("policy-svc", ServiceSettings(), lifespan, DecisionLog, EchoRequestId)
    app.include_router(authzen_routes.router)
    app.include_router(discovery.router(public_url))
    app.include_router(health.router({}))
    if is_plain(directory):
        plain = PlainDecisionPoint(load_plain(directory), points)
        app.state.decider = lambda: plain
        return app
    signing = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
    app.state.serving = Serving(DecisionPoint(load(directory), signing, points))
    app.state.decider = app.state.serving.point
    app.include_router(routes.router)
    return app
