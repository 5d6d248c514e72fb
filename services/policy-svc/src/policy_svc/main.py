"""policy-svc as an application: what it is built of, in the order in which a request meets it."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

from fastapi import APIRouter, FastAPI
from pydantic import ValidationError

from policy_svc import authzen_routes, discovery, revision_routes
from policy_svc.authority import AUDIENCE, Authority
from policy_svc.decision_log import DecisionLog
from policy_svc.decision_point import DecisionPoint
from policy_svc.echo import EchoRequestId
from policy_svc.enforcement_points import EnforcementPointsError, read_administrators, read_enforcement_points
from policy_svc.faults import RulebookError
from policy_svc.following import Follower
from policy_svc.kept import keep, kept
from policy_svc.loading import load
from policy_svc.offers import Offer, offer_of
from policy_svc.revision_routes import Desk
from policy_svc.routes import router
from policy_svc.rulebook import Rulebook
from policy_svc.serving import Serving
from policy_svc.settings import PolicySettings
from policy_svc.store.archive import Archive
from policy_svc.store.listening import Ear
from stena import application, health, keys, logging
from stena.alongside import alongside
from stena.database import create_engine
from stena.grants import Verifier
from stena.shortcuts import Shortcuts


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
    if settings.state_dir is not None:
        health.measure_folder("policy state", settings.state_dir)
    health.serve_metrics(settings)
    return app


def refuse(reason: str) -> NoReturn:
    print(f"policy-svc does not start:\n{reason}", file=sys.stderr)
    raise SystemExit(1) from None


def create_app(settings: PolicySettings) -> FastAPI:
    """The service, which calls no other. Raises ``RulebookError``: nothing is decided by a broken rulebook.

    What decides is the active revision of the database. While that cannot be asked, it is the last one that decided here.
    """
    last = kept(settings.state_dir) if settings.state_dir else None
    point = DecisionPoint(
        rulebook=last or load(settings.rulebook_dir),
        key=keys.signing_key(settings.grant_key_file),
        enforcement_points=read_enforcement_points(settings.enforcement_points_file),
    )
    engine = create_engine(settings.database, pool_size=3)
    serving, archive, offer = Serving(point, at_once=last is not None), Archive(engine), offer_of(settings.rulebook_dir)

    def use(rulebook: Rulebook) -> None:
        serving.use(rulebook)
        if settings.state_dir:
            keep(settings.state_dir, rulebook)

    follower = Follower(archive, point.rulebook, use)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with following(follower, Ear(engine)):
            offer.tell(follower.active)
            yield
        await engine.dispose()

    shortcuts = partial(Shortcuts, calls=[authzen_routes.SHORTCUT])
    app = application.create("policy-svc", settings, lifespan, shortcuts, DecisionLog, EchoRequestId)
    app.state.serving, app.state.decider = serving, serving.point
    app.state.desk = Desk(archive, follower, Authority(read_administrators(settings.administrators_file), own_grants(point)))
    app.include_router(authzen_routes.router)
    if settings.public_url is not None:
        app.include_router(discovery.router(settings.public_url))
    app.include_router(router)
    app.include_router(revision_routes.router)
    app.include_router(readiness(serving, follower, offer, settings.readiness_every))
    return app


def own_grants(point: DecisionPoint) -> Verifier:
    """Checks the grants that are made here for policy-svc itself."""
    return Verifier({"keys": [point.key.as_dict(private=False)]}, AUDIENCE)


@asynccontextmanager
async def following(follower: Follower, ear: Ear) -> AsyncIterator[None]:
    """One look before the first call is answered, then on until the end."""
    await follower.look_in_time()
    async with alongside(follower.follow(ear)):
        yield
    await ear.close()


def readiness(serving: Serving, follower: Follower, offer: Offer, every: float | None) -> APIRouter:
    """Ready: a rulebook decides. Degraded: it goes on deciding, but what is activated now would not be seen here."""

    async def rulebook() -> object:
        return serving.point()

    async def database() -> None:
        if not follower.current:
            raise LookupError("the active revision does not decide here, or cannot be asked for")

    def about() -> dict[str, object]:
        offered = offer.beside(follower.active)
        told = {"revision": serving.revision, "read_only": not follower.current}
        return {"rulebook": told | ({"offered": offered} if offered else {})}

    return health.router({"rulebook": rulebook}, degrading={"database": database}, about=about, every=every)
