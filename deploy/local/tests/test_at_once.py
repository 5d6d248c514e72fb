"""Two jobs of the same kind that are started at once: each does its work or finds it done, and neither fails."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from stena_local.settings import inherited
from stena_local.testing import Postgres

Result = TypeVar("Result")
pytestmark = pytest.mark.processes


def test_migrations(postgres: Postgres, tmp_path: Path) -> None:
    owner = postgres.database("policy").owner_url
    password = tmp_path / "password"
    password.write_text(str(owner.password))
    told = {"POLICY_OWNER_DATABASE_URL": str(owner), "POLICY_OWNER_DATABASE_PASSWORD_FILE": str(password)}
    done = _at_once(2, lambda: _migrated(told))
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]


def test_making_databases(postgres: Postgres) -> None:
    """With passwords that are set anew each time: it is the same row of the same catalogue for all."""
    database = postgres.database("policy").name
    for _ in range(5):
        _at_once(4, lambda: postgres.server.provision("policy", database))


def _migrated(told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stena_local", "migrate", "policy"]
    return subprocess.run(command, env={**inherited(), **told}, capture_output=True, text=True, check=False)


def _at_once(times: int, job: Callable[[], Result]) -> Sequence[Result]:
    with ThreadPoolExecutor(times) as workers:
        return [each.result() for each in [workers.submit(job) for _ in range(times)]]
