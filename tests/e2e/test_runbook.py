"""What `docs/operations.md` says of a machine without containers, all of the pages about imports, rights, the ledger and
alerts, and what `docs/identity.md` says of clients, done there: the commands as they stand on the page."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from stena_local.programs import find
from tests.compose.page import HOUSE, run, script, sections

from .deploying import Deployment, deployed

pytestmark = pytest.mark.processes

RIGHTS, LEDGER, ALERTS, IDENTITY, IMPORTING = (
    HOUSE / "docs" / f"{name}.md" for name in ("rights", "ledger", "alerts", "identity", "importing")
)
WORDS = ("The person's rights", "How do I get in?")
"""The sections of `rights.md` with what all the others of these pages go on from."""
ROTATE = ".venv/bin/stena ledger key rotate\n"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("runbook") / "home") as deployment:
        yield deployment


@pytest.mark.parametrize("title", ["Retention", "Renewing the master key", "Without containers"])
def test_the_runbook_says_what_can_be_done(deployment: Deployment, title: str, tmp_path: Path) -> None:
    paste(deployment, f"export PATH={find('nobody').folder}:$PATH\n{script(title)}", tmp_path)


def test_every_right_is_used_as_its_page_says(deployment: Deployment, tmp_path: Path) -> None:
    told = paste(deployment, blocks(RIGHTS), tmp_path)
    assert json.loads((tmp_path / "about-me.json").read_text())["end"] == {"complete": True, "reason": None}
    assert 'dir="rtl"' in (tmp_path / "about-me.html").read_text()
    assert '"outcome":"overridden"' in told


def test_the_ledger_is_checked_and_an_alert_looked_at_as_their_pages_say(deployment: Deployment, tmp_path: Path) -> None:
    # Renewing the key waits for gateways twice; the rest of the page need not wait for it.
    page = f"{ROTATE.strip()} & ROTATING=$!\n" + blocks(LEDGER).replace(ROTATE, "wait $ROTATING\n")
    told = paste(deployment, blocks(RIGHTS, *WORDS) + page + blocks(ALERTS), tmp_path)
    assert told.count("Everything that the heads cover is what was signed.") == 3
    assert "can sign nothing any more" in told
    assert (tmp_path / "people.csv").read_text().startswith("person,entries,")
    assert '"comment":"A mistake; agreed with them on the telephone."' in told


def test_clients_are_made_and_renewed_as_their_page_says(deployment: Deployment, tmp_path: Path) -> None:
    words = blocks(RIGHTS, WORDS[0]).partition("RECEPTION=")[0]
    told = paste(deployment, words + blocks(IDENTITY, "By a secret", "By a key", "Renewing"), tmp_path)
    assert '"access_token"' in told
    assert "is revoked" in told


def test_people_of_another_system_come_in_as_the_page_says(deployment: Deployment, tmp_path: Path) -> None:
    told = paste(deployment, blocks(IMPORTING), tmp_path).splitlines()
    corrected = [json.loads(line)["updated"] for line in told if line.startswith('{"created": 0')]
    assert corrected[-2:] == [1, 0]
    (bad,) = json.loads((tmp_path / "bad.json").read_text())["errors"]
    assert (bad["line"], bad["reason"].partition(":")[0]) == (2, "attributes/education_level")
    assert "12" not in bad["reason"]
    assert UUID(told[-1])


def blocks(page: Path, *titles: str) -> str:
    """All commands of a page, or those of some sections.

    Left out are those that need what is not here: a token of somebody's provider (`tests/system/test_sign_in.py` has one),
    and containers (`make compose-test`). How an entry is hashed is no command.
    """
    found = [block for title, some in sections(page).items() if title in titles or not titles for block in some]
    commands = [block for block in found if not block.startswith(("docker", "leaf "))]
    return "".join(line for block in commands for line in block.splitlines(keepends=True) if "$PROVIDER_TOKEN" not in line)


def paste(deployment: Deployment, commands: str, folder: Path) -> str:
    """What is printed by commands of a page in ``folder``; the first that fails ends them."""
    # This deployment's ports and folder in the place of those that the pages name.
    here = {
        "http://127.0.0.1:8400": deployment.url,
        "8404": str(int(deployment.url.rpartition(":")[2]) + 4),
        ".stena/": f"{deployment.home}/",
        # A machine that is busy with other tests is asked again.
        ".venv/bin/stena": "stena",
        ".venv/bin/python": str(HOUSE / ".venv" / "bin" / "python"),
        "--fail-with-body": "--fail --retry 30 --retry-delay 1",
    }
    for named, actual in here.items():
        commands = commands.replace(named, actual)
    again = f'stena() {{ for _ in 1 2 3; do {HOUSE}/.venv/bin/stena "$@" && return; done; return 1; }}'
    lines = f"set -euo pipefail\ncd {folder}\n{again}\n{commands}"
    done = run(lines, env=deployment.environment)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
    return done.stdout
