"""profile-svc, assembled: this module reads like a table of contents."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Final

import httpx
from fastapi import FastAPI

from profile_svc import erasing, master_keys, upkeep
from profile_svc.routes import (
    access,
    audits,
    cases,
    consents,
    corrections,
    duplicates,
    notes,
    objections,
    people,
    referrals,
    refusals,
    restrictions,
    retention,
    shares,
)
from profile_svc.settings import ProfileSettings
from profile_svc.store.keys import WrongMasterKey
from profile_svc.store.vault import Vault, open_vault
from profile_svc.upstreams import open_policy
from stena import application, health, logging
from stena.erasure_journal import JournalError
from stena.keys import KeyFileError
from stena.problems import Unavailable
from stena.shortcuts import Shortcuts

FIRST_ANSWER: Final = 20.0  # seconds


def create_app(settings: ProfileSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The service; ``transport`` stands for the network where tests keep several services in one process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.policy = await stack.enter_async_context(open_policy(settings.policy_url, transport))
            app.state.vault = await stack.enter_async_context(opened_in_time(settings))
            await stack.enter_async_context(master_keys.followed(settings.master_keys_dir, app.state.vault.person_keys.masters))
            await stack.enter_async_context(upkeep.running(app.state.vault))
            yield

    app = application.create("profile-svc", settings, lifespan, partial(Shortcuts, calls=people.SHORTCUTS))
    refusals.install(app)
    for routes in (
        people,
        consents,
        notes,
        shares,
        cases,
        referrals,
        corrections,
        restrictions,
        retention,
        objections,
        duplicates,
        access,
        audits,
    ):
        app.include_router(routes.router)
    app.include_router(
        health.router(
            {
                "people": lambda: app.state.vault.answers(),
                "person-keys": lambda: app.state.vault.person_keys.answers(),
                "policy-svc": lambda: app.state.policy.attributes(),
            },
            every=settings.readiness_every,
        )
    )
    return app


@asynccontextmanager
async def opened_in_time(settings: ProfileSettings) -> AsyncIterator[Vault]:
    """The vault with its journal, as soon as both databases answer: where everything starts at once, that may take a while.

    Raises ``Unavailable`` after ``FIRST_ANSWER`` seconds, and whatever ``open_vault`` and ``open_journal`` do at once.
    """
    deadline = time.monotonic() + FIRST_ANSWER
    while True:
        async with AsyncExitStack() as stack:
            try:
                vault = await stack.enter_async_context(open_vault(settings))
                await erasing.open_journal(vault)
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
            else:
                yield vault
                return
        await asyncio.sleep(0.2)


def app_from_environment() -> FastAPI:
    """What uvicorn runs: settings from the environment, logs and metrics on."""
    settings = ProfileSettings()
    logging.configure("profile-svc", settings.log_level)
    require_startable(settings)
    health.measure_folder("erasure journal", settings.erasure_journal_dir)
    health.serve_metrics(settings)
    return create_app(settings)


def require_startable(settings: ProfileSettings) -> None:
    """End the process, with what to mend on stderr, where a key or the journal of erasures is missing or not the right one."""

    async def open_once() -> None:
        with suppress(Unavailable):  # a database that is not there yet is waited for by whoever starts this
            async with open_vault(settings) as vault:
                await erasing.open_journal(vault)

    try:
        # In a thread: whoever calls this has an event loop already.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(asyncio.run, open_once()).result()
    except (KeyFileError, WrongMasterKey, JournalError) as error:
        print(f"profile-svc does not start:\n{error}", file=sys.stderr)
        raise SystemExit(1) from None
