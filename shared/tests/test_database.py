import pytest

from stena.database import create_engine, transaction
from stena.problems import Unavailable
from stena_local.testing import Postgres


async def test_a_database_that_is_gone_is_a_503(postgres: Postgres) -> None:
    database = postgres.database("profile")
    engine = create_engine(database.app_url)
    database.drop()
    with pytest.raises(Unavailable):
        async with transaction(engine):
            pass
    await engine.dispose()
