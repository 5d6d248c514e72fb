"""The gateway as an application: what it is built of, in the order in which a request meets it."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from logging import INFO
from typing import NoReturn

import httpx
from fastapi import Depends, FastAPI
from pydantic import ValidationError

from gateway import erasures, id_keys, refusals, routes, store
from gateway.alerting import rules, watching
from gateway.alerting.rules import BadRules, Rule
from gateway.alerting.telling import Telling
from gateway.credentials import clients, key_files
from gateway.credentials.asserting import ClientAssertions
from gateway.credentials.key_files import Keys
from gateway.credentials.outside_clients import OutsideClients
from gateway.credentials.signing_in import SignIns
from gateway.credentials.tokens import AccessTokens
from gateway.deciding import DecisionPoint
from gateway.emergencies import Emergencies
from gateway.firewall import Wall
from gateway.intake import Intake
from gateway.limits import holding_to
from gateway.limits import rules as limit_rules
from gateway.limits.door import Door
from gateway.limits.rules import BadLimits, Limits
from gateway.merged import MergedPeople
from gateway.metrics import LEDGER_WAITING
from gateway.news import News
from gateway.openapi import document as openapi
from gateway.parts import Parts, active_catalogue
from gateway.promised import Promised
from gateway.record import head_keeping, ledger
from gateway.record import keys as ledger_keys
from gateway.record.heads_file import HeadsFolder
from gateway.routes import pages, people
from gateway.routes.parameters import OnlyKnownParameters
from gateway.routes.tokens import audiences
from gateway.settings import GatewaySettings
from gateway.step_watching import Watched, noting
from gateway.store import months
from gateway.upstreams import CHECKING, MANY, ONE, PROVIDER, People, Policy, Providers, Rulebooks, Source, Vocabulary, Webhook
from gateway.whose import Whose
from stena import application, health, logging
from stena.database import create_engine
from stena.keys import KeyFileError
from stena.problems import Unavailable
from stena.shortcuts import Shortcuts
from stena.upstreams import OF_POLICY, Http, PolicyService, client, inside
from stena.wire import LONGEST

Transport = httpx.AsyncBaseTransport | None


def app_from_environment() -> FastAPI:
    """What uvicorn serves: ``uvicorn gateway.main:app_from_environment --factory``.

    What it cannot start with is told on stderr in plain words, and the process ends with 1.
    """
    try:
        settings = GatewaySettings()
        app = create_app(settings)
    except ValidationError as error:
        # Only names: a setting's value may hold a password.
        refuse("\n".join(f"GATEWAY_{str(fault['loc'][0]).upper()}: {fault['msg']}." for fault in error.errors()))
    except (KeyFileError, BadRules, BadLimits) as error:
        refuse(str(error))
    logging.configure("gateway", settings.log_level)
    health.measure_folder("ledger heads", settings.ledger_heads_dir)
    health.serve_metrics(settings)
    return app


def refuse(reason: str) -> NoReturn:
    print(f"The gateway does not start:\n{reason}", file=sys.stderr)
    raise SystemExit(1) from None


def create_app(settings: GatewaySettings, *, transport: Transport = None) -> FastAPI:
    """The gateway. Raises ``KeyFileError`` for a key that is missing or wrong, ``BadRules`` or ``BadLimits`` for a bad file.

    ``transport`` is given by tests that keep every service in one process; it then carries every call between them.
    """
    keys = key_files.read(settings)
    alert_rules = rules.read(settings.alert_rules_file or rules.SHIPPED)
    limits = limit_rules.read(settings.limits_file or limit_rules.SHIPPED)
    journal = erasures.journal_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            running(settings, keys, limits, transport) as parts,
            alerts_watched(settings, keys, alert_rules, parts.engine),
            erasures.followed(parts.engine, journal),
        ):
            app.state.parts = parts
            yield

    shortcuts, door = partial(Shortcuts, calls=[people.SHORTCUT, pages.SHORTCUT]), partial(Door, most=limits.calls_at_once)
    app = application.create("gateway", settings, lifespan, shortcuts, Intake, door, calls_are=INFO)
    refusals.install(app)
    only_known = OnlyKnownParameters()
    for router in routes.ROUTERS:
        app.include_router(router, dependencies=[Depends(only_known)])
    app.include_router(health.router(checks(app), degrading=degrading(app), every=settings.readiness_every))
    openapi.install(app, catalogue=active_catalogue, public_url=settings.public_url)
    return app


@asynccontextmanager
async def running(settings: GatewaySettings, keys: Keys, limits: Limits, transport: Transport) -> AsyncIterator[Parts]:
    """Everything that lives as long as the application does."""
    async with AsyncExitStack() as stack:

        async def calls_to(service: str, url: str, seconds: float, longest: int = LONGEST) -> Http:
            return await stack.enter_async_context(inside(service, url, within=seconds, longest=longest, transport=transport))

        engine = create_engine(settings.database)
        stack.push_async_callback(engine.dispose)
        tokens = AccessTokens(keys.token, settings.public_url)
        directory = clients.Directory(partial(store.all_clients, engine))
        merged = MergedPeople(engine)
        for followed in (directory.followed(), id_keys.followed(settings.id_keys_dir, keys.ids), merged.followed()):
            await stack.enter_async_context(followed)
        entries, heads = await stack.enter_async_context(ledger_kept(settings, keys, engine))
        to_policy = await calls_to("policy-svc", settings.policy_url, ONE, OF_POLICY)
        policy = Policy(to_policy, keys.policy)
        rulebook = PolicyService(to_policy, audience="gateway")
        profile = People(await calls_to("profile-svc", settings.profile_url, MANY))
        decisions = DecisionPoint(policy, rulebook, keys.ids, merged, Whose(profile, merged))
        to_matching = await calls_to("matching-svc", settings.matching_url, MANY)
        providers = Providers(await stack.enter_async_context(client("", within=PROVIDER, transport=transport)))
        sign_ins = SignIns(engine, keys.sign_ins, providers.keys, keys.subjects)
        outside = OutsideClients(keys.issuers, providers.keys, directory)
        admission = await stack.enter_async_context(holding_to.held_to(limits, settings.replicas, engine))
        identify = admission.admitting(partial(clients.identify, directory, tokens, (sign_ins, outside)))
        yield Parts(
            engine=engine,
            public_url=settings.public_url,
            wall=Wall(identify, decisions.decide, noting(entries.record), Emergencies(engine).open, Watched, merged.learn),
            admission=admission,
            tokens=tokens,
            directory=directory,
            assertions=ClientAssertions(engine, directory, providers.published, audiences(settings.public_url)),
            decisions=decisions,
            ids=keys.ids,
            merged=merged,
            cursors=keys.cursors,
            ledger=entries,
            heads=heads,
            policy=policy,
            promised=Promised(policy.promises),
            rulebook=rulebook,
            profile=profile,
            news=News(profile, rulebook, keys.ids, most=limits.most_waiting),
            matching=Source(to_matching),
            vocabulary=Vocabulary(to_matching),
            sign_ins=sign_ins,
            governing=Rulebooks(await calls_to("policy-svc", settings.policy_url, CHECKING)),
        )


@asynccontextmanager
async def ledger_kept(
    settings: GatewaySettings, keys: Keys, engine: store.Engine
) -> AsyncIterator[tuple[ledger.Ledger, head_keeping.HeadKeeper]]:
    """The ledger, and the heads of its tree, which are made and kept outside for as long as the application lives."""
    entries = ledger.Ledger(engine)
    with suppress(Unavailable):
        await entries.answers()  # connected now, so that the first entry need not wait for that
    LEDGER_WAITING.set_function(entries.waiting)
    heads = head_keeping.HeadKeeper(engine, keys.ledger, HeadsFolder(settings.ledger_heads_dir))
    async with ledger_keys.followed(settings.ledger_keys_dir, keys.ledger), head_keeping.kept(heads):
        yield entries, heads


@asynccontextmanager
async def alerts_watched(
    settings: GatewaySettings, keys: Keys, alert_rules: Sequence[Rule], engine: store.Engine
) -> AsyncIterator[None]:
    """The ledger is looked over for what is unusual, and the webhook is told, for as long as the application lives."""
    async with AsyncExitStack() as stack:
        telling = None
        if settings.alert_webhook_url is not None and keys.webhook is not None:
            http = await stack.enter_async_context(client("", within=MANY))
            telling = Telling(Webhook(http, settings.alert_webhook_url).send, keys.webhook)
        await stack.enter_async_context(watching.watched(engine, alert_rules, telling))
        yield


def checks(app: FastAPI) -> dict[str, health.Check]:
    """Ready: callers can be told apart, the ledger can be written, and policy-svc answers. Sources may come later."""

    async def known_clients() -> object:
        return await app.state.parts.directory.active("")

    async def ledger_answers() -> object:
        return await app.state.parts.ledger.answers()

    async def rulebook() -> object:
        return await app.state.parts.rulebook.active()

    async def policy_answers() -> None:
        await app.state.parts.policy.answers()

    return {"clients": known_clients, "ledger": ledger_answers, "rulebook": rulebook, "policy-svc": policy_answers}


def degrading(app: FastAPI) -> dict[str, health.Check]:
    """What the wall goes on without, and an operator has to mend: heads that are kept, months that are there."""

    async def heads_kept() -> object:
        return await app.state.parts.heads.is_well()

    async def months_ahead() -> None:
        await months.require_one_ahead(app.state.parts.engine)

    return {"ledger heads": heads_kept, "ledger months": months_ahead}
