"""Fixtures that every test may use."""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from stena.settling import settle
from stena_local.testing import Postgres, temporary_postgres

# HYPOTHESIS_PROFILE=nightly looks where `make test` has no time to look.
settings.register_profile("small", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "small"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL 18 for the whole session, with the roles of a deployment and none of its durability.

    ``postgres.database("profile")`` makes a fresh, empty database and gives ``owner_url`` (run the migrations with it),
    ``app_url`` (what the service itself gets; rights are those that the migrations grant to ``profile_app``) and ``drop()``.
    Both are SQLAlchemy URLs for asyncpg with the password inside.
    """
    with temporary_postgres() as server:
        yield server


@pytest.fixture(autouse=True, scope="module")
def settled() -> None:
    """As each service does once it has begun. Caches of libraries keep the applications of all modules before, and Python's
    collector looked through them for up to three seconds, in which every answer is late.
    """
    settle()


@pytest.fixture(autouse=True, scope="session")
def forgetful_loggers() -> Iterator[None]:
    """A logger that keeps how it was set up when first used would go on writing for a test that is over."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", lambda **settings: configure(**settings | {"cache_logger_on_first_use": False}))
        yield


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """A test that starts a service sets up its logging; the next one must not write to a stream that is closed by then."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = [handler for handler in root.handlers if handler in handlers]
    root.setLevel(level)
    structlog.reset_defaults()
