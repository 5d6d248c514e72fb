from collections.abc import Iterator, Mapping

import pytest

from stena_local.testing import Database, Postgres
from tests.system.house import migrated


@pytest.fixture(scope="package")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made
