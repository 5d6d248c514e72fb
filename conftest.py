"""Fixtures that every test may use."""

from collections.abc import Iterator

import pytest

from stena_local.testing import Postgres, temporary_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL 18 for the whole session, with the roles of a deployment and none of its durability.

    ``postgres.database("profile")`` makes a fresh, empty database and gives ``owner_url`` (run the migrations with it),
    ``app_url`` (what the service itself gets; rights are those that the migrations grant to ``profile_app``) and ``drop()``.
    Both are SQLAlchemy URLs for asyncpg with the password inside.
    """
    with temporary_postgres() as server:
        yield server
