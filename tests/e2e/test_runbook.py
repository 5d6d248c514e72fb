"""What `docs/operations.md` says of a machine without containers, done there: the commands as they stand on the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stena_local.programs import find
from tests.compose.page import HOUSE, run, script

from .deploying import Deployment, deployed

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("runbook") / "home") as deployment:
        yield deployment


@pytest.mark.parametrize("title", ["Retention", "Renewing the master key", "Without containers"])
def test_the_runbook_says_what_can_be_done(deployment: Deployment, title: str, tmp_path: Path) -> None:
    port = int(deployment.url.rpartition(":")[2])
    # This deployment's ports and folder in the place of those that the page names.
    here = {
        "8404": str(port + 4),
        ".stena/secrets": f"{deployment.home}/secrets",
        ".venv/bin/stena": f"{HOUSE}/.venv/bin/stena",
    }
    lines = script(title)
    for named, actual in here.items():
        lines = lines.replace(named, actual)
    lines = f"export PATH={find('nobody').folder}:$PATH\ncd {tmp_path}\n{lines}"
    done = run(lines, env=deployment.environment)
    assert done.returncode == 0, done.stdout + done.stderr
