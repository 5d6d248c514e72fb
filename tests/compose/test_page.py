"""The runbook's commands can be run, and whatever it tells to do is done by `make compose-test` or by a test."""

import re
import subprocess

import pytest

from .page import BASH, HOUSE, PRELUDE, script, sections

BY_COMPOSE = {
    "Install",
    "Connect",
    "Watch",
    "Back up",
    "Restore",
    "Upgrade",
    "Rotate",
    "Scale",
    "Incident",
    "The journal of erasures",
}
EMBEDDED = {"Retention", "Renewing the master key", "Without containers"}
"""Done by `tests/e2e/test_runbook.py` on a machine without containers."""


def test_every_section_with_commands_is_run_by_somebody() -> None:
    assert set(sections()) == {PRELUDE, *BY_COMPOSE, *EMBEDDED}
    drills = "".join((HOUSE / place).read_text() for place in ("tests/compose/__main__.py", "tests/compose/drills.py"))
    drills += (HOUSE / "deploy" / "compose-test.sh").read_text()
    embedded = (HOUSE / "tests" / "e2e" / "test_runbook.py").read_text()
    assert {title for title in BY_COMPOSE if f'"{title}"' not in drills} == set()
    assert {title for title in EMBEDDED if f'"{title}"' not in embedded} == set()


@pytest.mark.parametrize("title", sorted(BY_COMPOSE | EMBEDDED))
def test_the_commands_are_bash(title: str) -> None:
    done = subprocess.run([BASH, "-n"], input=script(title), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_called_in_containers_is_there() -> None:
    page = "\n".join(block for blocks in sections().values() for block in blocks)
    asked = set(re.findall(r"bash /backup\.sh (\w+)", page))
    offered = set(re.findall(r"^#   (\w+)", (HOUSE / "deploy" / "backup.sh").read_text(), re.MULTILINE))
    assert asked <= offered
    assert "restore" in offered
