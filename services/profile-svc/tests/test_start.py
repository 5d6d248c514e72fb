"""Starting, migrating, and what time does by itself."""

from datetime import date
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from profile_svc import tables, upkeep

from .people import OLENA
from .source import Service


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_the_tables_are_those_that_the_migrations_make(service: Service) -> None:
    for url, metadata in ((service.owner_url, tables.metadata), (service.keys_owner_url, tables.key_metadata)):
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                assert await connection.run_sync(differences, metadata) == []
        finally:
            await engine.dispose()


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_the_service_is_ready_when_its_databases_and_the_catalogue_are(service: Service) -> None:
    answer = await service.http.get("/readyz")
    assert answer.json() == {"status": "ready", "checks": {"people": True, "person-keys": True, "policy-svc": True}}


async def test_who_comes_of_age_is_no_minor_from_that_day(service: Service) -> None:
    child = await service.register({**OLENA, "date_of_birth": "2015-03-01"}, "birthday-lab")
    await service.register({"skills": []}, "birthday-lab")
    await upkeep.come_of_age(service.vault, date(2033, 2, 28))
    assert await minors(service) == [True, False]
    await upkeep.come_of_age(service.vault, date(2033, 3, 1))
    assert await minors(service) == [False, False]
    logged = await service.sql("SELECT person_id, attributes FROM changes ORDER BY change_id DESC LIMIT 1")
    assert logged == [(UUID(child["id"]), ["adult", "age_band"])]


@pytest.mark.parametrize(
    ("on", "changed"),
    [
        ("2031-02-28", ()),
        ("2031-03-01", ("of_working_age",)),
        ("2031-03-02", ()),
        ("2033-02-28", ()),
        ("2033-03-01", ("adult", "age_band")),
        ("2034-01-01", ("adult", "age_band")),
    ],
)
def test_birthdays_change_what_is_derived_from_them(on: str, changed: tuple[str, ...]) -> None:
    assert upkeep.changed_by_birthday("2015-03-01", date.fromisoformat(on)) == changed


async def minors(service: Service) -> list[bool]:
    found = await service.sql("SELECT minor FROM persons WHERE created_by = 'birthday-lab' ORDER BY created_at")
    return [row[0] for row in found]
