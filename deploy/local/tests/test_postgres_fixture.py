"""The throw-away PostgreSQL keeps the deployment's walls: roles reach their own database only, and only with a password."""

import pytest
from sqlalchemy.exc import DBAPIError

from stena_local.testing import Postgres

from .queries import run


async def test_the_owner_makes_tables_and_the_app_sees_only_what_it_was_granted(postgres: Postgres) -> None:
    database = postgres.database("gateway")
    await run(database.owner_url, "CREATE TABLE ledger (entry text)")
    with pytest.raises(DBAPIError, match="permission denied for table ledger"):
        await run(database.app_url, "SELECT count(*) FROM ledger")
    await run(database.owner_url, "GRANT SELECT ON ledger TO gateway_app")
    assert await run(database.app_url, "SELECT count(*) FROM ledger") == 0
    with pytest.raises(DBAPIError, match="permission denied for schema public"):
        await run(database.app_url, "CREATE TABLE mine (entry text)")


async def test_a_role_does_not_reach_the_database_of_another_service(postgres: Postgres) -> None:
    gateway, profile = postgres.database("gateway"), postgres.database("profile")
    for role in (gateway.owner_url, gateway.app_url):
        for elsewhere in (profile.name, "postgres", "template1"):
            with pytest.raises(DBAPIError, match="permission denied for database"):
                await run(role.set(database=elsewhere), "SELECT 1")


async def test_no_password_no_connection(postgres: Postgres) -> None:
    url = postgres.database("policy").app_url
    for wrong in ("", "postgres", "policy_app"):
        with pytest.raises(DBAPIError, match="password authentication failed"):
            await run(url.set(password=wrong), "SELECT 1")


async def test_text_is_utf8_and_sorted_the_same_on_every_machine(postgres: Postgres) -> None:
    url = postgres.database("profile").app_url
    assert await run(url, "SHOW server_encoding") == "UTF8"
    assert (
        await run(url, "SELECT datcollate || datlocprovider::text FROM pg_database WHERE datname = current_database()") == "Cb"
    )
    assert await run(url, "SELECT lower('ПРИМЕРНА')") == "примерна"
