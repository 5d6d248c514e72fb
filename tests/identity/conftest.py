import os
from collections.abc import Iterator, Mapping

import pytest

from stena_local.testing import Database, Postgres
from tests.system.house import migrated

from . import node


@pytest.fixture(scope="module")
def databases(postgres: Postgres) -> Iterator[Mapping[str, Database]]:
    with migrated(postgres) as made:
        yield made


@pytest.fixture(scope="session")
def programs() -> None:
    """What is not installed here is skipped; ``make test-identity`` fails instead."""
    try:
        node.installed()
    except node.Missing as missing:
        if os.environ.get("STENA_TEST_IDENTITY") == "required":
            raise
        pytest.skip(f"{missing}; `make test-identity` fails without it (docs/identity.md)")
